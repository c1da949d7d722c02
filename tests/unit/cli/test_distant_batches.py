"""Rows in batches for a running hive: what is too much for it is sent in parts, and what it has lost is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from neural_hive.cli.caller import Caller
from neural_hive.cli.distant import Found, judged
from neural_hive.cli.inputs import Asked
from neural_hive.cli.rows import read
from neural_hive.errors import InputError, UnavailableError
from tests.unit.cli.gateways import Gateway, serving


class Small(Gateway):
    """A gateway that takes few lines and few bytes, and decides at once."""

    batches: dict[str, list[str]]
    lines = 3
    size = 400
    refuses = ""
    gone: tuple[str, ...] = ()

    def do_POST(self) -> None:  # noqa: N802 -- the name that the base class calls
        body = self.rfile.read(int(self.headers["content-length"]))
        texts = [json.loads(line)["intent_text"] for line in body.split(b"\n")]
        if self.refuses:
            self.answer(422, {"code": self.refuses, "detail": "no"})
        elif len(body) > self.size:
            self.answer(413, {"code": "body_too_large", "detail": "too large"})
        elif len(texts) > self.lines:
            self.answer(422, {"code": "batch_too_long", "detail": "too long"})
        else:
            name = f"bat_{len(self.batches)}"
            self.batches[name] = texts
            self.answer(202, {"batch_id": name, "refused": []})

    def do_GET(self) -> None:  # noqa: N802 -- the name that the base class calls
        name = urlsplit(self.path).path.rpartition("/")[2]
        if name in self.gone:
            self.answer(404, {"code": "no_batch" if name.startswith("bat_") else "no_decision", "detail": f"{name} is gone."})
        elif name in self.batches:
            told = [{"position": place, "decision_id": f"dec_{words}"} for place, words in enumerate(self.batches[name])]
            self.answer(200, {"outcomes": told})
        else:
            self.answer(200, {"decision_id": name, "text": name.removeprefix("dec_")})


@pytest.fixture
def gateway() -> Iterator[tuple[str, type[Small]]]:
    handler = type("Handler", (Small,), {"batches": {}})
    with serving(handler) as url:
        yield url, handler


def found(gateway: tuple[str, type[Small]], path: Path, *texts: str) -> list[Found]:
    path.write_text("\n".join(json.dumps(text) if text != "broken" else text for text in texts), encoding="utf-8")
    return list(judged(Caller(gateway[0], "en"), read(path), Asked(), queue=True, fresh=False))


def test_what_is_too_much_for_the_gateway_is_sent_in_parts(gateway: tuple[str, type[Small]], tmp_path: Path) -> None:
    """One row that alone is too large is that row's problem; the others are judged, in their order."""
    texts = ["a", "b", "x" * 500, "c", "broken", "d", "e", "f", "g"]
    told = found(gateway, tmp_path / "rows.jsonl", *texts)
    assert [each.answer["text"] if each.answer else "" for each in told] == ["a", "b", "", "c", "", "d", "e", "f", "g"]
    assert told[2].problem == "too large"
    assert told[4].problem
    assert all(len(batch) <= 3 for batch in gateway[1].batches.values())


def test_a_file_of_rows_that_are_all_too_large_ends(gateway: tuple[str, type[Small]], tmp_path: Path) -> None:
    told = found(gateway, tmp_path / "rows.jsonl", "broken", "x" * 500, "broken", "y" * 500)
    assert [each.problem == "too large" for each in told] == [False, True, False, True]


def test_another_refusal_stops_the_file(gateway: tuple[str, type[Small]], tmp_path: Path) -> None:
    gateway[1].refuses = "batch_kind"
    with pytest.raises(InputError) as raised:
        found(gateway, tmp_path / "rows.jsonl", "a")
    assert raised.value.key == "error.cli_batch_refused"


def test_a_batch_that_is_gone_says_what_to_do(gateway: tuple[str, type[Small]], tmp_path: Path) -> None:
    gateway[1].gone = ("bat_0",)
    with pytest.raises(UnavailableError) as raised:
        found(gateway, tmp_path / "rows.jsonl", "a")
    assert raised.value.key == "error.cli_batch_gone"
    assert "bat_0 is gone." in raised.value.render("en")
    assert "Repita o comando" in raised.value.render("pt")


def test_a_decision_that_is_not_found_is_the_problem_of_its_row(gateway: tuple[str, type[Small]], tmp_path: Path) -> None:
    gateway[1].gone = ("dec_b",)
    told = found(gateway, tmp_path / "rows.jsonl", "a", "b", "c")
    assert [each.problem for each in told] == ["", "dec_b is gone.", ""]
