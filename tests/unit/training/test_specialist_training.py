"""Training a specialist: the same bytes twice, honest figures, and a gate that shuts."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from neural_hive.errors import InputError
from neural_hive.models import FolderModels
from neural_hive.models.base import Artefact
from neural_hive.models.card import Card
from neural_hive.models.rules import RULES, rules_of
from neural_hive.models.weighing import is_sound, pack, unpack
from neural_hive.specialists.registry import OWN
from neural_hive.specialists.trained import by_hand, trained
from neural_hive.training import domain, reader
from neural_hive.training.fitting import Recipe, fit
from neural_hive.training.samples import cases_of, digest, sampled, samples, scenario, voice_of
from neural_hive.training.specialist import Trial, bring, in_force, is_of_today, train
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


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without a word in its path that stands for held-out cases."""
    return tmp_path_factory.mktemp("cases")


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


def test_the_digest_is_of_texts_and_labels_not_of_paths(folder: Path) -> None:
    cases = cases_of([DEV])
    (folder / "dev.json").write_bytes(DEV.read_bytes())
    assert digest(cases) == digest(cases_of([folder / "dev.json", DEV]))
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
    assert again.artefact == good.artefact
    assert not again.reasons


@pytest.mark.parametrize("better", [True, False])
def test_figures_of_another_product_or_under_other_rules_are_not_compared_with(few: Path, good: Trial, *, better: bool) -> None:
    """They were measured by other code, so they may be anything."""
    claimed = {key: value + (-9.0 if better else 9.0) for key, value in good.card.after.items()}
    card = replace(good.card, product="0.0.0", after=claimed)
    told = train("technical", [few], [few], (good.artefact, card), FEW).card.before
    assert told == train("technical", [few], [few], (good.artefact, replace(card, after=good.card.after)), FEW).card.before
    assert abs(told["log_loss"] - good.card.after["log_loss"]) < 1.0
    card = replace(good.card, parameters={**good.card.parameters, RULES: "0" * 16}, after=claimed)
    assert not is_of_today((good.artefact, card))
    assert train("technical", [few], [few], (good.artefact, card), FEW).card.before == good.card.by_hand


def test_a_card_says_what_was_read(few: Path, good: Trial) -> None:
    assert good.card.data[0] == f"labelled intentions of {few.name}"
    assert good.card.data[1].startswith("40 of 40: ")
    assert str(few.parent) not in good.card.render()
    assert good.card.parameters[RULES] == rules_of("technical")


def test_a_trial_is_put_in_force_only_over_what_it_was_measured_against(good: Trial, tmp_path: Path) -> None:
    """Two train at once: the slower one does not undo what the other has brought."""
    shelf = FolderModels(tmp_path)
    known, passed = in_force(shelf, "technical"), replace(good, reasons=())
    assert bring(passed, shelf, known).in_force
    assert not bring(passed, shelf, known).in_force
    assert bring(passed, shelf, in_force(shelf, "technical")).in_force
    assert not bring(replace(good, reasons=("brier",)), shelf, in_force(shelf, "technical")).in_force


def test_two_different_cases_under_one_id_are_an_error(folder: Path) -> None:
    for name, text in (("a.json", "apagar tudo"), ("b.json", "apagar tudo"), ("c.json", "apagar nada")):
        (folder / name).write_text(json.dumps([case("x") | {"intent_text": text}]))
    assert len(cases_of([folder / "a.json", folder / "b.json"])) == 1
    with pytest.raises(InputError) as caught:
        cases_of([folder])
    assert caught.value.key == "error.cases_differ"
    assert "x" in caught.value.render("pt")


def test_an_artefact_of_other_factors_counts_as_none(few: Path) -> None:
    hand = by_hand(voice_of("technical").spec)
    renamed = dict(zip(["elegance", *list(hand.weights)[1:]], hand.weights.values(), strict=True))
    old: Artefact = pack(msgspec.structs.replace(hand, weights=renamed))
    card = Card(
        name="technical",
        version=old.version,
        sha256=old.sha256,
        product="",
        data=(),
        data_sha256="",
        seed=0,
        parameters={RULES: rules_of("technical")},
    )
    trial = train("technical", [few], [few], (old, card), FEW)
    assert trial.card.before == trial.card.by_hand


PLACES = (
    "test",
    "test/cases.json",
    "dev/test.json",
    "dev/my-test-cases.json",
    "holding",
    "test_v2",
    "tests/deep",
    "Tests",
    "linked",
    "link",
)


@pytest.mark.parametrize("place", PLACES)
def test_held_out_cases_are_refused(place: str, folder: Path) -> None:
    path = folder / place
    file = path if path.suffix else path / ("test_1.json" if place == "holding" else "cases.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    if place.startswith("link"):
        (folder / "test").mkdir()
        real = folder / "test" / "cases.json"
        file.symlink_to(real)
        path = file if place == "link" else path
        file = real
    file.write_text(json.dumps([case("a")]))
    with pytest.raises(InputError) as caught:
        cases_of([path])
    assert caught.value.key == "error.train_on_test"
    for main in (domain.main, reader.main):
        with pytest.raises(SystemExit) as left:
            main(["--data", str(path), "--out", str(folder / "out")])
        assert left.value.code == 2
    assert not (folder / "out").exists()


def test_what_only_sounds_like_a_test_set_is_not_one(folder: Path) -> None:
    (folder / "contest.json").write_text(json.dumps([case("a")]))
    assert [each.id for each in cases_of([folder, folder / "contest.json"])] == ["a"]


def test_the_card_of_the_reader_says_what_was_read(folder: Path) -> None:
    data = folder / "few.json"
    data.write_text(json.dumps([case("a"), case("b") | {"intent_text": "listar as tabelas", "gold": "harmless"}]))
    out = folder / "made"
    assert reader.main(["--data", str(data), "--leave-out", str(data), "--data", str(DEV), "--out", str(out), "--version", '1"x']) == 0
    card = tomllib.loads((out / "reader.toml").read_text(encoding="utf-8"))
    assert card["data"] == ["labelled intentions of few.json, scenarios.json", "without the groups of few.json"]
    assert card["version"] == '1"x'
    assert "attribution" not in card["licence"]


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
