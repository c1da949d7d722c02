from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.errors import InputError, IntegrityError
from neural_hive.ledger.leaf import seal, unseal

RECORD: dict[str, Any] = {"schema": "decision/v1", "id": "d1", "created_at": "2025-01-01T00:00:00Z", "verdict": "reject"}


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=1))
def test_content_comes_back(content: dict[str, Any]) -> None:
    record = RECORD | {"content": content}
    leaf = seal(record)
    assert unseal(leaf.body, leaf.key) == record


def test_no_word_of_the_content_stands_in_the_leaf() -> None:
    leaf = seal(RECORD | {"content": {"text": "apagar os clientes"}})
    assert b"clientes" not in leaf.body
    assert b"reject" in leaf.body
    assert leaf.key is not None
    assert leaf.key not in leaf.body


def test_equal_contents_give_unequal_leaves() -> None:
    record = RECORD | {"content": {"text": "sim"}}
    assert seal(record).body != seal(record).body


def test_without_the_key_the_content_is_gone() -> None:
    assert unseal(seal(RECORD | {"content": {"text": "x"}}).body, None) == RECORD | {"content": None, "erased": True}


def test_a_record_without_content_has_no_key() -> None:
    leaf = seal(RECORD)
    assert leaf.key is None
    assert unseal(leaf.body, None) == RECORD


def test_content_cannot_be_passed_off_as_another_records() -> None:
    one, other = seal(RECORD | {"content": {"text": "x"}}), seal(RECORD | {"id": "d2", "content": {"text": "y"}})
    swapped = one.body.replace(b'"id":"d1"', b'"id":"d2"')
    for body, key in ((swapped, one.key), (one.body, other.key), (b"no json", one.key), (one.body, b"short")):
        with pytest.raises(IntegrityError):
            unseal(body, key)


@pytest.mark.parametrize(
    "change", [{"id": ""}, {"id": None}, {"schema": 7}, {"created_at": None}, {"erased": True}, {"x": {1}}, {"x": float("nan")}]
)
def test_unusable_records_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        seal(RECORD | change)


def test_unusable_content_is_refused() -> None:
    with pytest.raises(InputError):
        seal(RECORD | {"content": {"x": object()}})
