"""The content of a specialist's artefact: what is accepted, and what it promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.errors import IntegrityError
from neural_hive.models.weighing import Weighing, is_like, pack, unpack

GOOD = Weighing(
    specialist="technical",
    weights={"a": 0.7, "b": 0.3},
    lift=0.12,
    lines=(0.15, 0.5),
    knots=((0.0, 0.0), (0.1, 0.05), (0.15, 0.15), (0.3, 0.4), (0.5, 0.5), (1.0, 1.0)),
)


def changed(**parts: Any) -> Weighing:
    return msgspec.structs.replace(GOOD, **parts)


def test_what_is_packed_is_unpacked() -> None:
    artefact = pack(GOOD)
    assert unpack(artefact) == GOOD
    assert artefact == pack(changed())
    assert artefact.sha256.startswith(artefact.version)


@pytest.mark.parametrize(
    "bad",
    [
        changed(weights={"a": 0.7, "b": 0.31}),
        changed(weights={"a": 1.2, "b": -0.2}),
        changed(weights={"a": float("nan"), "b": 0.3}),
        changed(lift=-0.1),
        changed(lift=1.1),
        changed(knots=((0.0, 0.0), (0.15, 0.15), (0.3, 0.5), (0.4, 0.45), (0.5, 0.5), (1.0, 1.0))),
        changed(knots=((0.0, 0.0), (0.3, 0.2), (1.0, 1.0))),
        changed(knots=((0.1, 0.1), (1.0, 1.0))),
        changed(knots=((0.0, 0.0), (0.1, 0.15), (0.15, 0.15), (0.5, 0.5), (1.0, 1.0))),
        changed(knots=((0.0, 0.0),)),
        changed(specialist="behavior"),
        changed(schema="specialist/v2"),
    ],
)
def test_numbers_that_break_a_promise_are_refused(bad: Weighing) -> None:
    artefact = replace(pack(bad), name="technical")
    with pytest.raises(IntegrityError) as caught:
        unpack(artefact)
    assert caught.value.key == "error.model_unusable"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", pack(GOOD).content[:-3], pack(GOOD).content.replace(b"lift", b"left")])
def test_what_is_no_artefact_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        unpack(replace(pack(GOOD), content=content))


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_map_never_falls_and_stays_in_bounds(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= GOOD.mapped(low) <= GOOD.mapped(high) + 1e-12 <= 1.0 + 1e-9


def test_the_map_leaves_the_lines_alone() -> None:
    assert all(GOOD.mapped(line) == pytest.approx(line) for line in (0.0, *GOOD.lines, 1.0))
    assert GOOD.mapped(0.1) == pytest.approx(0.05)
    assert GOOD.is_mapped
    assert not changed(knots=((0.0, 0.0), (1.0, 1.0))).is_mapped


def test_one_stands_in_for_another_only_with_the_same_factors_and_lines() -> None:
    assert is_like(GOOD, changed(lift=0.3, weights={"b": 0.5, "a": 0.5}))
    assert not is_like(GOOD, changed(weights={"a": 1.0}))
    assert not is_like(GOOD, changed(lines=(0.15,)))
