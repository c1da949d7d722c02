"""Training a specialist: the same bytes twice, honest figures, and a gate that shuts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from neural_hive.errors import InputError
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card
from neural_hive.models.weighing import is_sound, pack, unpack
from neural_hive.specialists.registry import OWN
from neural_hive.specialists.trained import by_hand, trained
from neural_hive.training.fitting import Recipe, fit
from neural_hive.training.samples import cases_of, digest, sampled, samples, scenario, voice_of
from neural_hive.training.specialist import Trial, train
from neural_hive.training.trial import Bench, fold_of, own_figures, unseen, worse

EVALS = Path(__file__).resolve().parents[3] / "evals"
DEV = EVALS / "dev" / "scenarios.json"
FEW = Recipe(folds=3, passes=1)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty cases."""
    path = tmp_path_factory.mktemp("cases") / "dev.json"
    path.write_text(json.dumps(json.loads(DEV.read_text(encoding="utf-8"))[:40]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def good(few: Path) -> Trial:
    return train("technical", [few], [few], recipe=FEW)


def test_the_same_cases_give_the_same_bytes(few: Path, good: Trial) -> None:
    assert train("technical", [few], [few], recipe=FEW) == good
    assert is_sound(unpack(good.artefact))
    assert good.card.sha256 == good.artefact.sha256
    assert good.card.by_hand == good.card.before


def test_no_case_is_judged_by_a_fit_that_has_seen_its_scenario() -> None:
    voice = voice_of("technical")
    data = samples(voice, cases_of([DEV]))
    weighings = unseen(voice.spec, data, FEW)
    name = data[0].scenario
    rest = [sample for sample in data if fold_of(sample.scenario, FEW) != fold_of(name, FEW)]
    assert weighings(name) == fit(voice.spec, rest, FEW)
    assert {sample.scenario for sample in data} - {sample.scenario for sample in rest} >= {name}


@pytest.mark.parametrize("name", OWN)
def test_a_strong_prior_keeps_what_was_set_by_hand(name: str, few: Path) -> None:
    voice = voice_of(name)
    data = samples(voice, cases_of([few]))
    held = fit(voice.spec, data, Recipe(hold_map=1e6, hold_weights=1e6, passes=1))
    hand = by_hand(voice.spec)
    assert held.weights == pytest.approx(hand.weights, abs=1e-4)
    assert all(calibrated == pytest.approx(risk, abs=2e-4) for risk, calibrated in held.knots)
    assert fit(voice.spec, [], FEW) == hand


def test_a_weak_prior_learns_but_keeps_the_lines() -> None:
    voice = voice_of("behavior")
    data = samples(voice, cases_of([DEV]))
    free = fit(voice.spec, data, Recipe(hold_map=1e-6, hold_weights=1e-6, passes=2))
    assert is_sound(free)
    hand = by_hand(voice.spec)
    assert own_figures(voice.spec, data, lambda _: free)["log_loss"] < own_figures(voice.spec, data, lambda _: hand)["log_loss"]


def test_a_sample_has_the_risk_that_the_specialist_gives() -> None:
    voice = voice_of("architecture")
    cases = cases_of([DEV])[:40]
    bench = Bench("architecture", cases)
    now = trained(voice.spec, None)
    for sample, (_, plan, _) in zip(samples(voice, cases), bench.heard, strict=True):
        assert round(sample.risk(now), 6) == voice.judge(plan).risk


def test_whole_scenarios_are_drawn() -> None:
    cases = cases_of([DEV])
    drawn = sampled(cases, 40, 1)
    assert 40 <= len(drawn) < 60
    assert drawn == sampled(cases, 40, 1) != sampled(cases, 40, 2)
    left = {scenario(case) for case in cases} - {scenario(case) for case in drawn}
    assert len(left) + len({scenario(case) for case in drawn}) == len({scenario(case) for case in cases})
    assert sampled(cases, 10_000, 1) == cases


def test_the_digest_is_of_texts_and_labels_not_of_paths(tmp_path: Path) -> None:
    cases = cases_of([DEV])
    (tmp_path / "dev.json").write_bytes(DEV.read_bytes())
    assert digest(cases) == digest(cases_of([tmp_path / "dev.json", DEV]))
    assert digest(cases) != digest([replace(cases[0], gold="cautious" if cases[0].gold != "cautious" else "harmless"), *cases[1:]])


def test_a_worse_figure_shuts_the_gate() -> None:
    before = {"log_loss": 0.4, "brier": 0.1, "let_go": 1.0, "blocked": 10.0, "accepted": 0.9, "hive_brier": 0.1}
    assert worse(before, before) == ()
    assert worse(before, before | {"log_loss": 0.39, "hive_brier": 0.2}) == ()
    assert worse(before, before | {"log_loss": 0.41}) == ("log_loss",)
    assert worse(before, before | {"let_go": 2.0, "accepted": 0.89}) == ("let_go", "accepted")
    assert worse(before, before | {"accepted": 0.95}) == ()


def test_what_is_in_force_is_not_replaced_by_something_worse(few: Path, good: Trial) -> None:
    """Fitted on the same cases, both are compared out of fold."""
    better = replace(good.card, after={key: value - 0.1 for key, value in good.card.after.items()})
    assert train("technical", [few], [few], (good.artefact, better), FEW).reasons == ("log_loss", "brier")


def test_the_same_again_is_unchanged_and_met(few: Path, good: Trial) -> None:
    again = train("technical", [few], [few], (good.artefact, good.card), FEW)
    assert again.unchanged
    assert not again.reasons


def test_an_artefact_of_other_factors_counts_as_none(few: Path) -> None:
    hand = by_hand(voice_of("technical").spec)
    renamed = dict(zip(["elegance", *list(hand.weights)[1:]], hand.weights.values(), strict=True))
    old: Artefact = pack(msgspec.structs.replace(hand, weights=renamed))
    card = Card(name="technical", version=old.version, sha256=old.sha256, product="", data=(), data_sha256="", seed=0)
    trial = train("technical", [few], [few], (old, card), FEW)
    assert trial.card.before == trial.card.by_hand


@pytest.mark.parametrize("place", ["test", "test/cases.json", "dev/test.json", "dev/my-test-cases.json", "holding"])
def test_held_out_cases_are_refused(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    file = path if path.suffix else path / ("test_1.json" if place == "holding" else "cases.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([case("a")]))
    with pytest.raises(InputError) as caught:
        cases_of([path])
    assert caught.value.key == "error.train_on_test"


def test_the_real_test_set_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        cases_of([EVALS / "dev", EVALS / "dev" / ".." / "test"])
    assert caught.value.key == "error.train_on_test"


def test_nothing_to_train_on_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", EVALS / "dev" / "pii.json"):
        with pytest.raises(InputError) as caught:
            cases_of([path])
        assert caught.value.key == "error.no_cases"
    with pytest.raises(InputError):
        train("nobody", [EVALS / "dev"], [EVALS / "dev"])


def case(name: str) -> dict[str, Any]:
    return {"id": name, "intent_text": "apagar tudo", "plan": None, "gold": "dangerous"}
