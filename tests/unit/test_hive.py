"""The story: stages in order, closed when something fails, nothing personal kept."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from neural_hive.bootstrap import open_hive
from neural_hive.cache.memory import MemoryCache
from neural_hive.errors import InputError, LedgerError, LimitError, NotFoundError, UnavailableError
from neural_hive.hive import Hive, Stage
from neural_hive.judgements import Judgements
from neural_hive.panel import Panel
from neural_hive.records import Ask, answer, stored_answer
from neural_hive.settings import load_settings
from neural_hive.types import Context, GivenPlan, GivenTask, Intent, ModelInfo, Opinion, Plan, SourcePlan, Verdict

DANGEROUS = Intent(text="Delete every row of the customers table in production, without a backup")
HARMLESS = Intent(text="Rename the Send button to Save on the sign-up screen")
PERSONAL = "ana.souza@example.com"


@pytest.fixture
async def hive(tmp_path: Path) -> AsyncIterator[Hive]:
    async with open_hive(load_settings(data_dir=tmp_path)) as opened:
        yield opened


class Mute:
    """A specialist that always fails."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def evaluate(self, plan: Plan) -> Opinion:
        raise UnavailableError("error.no_opinions")

    async def describe(self) -> ModelInfo:
        raise UnavailableError("error.no_opinions")


def muted(hive: Hive, *names: str) -> Hive:
    """The same hive in which some specialists fail."""
    voices = {name: Mute(name) if name in names else voice for name, voice in hive.panel.specialists.items()}
    return replace(hive, panel=Panel(voices))


async def stages(hive: Hive, intent: Intent) -> list[Stage]:
    return [stage async for stage in hive.stream(intent)]


async def collect(hive: Hive, into: list[str]) -> None:
    """Names of stages as they come, those before a failure too."""
    async for stage in hive.stream(HARMLESS):
        into.append(stage.name)  # noqa: PERF401 -- a comprehension would lose what came before the failure


async def test_a_dangerous_intention_is_not_let_go(hive: Hive) -> None:
    decision = await hive.review(DANGEROUS)
    assert decision.verdict in (Verdict.REJECT, Verdict.REVIEW_REQUIRED)
    assert sorted(decision.opinions) == ["architecture", "behavior", "evolution", "technical"]
    assert decision.explanation
    assert decision.receipt is not None


async def test_a_harmless_one_is(hive: Hive) -> None:
    assert (await hive.review(HARMLESS)).verdict in (Verdict.APPROVE, Verdict.CONDITIONAL)


async def test_stages_come_in_order_and_the_answer_only_once_it_is_recorded(hive: Hive) -> None:
    seen = []
    async for stage in hive.stream(DANGEROUS):
        seen.append(stage.name)
        recorded = await hive.ledger.find(limit=1)
        assert bool(recorded) == (stage.name in ("concluded", "recorded"))
    assert seen == ["understood", "planned", *["opinion"] * 4, "concluded", "recorded"]


async def test_each_asking_is_recorded_anew_with_equal_judgement(hive: Hive) -> None:
    first, second = await hive.review(DANGEROUS), await hive.review(DANGEROUS)
    assert first.decision_id != second.decision_id
    assert first.intent_id == second.intent_id
    assert first.opinions == second.opinions
    assert first.counterfactuals == second.counterfactuals
    assert (first.verdict, first.harm_probability) == (second.verdict, second.harm_probability)
    assert len(await hive.ledger.find()) == 2


async def test_a_judgement_from_the_cache_tells_the_same_stages(hive: Hive) -> None:
    first, second = await stages(hive, DANGEROUS), await stages(hive, DANGEROUS)
    assert [stage.name for stage in first] == [stage.name for stage in second]
    assert [stage.payload for stage in first[:-1]] == [stage.payload for stage in second[:-1]]


async def test_the_ledger_tells_the_decision_that_was_given(hive: Hive) -> None:
    decision = await hive.review(DANGEROUS)
    told = stored_answer(await hive.ledger.get(decision.decision_id), decision.receipt)
    assert json.loads(msgspec.json.encode(told)) == json.loads(msgspec.json.encode(answer(decision)))


async def test_a_missing_voice_makes_it_more_cautious(hive: Hive) -> None:
    whole = await hive.review(HARMLESS)
    decision = await muted(hive, "technical").review(Intent(text="Change the schema of the orders table in production"))
    assert decision.abstentions == {"technical": "is not available now"}
    assert decision.verdict.severity >= Verdict.REVIEW_REQUIRED.severity
    assert (await muted(hive, "technical").review(HARMLESS)).verdict.severity >= whole.verdict.severity


async def test_nothing_is_plainly_harmless_while_nobody_speaks_for_a_silent_voice(hive: Hive) -> None:
    """What the silent one would have said is not known: without it a plan may look milder than it is."""
    alert = Intent(text="I need a disk-full alert added")
    assert (await hive.review(alert)).verdict is Verdict.CONDITIONAL
    for name in hive.panel.specialists:
        decision = await muted(hive, name).review(alert)
        assert decision.verdict is Verdict.REVIEW_REQUIRED
        assert "abstention" in {rule.name for rule in decision.rules}


async def test_a_judgement_that_does_not_follow_is_made_anew(hive: Hive) -> None:
    """A cache that gives one plan's judgement for another one approves nothing."""
    kept: dict[str, bytes] = {}

    class Confused(MemoryCache):
        async def put(self, key: str, value: bytes, *, ttl: float) -> None:
            kept.setdefault("first", value)

        async def get(self, key: str) -> bytes | None:
            return kept.get("first")

    confused = replace(hive, judgements=Judgements(Confused()))
    assert (await confused.review(Intent(text="Fix a typo in the README"))).verdict is Verdict.APPROVE
    assert (await confused.review(DANGEROUS)).verdict is (await hive.review(DANGEROUS)).verdict


async def test_a_judgement_with_a_missing_voice_is_not_kept(hive: Hive) -> None:
    assert (await muted(hive, "technical").review(DANGEROUS)).abstentions
    assert not (await hive.review(DANGEROUS)).abstentions


async def test_without_opinions_nothing_is_decided(hive: Hive) -> None:
    silent = muted(hive, *hive.panel.specialists)
    with pytest.raises(UnavailableError):
        await silent.review(HARMLESS)
    assert not await hive.ledger.find()


async def test_without_a_ledger_nothing_is_told(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as opened:
        await opened.ledger.close()  # type: ignore[attr-defined]
        told: list[str] = []
        with pytest.raises(LedgerError):
            await collect(opened, told)
        assert told == ["understood", "planned", *["opinion"] * 4]


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        (Intent(text=""), InputError),
        (Intent(text=" \n "), InputError),
        (Intent(text="x" * 10_001), LimitError),
        (Intent(text="", plan=SourcePlan(source="x" * 1_048_577)), LimitError),
        (
            Intent(text="ship", plan=GivenPlan(tasks=tuple(GivenTask(id=f"T{n}", description="read a file") for n in range(501)))),
            LimitError,
        ),
        (Intent(text="ship", plan=GivenPlan(tasks=())), InputError),
        (Intent(text="ship", plan=GivenPlan(tasks=(GivenTask(id="A", description="read", dependencies=("B",)),))), InputError),
    ],
)
async def test_what_cannot_be_used_is_refused_and_not_recorded(hive: Hive, intent: Intent, error: type[Exception]) -> None:
    with pytest.raises(error):
        await hive.review(intent)
    assert not await hive.ledger.find()


async def test_a_source_needs_no_text(hive: Hive) -> None:
    decision = await hive.review(Intent(text="", plan=SourcePlan(source="DELETE FROM users;", format="sql")))
    assert decision.plan.format == "sql"
    assert decision.verdict in (Verdict.REJECT, Verdict.REVIEW_REQUIRED)


async def test_personal_data_is_kept_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    task = GivenTask(id="T1", description=f"Send the report to {PERSONAL}", parameters={"to": PERSONAL})
    intent = Intent(
        text=f"Send the report to {PERSONAL}", context=Context(project=PERSONAL), user_id=PERSONAL, plan=GivenPlan(tasks=(task,))
    )
    script = Intent(text="", plan=SourcePlan(source=f"echo done | mail -s report {PERSONAL}\n", format="shell"))
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        for each in (intent, script):
            decision = await hive.review(each)
            assert PERSONAL not in msgspec.json.encode(answer(decision)).decode()
            assert PERSONAL not in json.dumps(await hive.ledger.get(decision.decision_id))
        report = await hive.outcomes.report(decision.decision_id, "harmless", comment=f"asked {PERSONAL}", caller=PERSONAL)
        assert PERSONAL not in str(report)
        assert report["comment"].startswith("asked ")
        assert PERSONAL not in str(vars(hive.cache))
    assert PERSONAL not in caplog.text
    assert not files_with(tmp_path, PERSONAL)


def files_with(folder: Path, words: str) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and words.encode() in file.read_bytes()]


async def test_outcomes_move_the_weights_and_are_learned_again(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        decision = await hive.review(DANGEROUS)
        before = {vote.specialist: vote.weight for vote in decision.votes}
        await hive.outcomes.report(decision.decision_id, "harmful")
        after = {vote.specialist: vote.weight for vote in (await hive.review(DANGEROUS)).votes}
        risks = {name: opinion.risk for name, opinion in decision.opinions.items()}
        loud, calm = max(risks, key=risks.__getitem__), min(risks, key=risks.__getitem__)
        assert after[loud] / after[calm] > before[loud] / before[calm], "who warned of the harm is heard more"
        weights = hive.outcomes.weights(decision.plan.domain)
        await hive.outcomes.report(decision.decision_id, "harmless")
        assert hive.outcomes.weights(decision.plan.domain) == weights, "only the first outcome of a decision counts"
    async with open_hive(load_settings(data_dir=tmp_path)) as again:
        assert again.outcomes.weights(decision.plan.domain) == weights


async def test_outcomes_and_approvals_stand_beside_the_decision(hive: Hive) -> None:
    decision = await hive.review(DANGEROUS)
    await hive.outcomes.report(decision.decision_id, "harmful", comment="rows were lost")
    await hive.outcomes.approve(decision.decision_id, approved=False, caller="dba-3")
    beside = await hive.outcomes.of(decision.decision_id)
    assert [item["outcome"] for item in beside["feedback"]] == ["harmful"]
    assert [(item["approved"], item["by"]) for item in beside["approvals"]] == [(False, "dba-3")]


@pytest.mark.parametrize("identity", ["dec_none", ""])
async def test_outcomes_need_a_decision(hive: Hive, identity: str) -> None:
    with pytest.raises(NotFoundError):
        await hive.outcomes.report(identity, "harmful")


async def test_an_outcome_is_no_decision(hive: Hive) -> None:
    decision = await hive.review(HARMLESS)
    report = await hive.outcomes.report(decision.decision_id, "harmless")
    with pytest.raises(NotFoundError):
        await hive.outcomes.approve(report["id"], approved=True, caller="x")


async def test_an_ask_gives_the_decision_its_id(hive: Hive) -> None:
    ask = Ask.idempotent("key-1", "ana", b"body")
    decision = await hive.review(HARMLESS, ask)
    assert decision.decision_id == ask.decision_id
    assert (await hive.ledger.get(ask.decision_id))["request_tag"] == ask.request_tag
    assert Ask.idempotent("key-1", "ana", b"other").request_tag != ask.request_tag
    assert Ask.idempotent("key-1", "eva", b"body").decision_id != ask.decision_id


async def test_similar_decisions_are_named(hive: Hive) -> None:
    first = await hive.review(DANGEROUS)
    await hive.memory.close()
    await hive.memory._graph.flush()  # type: ignore[attr-defined]
    second = await hive.review(DANGEROUS)
    assert first.decision_id in [precedent.decision_id for precedent in second.precedents]
