"""Each named rule of the consensus, and the anchors of the four verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neural_hive.consensus import RULES, conclude, panel_risk, pool, raised_by
from neural_hive.errors import UnavailableError
from neural_hive.specialists.registry import OWN, open_local
from neural_hive.types import (
    Abstention,
    Action,
    Conclusion,
    Environment,
    Evidence,
    ModelInfo,
    Opinion,
    Plan,
    Polarity,
    Scope,
    Signal,
    Task,
    Timing,
    Verdict,
    Vote,
)
from tests.unit.specialists.plans import GONE, act, plan_of

PRODUCTION, STAGING, DEVELOPMENT = Environment.PRODUCTION, Environment.STAGING, Environment.DEVELOPMENT
CALM = plan_of(act("list the tables", "read", "table", "read_only"))
UNREAD = plan_of(act("frobnicate it", "unknown", "unknown"))


def opinion(name: str, risk: float, *, confidence: float = 1.0, vetoed: bool = False) -> Opinion:
    evidence = (Evidence(task_id="t1", start=0, end=4, quote="drop"),) if vetoed else ()
    verdict = Verdict.REJECT if risk >= 0.83 else Verdict.CONDITIONAL if risk >= 0.15 else Verdict.APPROVE
    model = ModelInfo(name="rules", version="1")
    return Opinion(specialist=name, recommendation=verdict, risk=risk, confidence=confidence, vetoes=evidence, model=model)


def four(*risks: float) -> list[Opinion]:
    return [opinion(name, risk) for name, risk in zip(OWN, risks, strict=True)]


def fired(conclusion: Conclusion) -> list[str]:
    return [rule.name for rule in conclusion.rules]


def ask(plan: Plan) -> Conclusion:
    return conclude(plan, {name: open_local(name).evaluate_sync(plan) for name in OWN})  # type: ignore[attr-defined]


def test_without_an_opinion_there_is_no_decision() -> None:
    with pytest.raises(UnavailableError) as raised:
        conclude(CALM, {}, {"technical": "deadline"})
    assert raised.value.key == "error.no_opinions"


def test_an_abstention_raises_to_review_unless_the_plan_is_plainly_harmless() -> None:
    risky = conclude(CALM, four(0.3, 0.1, 0.1, 0.1)[:3], [Abstention(specialist="technical", reason="deadline")])
    assert (risky.verdict, fired(risky)[0]) == (Verdict.REVIEW_REQUIRED, "abstention")
    assert "technical" in risky.rules[0].sentence
    calm = conclude(CALM, four(0.01, 0.01, 0.01, 0.01)[:3], [Abstention(specialist="technical", reason="deadline")])
    assert calm.verdict is Verdict.APPROVE
    assert calm.confidence == pytest.approx(0.75)


def test_asking_without_words_concludes_the_same() -> None:
    spoken = four(0.3, 0.2, 0.1, 0.1)
    told, silent = conclude(CALM, spoken), conclude(CALM, spoken, worded=False)
    assert (silent.verdict, silent.harm_probability, fired(silent)) == (told.verdict, told.harm_probability, fired(told))
    assert all(rule.sentence for rule in told.rules)
    assert not any(rule.sentence for rule in silent.rules)


def test_a_destructive_part_that_nobody_could_read_is_reviewed() -> None:
    plan = plan_of(act("$tool --wipe", "unknown", "unknown", "destructive"))
    asked = conclude(plan, [opinion("technical", 0.05, confidence=0.9)])
    assert (asked.verdict, fired(asked)[0]) == (Verdict.REVIEW_REQUIRED, "unread")
    tame = plan_of(act("$tool --list", "unknown", "unknown"))
    assert "unread" not in fired(conclude(tame, [opinion("technical", 0.05, confidence=0.9)]))


def test_low_confidence_raises_to_review_unless_the_plan_is_plainly_harmless() -> None:
    unread = conclude(UNREAD, [opinion("technical", 0.05, confidence=0.3)])
    assert (unread.verdict, fired(unread)[0]) == (Verdict.REVIEW_REQUIRED, "low_confidence")
    assert conclude(CALM, [opinion("technical", 0.05, confidence=0.9)]).verdict is Verdict.APPROVE


def test_a_veto_rejects_and_needs_both_the_line_and_the_evidence() -> None:
    assert fired(conclude(CALM, [opinion("technical", 0.9, vetoed=True)]))[0] == "veto"
    assert conclude(CALM, [opinion("technical", 0.9, vetoed=True), *four(0, 0, 0, 0)[:3]]).verdict is Verdict.REJECT
    assert conclude(CALM, [opinion("technical", 0.9)]).verdict is Verdict.REVIEW_REQUIRED
    assert conclude(CALM, [opinion("technical", 0.6, vetoed=True)]).verdict is Verdict.REVIEW_REQUIRED


def test_one_high_voice_is_not_averaged_away() -> None:
    conclusion = conclude(CALM, four(0.7, 0.01, 0.01, 0.01))
    assert pool(conclusion.votes) < 0.1
    assert panel_risk(conclusion.votes) == pytest.approx(0.7 * 0.97)
    assert conclusion.verdict is Verdict.REVIEW_REQUIRED
    assert "max_risk_floor" in fired(conclusion)


def test_the_pool_is_the_weighted_mean_of_log_odds() -> None:
    votes = [
        Vote(specialist="a", recommendation=Verdict.APPROVE, risk=0.2, weight=1.0),
        Vote(specialist="b", recommendation=Verdict.APPROVE, risk=0.8, weight=1.0),
    ]
    assert pool(votes) == pytest.approx(0.5)
    assert pool([votes[0], replace(votes[1], weight=3.0)]) == pytest.approx(2 / 3, abs=1e-9)


def test_weights_move_the_pool_and_stand_in_the_votes() -> None:
    equal, weighted = (conclude(CALM, four(0.2, 0.2, 0.2, 0.4), (), weights) for weights in (None, {"technical": 1.5, "behavior": 0.5}))
    assert pool(weighted.votes) > pool(equal.votes)
    assert sum(vote.weight for vote in weighted.votes) == pytest.approx(1.0, abs=1e-5)


def test_the_band_the_condition_and_the_approval_follow_the_probability() -> None:
    assert fired(conclude(CALM, four(0.6, 0.6, 0.6, 0.6))) == ["abstention_band"]
    assert fired(conclude(CALM, four(0.3, 0.3, 0.3, 0.3))) == ["removable_risk"]
    assert fired(conclude(CALM, four(0.02, 0.02, 0.02, 0.02))) == ["clear"]


def test_a_contradiction_needs_a_person() -> None:
    words = Signal(kind="contradiction", evidence=Evidence(task_id="t1", start=0, end=4, quote="list"))
    plan = plan_of(act("update the page", "update", "service", "mutating", sensitivity=0.7), signals=(words,))
    assert ask(plan).verdict is Verdict.REVIEW_REQUIRED
    assert "contradiction" in fired(ask(plan))


def test_divergence_is_the_absolute_distance() -> None:
    assert conclude(CALM, four(0.1, 0.5, 0.3, 0.2)).divergence == pytest.approx(0.4)


def test_every_rule_has_a_sentence_in_both_languages() -> None:
    for language in ("pt", "en"):
        for rule in ask(replace(ANCHORS["reject"][0], language=language)).rules:
            assert rule.sentence
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_a_conditional_answer_names_what_to_keep_and_what_to_add() -> None:
    plan = plan_of(
        act("drop the old table", "drop", "table", GONE, sensitivity=0.65, blast=0.6, environment=PRODUCTION, safeguards="restore_test!")
    )
    conclusion = ask(plan)
    assert conclusion.verdict is Verdict.CONDITIONAL
    assert conclusion.conditions[0].sentence == "Keep, before “drop the old table” (task t1): a backup with a tested restore."
    assert len({(item.change, item.sentence) for item in conclusion.conditions}) == len(conclusion.conditions)


def _old() -> Action:
    return act(
        "revoke the old certificate", "revoke", "secret", "interrupting mutating", sensitivity=0.95, blast=0.8, environment=PRODUCTION
    )


def _new() -> Action:
    return act("install the new certificate", "install", "secret", "additive mutating", sensitivity=0.95, blast=0.8, environment=PRODUCTION)


ANCHORS = {
    "reject": [
        plan_of(
            act(
                "drop production table, no backup",
                "drop",
                "table",
                GONE,
                sensitivity=0.65,
                blast=0.6,
                environment=PRODUCTION,
                denied="backup",
            )
        ),
        plan_of(
            act(
                "delete all backups",
                "delete",
                "backup",
                "destructive irreversible weakens_control",
                sensitivity=0.95,
                blast=0.8,
                scope=Scope.ALL,
            )
        ),
        plan_of(
            act(
                "open the database to the internet",
                "expose",
                "data_store",
                "exposing",
                sensitivity=0.8,
                blast=0.8,
                qualifiers="public_audience",
            )
        ),
        plan_of(act("turn MFA off for all", "retire", "control", "weakens_control mutating", sensitivity=0.9, blast=0.8, scope=Scope.ALL)),
        plan_of(
            act(
                "send the records to a third party",
                "send",
                "personal_data",
                "exposing",
                sensitivity=0.92,
                blast=0.7,
                qualifiers="third_party",
            )
        ),
        plan_of(_old(), _new()),
        plan_of(
            act(
                "all servers off at noon",
                "retire",
                "service",
                "interrupting",
                sensitivity=0.75,
                blast=0.8,
                scope=Scope.ALL,
                timing=Timing.PEAK,
                environment=PRODUCTION,
            )
        ),
        plan_of(act("copy her mail unseen", "copy", "comms", "deceptive exposing", sensitivity=0.9, qualifiers="covert")),
        plan_of(
            act(
                "pay the account from the letter",
                "pay",
                "money",
                "money irreversible",
                sensitivity=0.8,
                blast=0.6,
                qualifiers="untrusted_party",
            )
        ),
    ],
    "review_required": [
        plan_of(act("drop the table", "drop", "table", GONE, sensitivity=0.65, blast=0.6)),
        plan_of(act("destroy everything", "delete", "unknown", GONE, scope=Scope.ALL)),
        plan_of(_new(), _old()),
        plan_of(act("delete old sessions", "delete", "table", "destructive mutating", sensitivity=0.6, scope=Scope.SOME)),
        plan_of(act("frobnicate it", "unknown", "unknown")),
        plan_of(act("do something", "read", "unknown", "read_only"), coverage=0.3),
    ],
    "conditional": [
        plan_of(act("scale up", "scale_up", "service", "mutating", sensitivity=0.7, blast=0.75, environment=PRODUCTION)),
        plan_of(act("set the timeout", "configure", "config", "mutating", sensitivity=0.45, environment=PRODUCTION)),
        plan_of(
            act(
                "deploy with canary",
                "deploy",
                "service",
                "mutating",
                sensitivity=0.7,
                blast=0.75,
                environment=PRODUCTION,
                safeguards="canary rollback",
            )
        ),
        plan_of(
            act(
                "let Renata read it",
                "grant",
                "access_control",
                "raises_privilege mutating",
                sensitivity=0.85,
                scope=Scope.ONE,
                safeguards="approval limited_scope",
            )
        ),
        plan_of(act("set the price to 35", "update", "price", "money mutating", sensitivity=0.75, blast=0.6)),
        plan_of(act("tell the customers", "notify", "people", "contacts_people", sensitivity=0.6, blast=0.6)),
    ],
    "approve": [
        plan_of(act("read the logs", "read", "log", "read_only", sensitivity=0.6, environment=PRODUCTION)),
        plan_of(act("make a queue", "create", "service", "additive", sensitivity=0.45, environment=DEVELOPMENT)),
        plan_of(act("rm build/*.o", "delete", "artefact", "destructive", sensitivity=0.05, disposable=True)),
        plan_of(act("drop the dev table", "drop", "table", GONE, sensitivity=0.6, blast=0.2, environment=DEVELOPMENT)),
        plan_of(act("turn MFA on", "protect", "control", "protective mutating", sensitivity=0.9, environment=PRODUCTION, scope=Scope.ALL)),
        plan_of(act("make the button green", "update", "ui", "cosmetic mutating", sensitivity=0.05)),
        plan_of(act("refactor a helper", "refactor", "code", "mutating", sensitivity=0.4, environment=DEVELOPMENT)),
        plan_of(act("do not drop it", "drop", "table", GONE, sensitivity=0.9, environment=PRODUCTION, polarity=Polarity.NEGATED)),
        Plan(tasks=(Task(id="t1", description="good morning"),), title="good morning"),
    ],
}

BOUNDS = {"reject": (0.7, 1.0), "review_required": (0.0, 0.95), "conditional": (0.035, 0.22), "approve": (0.0, 0.061)}


@pytest.mark.parametrize(
    ("verdict", "plan"),
    [(verdict, plan) for verdict, found in ANCHORS.items() for plan in found],
    ids=lambda item: getattr(item, "tasks", [None])[0] and item.tasks[0].description if isinstance(item, Plan) else item,
)
def test_anchors(verdict: str, plan: Plan) -> None:
    conclusion = ask(plan)
    assert conclusion.verdict == verdict
    low, high = BOUNDS[verdict]
    assert low <= conclusion.harm_probability <= high


@pytest.mark.parametrize("environment", [Environment.UNKNOWN, STAGING])
def test_a_deletion_of_what_is_not_known_to_be_disposable_is_never_plainly_approved(environment: Environment) -> None:
    plan = plan_of(act("delete the volume", "delete", "file", GONE, sensitivity=0.5, environment=environment))
    assert ask(plan).verdict is not Verdict.APPROVE


DROP = plan_of(act("drop the table", "drop", "table", GONE))


@pytest.mark.parametrize("silent", OWN)
def test_a_silent_voice_never_makes_the_answer_milder(silent: str) -> None:
    for plan in (CALM, UNREAD, DROP):
        opinions = {name: open_local(name).evaluate_sync(plan) for name in OWN}  # type: ignore[attr-defined]
        whole = conclude(plan, opinions)
        stand_in = {silent: opinions.pop(silent)}
        heard = raised_by(conclude(plan, opinions, {silent: "late"}), plan, conclude(plan, {**opinions, **stand_in}), stand_in)
        assert heard.verdict.severity >= whole.verdict.severity
        assert [vote.specialist for vote in heard.votes] == sorted(opinions)


def test_a_stand_in_raises_and_says_so() -> None:
    heard = conclude(DROP, [opinion("behavior", 0.4)], {"technical": "late"})
    whole = conclude(DROP, [opinion("behavior", 0.4), opinion("technical", 0.95, vetoed=True)])
    found = raised_by(heard, DROP, whole, ["technical"])
    assert (heard.verdict, found.verdict) == (Verdict.REVIEW_REQUIRED, Verdict.REJECT)
    assert fired(found)[-1] == "stand_in"
    assert found.votes == heard.votes


def test_a_stand_in_never_lowers() -> None:
    heard = conclude(DROP, [opinion("behavior", 0.95, vetoed=True)], {"technical": "late"})
    assert raised_by(heard, DROP, conclude(DROP, [opinion("technical", 0.0)]), ["technical"]) is heard
