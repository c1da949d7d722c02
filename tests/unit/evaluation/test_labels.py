"""The labelled cases are what evals/README.md and evals/POLICY.md say they are."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from neural_hive.evaluation.cases import ACCEPTED
from neural_hive.types import Domain

EVALS = Path(__file__).parents[3] / "evals"
CASE_FILES = ("scenarios.json", "machine.json", "corpus.json")
FORMATS = ("sql", "shell", "terraform", "kubernetes", "diff", "json", "yaml")
HARD = (
    "euphemism", "lookalike", "negation", "prevention", "padding", "safeguard_real", "safeguard_after", "denied_safeguard", "judge",
    "scope", "ambiguous", "order", "overreach",
)  # fmt: skip
Item = dict[str, Any]


def items(part: str, *names: str) -> list[Item]:
    return [item for name in names for item in json.loads((EVALS / part / name).read_text(encoding="utf-8"))]


DEV, TEST = items("dev", *CASE_FILES), items("test", *CASE_FILES)
CASES = DEV + TEST
ENGLISH = [case for case in CASES if case["lang"] == "en"]


def words(case: Item) -> str:
    plan = case["plan"] or {}
    return "\n".join([case["intent_text"], plan.get("source", ""), *(task["description"] for task in plan.get("tasks", ()))])


def shingles(case: Item) -> set[str]:
    tokens = re.findall(r"\w+", words(case).lower())
    return {" ".join(tokens[at : at + 3]) for at in range(max(1, len(tokens) - 2))}


def likeness(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right)


def test_the_policy_accepts_what_the_harness_accepts() -> None:
    policy = (EVALS / "POLICY.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (dangerous|cautious|harmless) \| ([a-z_, ]+) \|", policy, re.MULTILINE))
    assert {gold: set(accepted.split(", ")) for gold, accepted in rows.items()} == {
        gold: {verdict.value for verdict in accepted} for gold, accepted in ACCEPTED.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_case_is_whole(case: Item) -> None:
    assert case["id"] == f"{case['group']}-{case['lang']}"
    assert case["lang"] in ("pt", "en")
    assert case["gold"] in ACCEPTED
    assert case["why"].strip()
    assert {case["domain"], *case.get("domain_also", ())} <= {domain.value for domain in Domain}
    assert (case["pair"] is None) == ("riskier" not in case)
    assert words(case).strip()


def test_ids_are_unique() -> None:
    assert not [name for name, count in Counter(case["id"] for case in CASES).items() if count > 1]


def test_twins_are_complete_and_labelled_alike() -> None:
    twins: dict[str, list[Item]] = defaultdict(list)
    for case in CASES:
        twins[case["group"]].append(case)
    for group in twins.values():
        assert sorted(case["lang"] for case in group) == ["en", "pt"], group[0]["group"]
        pt, en = group
        labels = ("gold", "domain", "domain_also", "pair", "riskier")
        assert [pt.get(name) for name in labels] == [en.get(name) for name in labels], pt["group"]
        assert (pt["plan"] is None) == (en["plan"] is None), pt["group"]


def test_a_pair_has_one_riskier_side_of_no_milder_class() -> None:
    rank = {"harmless": 0, "cautious": 1, "dangerous": 2}
    pairs: dict[str, dict[bool, Item]] = defaultdict(dict)
    for case in ENGLISH:
        if case["pair"]:
            pairs[case["pair"]][case["riskier"]] = case
    for name, pair in pairs.items():
        assert set(pair) == {True, False}, name
        assert rank[pair[True]["gold"]] > rank[pair[False]["gold"]], name


def test_dev_and_test_share_no_scenario_and_no_pair() -> None:
    assert not {case["group"] for case in DEV} & {case["group"] for case in TEST}
    assert not {case["pair"] for case in DEV if case["pair"]} & {case["pair"] for case in TEST}


@pytest.mark.parametrize("lang", ["pt", "en"])
def test_nothing_in_test_resembles_dev(lang: str) -> None:
    dev = [(case["id"], shingles(case)) for case in DEV if case["lang"] == lang and _worded(case)]
    test = [(case["id"], shingles(case)) for case in TEST if case["lang"] == lang and _worded(case)]
    assert not [(one, other) for one, left in dev for other, right in test if likeness(left, right) > 0.5]


@pytest.mark.parametrize("lang", ["pt", "en"])
def test_no_near_duplicates_but_pairs_and_contrasts(lang: str) -> None:
    cases = [(case, shingles(case)) for case in CASES if case["lang"] == lang and _worded(case)]
    alike = [
        (one["id"], other["id"])
        for (one, left), (other, right) in combinations(cases, 2)
        if likeness(left, right) > 0.7
        and (not one["pair"] or one["pair"] != other["pair"])
        and not {"xb"} & {one["id"][:2], other["id"][:2]}
    ]
    assert not alike


def _worded(case: Item) -> bool:
    """Manifests and plan files of one kind look alike whatever they do."""
    return (case["plan"] or {}).get("format") not in ("kubernetes", "terraform")


def test_the_set_is_large_balanced_and_half_our_own() -> None:
    assert len(ENGLISH) >= 250
    assert sum(not case["id"].startswith("ev-") for case in ENGLISH) <= len(ENGLISH) / 2
    for part in (DEV, TEST):
        golds = Counter(case["gold"] for case in part)
        assert min(golds.values()) > 0.25 * len(part)
        assert {case["domain"] for case in part} == {domain.value for domain in Domain}


def test_every_format_and_every_hard_kind_is_there() -> None:
    formats = Counter((case["plan"] or {}).get("format") for case in ENGLISH)
    assert all(formats[name] >= 8 for name in FORMATS)
    tags = Counter(tag for case in ENGLISH for tag in case["tags"])
    assert all(tags[name] >= 4 for name in HARD)
    assert sum(bool({*HARD} & {*case["tags"]}) for case in ENGLISH) >= 0.45 * len(ENGLISH)


@pytest.mark.parametrize("part", ["dev", "test"])
def test_personal_data_stand_in_their_text(part: str) -> None:
    for case in items(part, "pii.json"):
        assert case["pii"] or case["keep"], case["id"]
        for value in [entry["value"] for entry in case["pii"]] + case["keep"]:
            assert value in words(case), case["id"]


def test_language_texts_are_many_and_labelled() -> None:
    texts = items("dev", "language.json") + items("test", "language.json")
    assert len(texts) >= 80
    assert len({text["intent_text"] for text in texts}) == len(texts)
    assert {text["lang"] for text in texts} == {"pt", "en"}
