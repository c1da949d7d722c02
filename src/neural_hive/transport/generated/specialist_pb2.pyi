from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_APPROVE: _ClassVar[Verdict]
    VERDICT_CONDITIONAL: _ClassVar[Verdict]
    VERDICT_REVIEW_REQUIRED: _ClassVar[Verdict]
    VERDICT_REJECT: _ClassVar[Verdict]

class Domain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOMAIN_UNSPECIFIED: _ClassVar[Domain]
    DOMAIN_BUSINESS: _ClassVar[Domain]
    DOMAIN_TECHNICAL: _ClassVar[Domain]
    DOMAIN_INFRASTRUCTURE: _ClassVar[Domain]
    DOMAIN_SECURITY: _ClassVar[Domain]
    DOMAIN_BEHAVIOR: _ClassVar[Domain]
    DOMAIN_OPERATIONAL: _ClassVar[Domain]
    DOMAIN_COMPLIANCE: _ClassVar[Domain]
    DOMAIN_OUT_OF_SCOPE: _ClassVar[Domain]

class Language(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANGUAGE_UNSPECIFIED: _ClassVar[Language]
    LANGUAGE_PT: _ClassVar[Language]
    LANGUAGE_EN: _ClassVar[Language]
    LANGUAGE_UND: _ClassVar[Language]

class Environment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENVIRONMENT_UNSPECIFIED: _ClassVar[Environment]
    ENVIRONMENT_PRODUCTION: _ClassVar[Environment]
    ENVIRONMENT_STAGING: _ClassVar[Environment]
    ENVIRONMENT_DEVELOPMENT: _ClassVar[Environment]
    ENVIRONMENT_UNKNOWN: _ClassVar[Environment]

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_ONE: _ClassVar[Scope]
    SCOPE_SOME: _ClassVar[Scope]
    SCOPE_ALL: _ClassVar[Scope]
    SCOPE_WILDCARD: _ClassVar[Scope]
    SCOPE_UNKNOWN: _ClassVar[Scope]

class Timing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMING_UNSPECIFIED: _ClassVar[Timing]
    TIMING_NOT_STATED: _ClassVar[Timing]
    TIMING_NOW: _ClassVar[Timing]
    TIMING_PEAK: _ClassVar[Timing]
    TIMING_FREEZE: _ClassVar[Timing]
    TIMING_WINDOW: _ClassVar[Timing]

class Polarity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POLARITY_UNSPECIFIED: _ClassVar[Polarity]
    POLARITY_AFFIRMED: _ClassVar[Polarity]
    POLARITY_NEGATED: _ClassVar[Polarity]
    POLARITY_PREVENTED: _ClassVar[Polarity]
    POLARITY_REPORTED: _ClassVar[Polarity]
    POLARITY_HYPOTHETICAL: _ClassVar[Polarity]

class Trait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAIT_UNSPECIFIED: _ClassVar[Trait]
    TRAIT_DESTRUCTIVE: _ClassVar[Trait]
    TRAIT_IRREVERSIBLE: _ClassVar[Trait]
    TRAIT_EXPOSING: _ClassVar[Trait]
    TRAIT_RAISES_PRIVILEGE: _ClassVar[Trait]
    TRAIT_WEAKENS_CONTROL: _ClassVar[Trait]
    TRAIT_INTERRUPTING: _ClassVar[Trait]
    TRAIT_LOCKS_OUT: _ClassVar[Trait]
    TRAIT_MUTATING: _ClassVar[Trait]
    TRAIT_MONEY: _ClassVar[Trait]
    TRAIT_CONTACTS_PEOPLE: _ClassVar[Trait]
    TRAIT_DECEPTIVE: _ClassVar[Trait]
    TRAIT_UNTRUSTED: _ClassVar[Trait]
    TRAIT_PROTECTIVE: _ClassVar[Trait]
    TRAIT_READ_ONLY: _ClassVar[Trait]
    TRAIT_ADDITIVE: _ClassVar[Trait]
    TRAIT_COSMETIC: _ClassVar[Trait]
    TRAIT_UNBOUNDED: _ClassVar[Trait]

class ChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_KIND_UNSPECIFIED: _ClassVar[ChangeKind]
    CHANGE_KIND_ADD_SAFEGUARD: _ClassVar[ChangeKind]
    CHANGE_KIND_LIMIT_SCOPE: _ClassVar[ChangeKind]
    CHANGE_KIND_DROP_ACTION: _ClassVar[ChangeKind]
    CHANGE_KIND_RESTORE_SAFEGUARD: _ClassVar[ChangeKind]

class ModelSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_SOURCE_UNSPECIFIED: _ClassVar[ModelSource]
    MODEL_SOURCE_RULES: _ClassVar[ModelSource]
    MODEL_SOURCE_LEARNED: _ClassVar[ModelSource]
VERDICT_UNSPECIFIED: Verdict
VERDICT_APPROVE: Verdict
VERDICT_CONDITIONAL: Verdict
VERDICT_REVIEW_REQUIRED: Verdict
VERDICT_REJECT: Verdict
DOMAIN_UNSPECIFIED: Domain
DOMAIN_BUSINESS: Domain
DOMAIN_TECHNICAL: Domain
DOMAIN_INFRASTRUCTURE: Domain
DOMAIN_SECURITY: Domain
DOMAIN_BEHAVIOR: Domain
DOMAIN_OPERATIONAL: Domain
DOMAIN_COMPLIANCE: Domain
DOMAIN_OUT_OF_SCOPE: Domain
LANGUAGE_UNSPECIFIED: Language
LANGUAGE_PT: Language
LANGUAGE_EN: Language
LANGUAGE_UND: Language
ENVIRONMENT_UNSPECIFIED: Environment
ENVIRONMENT_PRODUCTION: Environment
ENVIRONMENT_STAGING: Environment
ENVIRONMENT_DEVELOPMENT: Environment
ENVIRONMENT_UNKNOWN: Environment
SCOPE_UNSPECIFIED: Scope
SCOPE_ONE: Scope
SCOPE_SOME: Scope
SCOPE_ALL: Scope
SCOPE_WILDCARD: Scope
SCOPE_UNKNOWN: Scope
TIMING_UNSPECIFIED: Timing
TIMING_NOT_STATED: Timing
TIMING_NOW: Timing
TIMING_PEAK: Timing
TIMING_FREEZE: Timing
TIMING_WINDOW: Timing
POLARITY_UNSPECIFIED: Polarity
POLARITY_AFFIRMED: Polarity
POLARITY_NEGATED: Polarity
POLARITY_PREVENTED: Polarity
POLARITY_REPORTED: Polarity
POLARITY_HYPOTHETICAL: Polarity
TRAIT_UNSPECIFIED: Trait
TRAIT_DESTRUCTIVE: Trait
TRAIT_IRREVERSIBLE: Trait
TRAIT_EXPOSING: Trait
TRAIT_RAISES_PRIVILEGE: Trait
TRAIT_WEAKENS_CONTROL: Trait
TRAIT_INTERRUPTING: Trait
TRAIT_LOCKS_OUT: Trait
TRAIT_MUTATING: Trait
TRAIT_MONEY: Trait
TRAIT_CONTACTS_PEOPLE: Trait
TRAIT_DECEPTIVE: Trait
TRAIT_UNTRUSTED: Trait
TRAIT_PROTECTIVE: Trait
TRAIT_READ_ONLY: Trait
TRAIT_ADDITIVE: Trait
TRAIT_COSMETIC: Trait
TRAIT_UNBOUNDED: Trait
CHANGE_KIND_UNSPECIFIED: ChangeKind
CHANGE_KIND_ADD_SAFEGUARD: ChangeKind
CHANGE_KIND_LIMIT_SCOPE: ChangeKind
CHANGE_KIND_DROP_ACTION: ChangeKind
CHANGE_KIND_RESTORE_SAFEGUARD: ChangeKind
MODEL_SOURCE_UNSPECIFIED: ModelSource
MODEL_SOURCE_RULES: ModelSource
MODEL_SOURCE_LEARNED: ModelSource

class EvaluatePlanRequest(_message.Message):
    __slots__ = ("plan", "changed")
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    plan: Plan
    changed: _containers.RepeatedCompositeFieldContainer[ChangedPlan]
    def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ..., changed: _Optional[_Iterable[_Union[ChangedPlan, _Mapping]]] = ...) -> None: ...

class EvaluatePlanResponse(_message.Message):
    __slots__ = ("opinion", "changed")
    OPINION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    opinion: Opinion
    changed: _containers.RepeatedCompositeFieldContainer[Opinion]
    def __init__(self, opinion: _Optional[_Union[Opinion, _Mapping]] = ..., changed: _Optional[_Iterable[_Union[Opinion, _Mapping]]] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("specialist", "model")
    SPECIALIST_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    specialist: str
    model: ModelInfo
    def __init__(self, specialist: _Optional[str] = ..., model: _Optional[_Union[ModelInfo, _Mapping]] = ...) -> None: ...

class ChangedPlan(_message.Message):
    __slots__ = ("tasks",)
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[ChangedTask]
    def __init__(self, tasks: _Optional[_Iterable[_Union[ChangedTask, _Mapping]]] = ...) -> None: ...

class ChangedTask(_message.Message):
    __slots__ = ("index", "task")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    index: int
    task: Task
    def __init__(self, index: _Optional[int] = ..., task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("tasks", "format", "language", "domain", "title", "signals", "coverage")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    format: str
    language: Language
    domain: Domain
    title: str
    signals: _containers.RepeatedCompositeFieldContainer[Signal]
    coverage: float
    def __init__(self, tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ..., format: _Optional[str] = ..., language: _Optional[_Union[Language, str]] = ..., domain: _Optional[_Union[Domain, str]] = ..., title: _Optional[str] = ..., signals: _Optional[_Iterable[_Union[Signal, _Mapping]]] = ..., coverage: _Optional[float] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("id", "description", "type", "dependencies", "duration", "actions")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DEPENDENCIES_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    description: str
    type: str
    dependencies: _containers.RepeatedScalarFieldContainer[str]
    duration: float
    actions: _containers.RepeatedCompositeFieldContainer[Action]
    def __init__(self, id: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., dependencies: _Optional[_Iterable[str]] = ..., duration: _Optional[float] = ..., actions: _Optional[_Iterable[_Union[Action, _Mapping]]] = ...) -> None: ...

class Action(_message.Message):
    __slots__ = ("operation", "object", "task_id", "start", "end", "text", "target", "traits", "sensitivity", "blast", "environment", "scope", "timing", "polarity", "disposable", "certainty", "safeguards", "late_safeguards", "denied", "qualifiers")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    BLAST_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    POLARITY_FIELD_NUMBER: _ClassVar[int]
    DISPOSABLE_FIELD_NUMBER: _ClassVar[int]
    CERTAINTY_FIELD_NUMBER: _ClassVar[int]
    SAFEGUARDS_FIELD_NUMBER: _ClassVar[int]
    LATE_SAFEGUARDS_FIELD_NUMBER: _ClassVar[int]
    DENIED_FIELD_NUMBER: _ClassVar[int]
    QUALIFIERS_FIELD_NUMBER: _ClassVar[int]
    operation: str
    object: str
    task_id: str
    start: int
    end: int
    text: str
    target: str
    traits: _containers.RepeatedScalarFieldContainer[Trait]
    sensitivity: float
    blast: float
    environment: Environment
    scope: Scope
    timing: Timing
    polarity: Polarity
    disposable: bool
    certainty: float
    safeguards: _containers.RepeatedCompositeFieldContainer[Safeguard]
    late_safeguards: _containers.RepeatedCompositeFieldContainer[Safeguard]
    denied: _containers.RepeatedCompositeFieldContainer[Safeguard]
    qualifiers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, operation: _Optional[str] = ..., object: _Optional[str] = ..., task_id: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., text: _Optional[str] = ..., target: _Optional[str] = ..., traits: _Optional[_Iterable[_Union[Trait, str]]] = ..., sensitivity: _Optional[float] = ..., blast: _Optional[float] = ..., environment: _Optional[_Union[Environment, str]] = ..., scope: _Optional[_Union[Scope, str]] = ..., timing: _Optional[_Union[Timing, str]] = ..., polarity: _Optional[_Union[Polarity, str]] = ..., disposable: _Optional[bool] = ..., certainty: _Optional[float] = ..., safeguards: _Optional[_Iterable[_Union[Safeguard, _Mapping]]] = ..., late_safeguards: _Optional[_Iterable[_Union[Safeguard, _Mapping]]] = ..., denied: _Optional[_Iterable[_Union[Safeguard, _Mapping]]] = ..., qualifiers: _Optional[_Iterable[str]] = ...) -> None: ...

class Safeguard(_message.Message):
    __slots__ = ("kind", "verified", "evidence")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    verified: bool
    evidence: Evidence
    def __init__(self, kind: _Optional[str] = ..., verified: _Optional[bool] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("kind", "evidence")
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    evidence: Evidence
    def __init__(self, kind: _Optional[str] = ..., evidence: _Optional[_Union[Evidence, _Mapping]] = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("task_id", "start", "end", "quote")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    start: int
    end: int
    quote: str
    def __init__(self, task_id: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., quote: _Optional[str] = ...) -> None: ...

class Opinion(_message.Message):
    __slots__ = ("specialist", "recommendation", "risk", "confidence", "factors", "evidence", "mitigations", "vetoes", "model")
    SPECIALIST_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    FACTORS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    MITIGATIONS_FIELD_NUMBER: _ClassVar[int]
    VETOES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    specialist: str
    recommendation: Verdict
    risk: float
    confidence: float
    factors: _containers.RepeatedCompositeFieldContainer[Factor]
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    mitigations: _containers.RepeatedCompositeFieldContainer[Mitigation]
    vetoes: _containers.RepeatedCompositeFieldContainer[Evidence]
    model: ModelInfo
    def __init__(self, specialist: _Optional[str] = ..., recommendation: _Optional[_Union[Verdict, str]] = ..., risk: _Optional[float] = ..., confidence: _Optional[float] = ..., factors: _Optional[_Iterable[_Union[Factor, _Mapping]]] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., mitigations: _Optional[_Iterable[_Union[Mitigation, _Mapping]]] = ..., vetoes: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., model: _Optional[_Union[ModelInfo, _Mapping]] = ...) -> None: ...

class Factor(_message.Message):
    __slots__ = ("name", "weight", "score", "evidence", "sentence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    weight: float
    score: float
    evidence: _containers.RepeatedCompositeFieldContainer[Evidence]
    sentence: str
    def __init__(self, name: _Optional[str] = ..., weight: _Optional[float] = ..., score: _Optional[float] = ..., evidence: _Optional[_Iterable[_Union[Evidence, _Mapping]]] = ..., sentence: _Optional[str] = ...) -> None: ...

class Mitigation(_message.Message):
    __slots__ = ("sentence", "change", "removes")
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    REMOVES_FIELD_NUMBER: _ClassVar[int]
    sentence: str
    change: Change
    removes: float
    def __init__(self, sentence: _Optional[str] = ..., change: _Optional[_Union[Change, _Mapping]] = ..., removes: _Optional[float] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("kind", "task_id", "safeguard", "start", "end")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    SAFEGUARD_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    kind: ChangeKind
    task_id: str
    safeguard: str
    start: int
    end: int
    def __init__(self, kind: _Optional[_Union[ChangeKind, str]] = ..., task_id: _Optional[str] = ..., safeguard: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class ModelInfo(_message.Message):
    __slots__ = ("name", "version", "source", "fallback")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    source: ModelSource
    fallback: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., source: _Optional[_Union[ModelSource, str]] = ..., fallback: _Optional[str] = ...) -> None: ...
