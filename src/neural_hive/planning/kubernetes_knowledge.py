"""The Kubernetes data file, loaded and indexed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from neural_hive.planning.knowledge import Effect, Entry, globs, load


class Role(StrEnum):
    """Which questions are asked of a document."""

    WORKLOAD = "workload"
    JOB = "job"
    SECRET = "secret"  # noqa: S105 - a kind of document
    SETTINGS = "settings"
    NETWORK_POLICY = "network_policy"
    RULES = "rules"
    BINDING = "binding"
    SERVICE = "service"
    INGRESS = "ingress"
    NAMESPACE = "namespace"
    WEBHOOK = "webhook"
    BUDGET = "budget"
    QUOTA = "quota"
    BACKUP = "backup"
    PLAIN = "plain"


class Kind(Effect, frozen=True, kw_only=True):
    """What applying a document of this kind means."""

    kinds: tuple[str, ...]
    role: Role


class Setting(Effect, frozen=True, kw_only=True):
    """A setting whose bad values protect less."""

    ends: tuple[str, ...]
    bad: frozenset[str]


class Values(Entry, frozen=True, kw_only=True):
    """Names that mean much."""

    admin: tuple[str, ...]
    reading: tuple[str, ...]
    everyone: tuple[str, ...]
    escalating_verbs: frozenset[str]
    sensitive_resources: frozenset[str]
    data_ports: frozenset[int]
    inner_names: tuple[str, ...]
    guards: tuple[str, ...]
    secret_names: tuple[str, ...]
    environment_comment: tuple[str, ...]
    own_cluster: frozenset[str]


class Knowledge(Entry, frozen=True, kw_only=True):
    """The whole file."""

    kind: tuple[Kind, ...]
    setting: tuple[Setting, ...]
    values: Values


@dataclass(frozen=True, slots=True)
class Lookup:
    """The file with what is derived from it once; settings are found by their last key."""

    values: Values
    kinds: dict[str, Kind]
    other: Kind
    settings: dict[str, tuple[tuple[tuple[str, ...], Setting], ...]]
    admin: re.Pattern[str]
    reading: re.Pattern[str]
    everyone: re.Pattern[str]
    secret: re.Pattern[str]
    context: re.Pattern[str]

    def kind(self, name: str) -> Kind:
        """What is known of a kind; kinds nobody listed share one entry."""
        return self.kinds.get(name, self.other)


@cache
def lookup() -> Lookup:
    """Everything known about Kubernetes."""
    knowledge = load("kubernetes", Knowledge)
    kinds = {name: kind for kind in knowledge.kind for name in kind.kinds}
    settings: dict[str, list[tuple[tuple[str, ...], Setting]]] = {}
    for setting in knowledge.setting:
        for end in setting.ends:
            path = (end,) if "/" in end else tuple(end.split("."))
            settings.setdefault(path[-1], []).append((path, setting))
    values = knowledge.values
    return Lookup(
        values,
        kinds,
        kinds["*"],
        {name: tuple(found) for name, found in settings.items()},
        globs(values.admin),
        globs(values.reading),
        globs(values.everyone),
        re.compile("|".join(map(re.escape, values.secret_names)), re.IGNORECASE),
        re.compile(
            rf"(?:\b(?:{'|'.join(values.environment_comment)})\s*[:=]\s*|--(?:kube-)?context[ =]|-n\s+|--namespace[ =])(\S.*)",
            re.IGNORECASE,
        ),
    )
