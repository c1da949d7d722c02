"""Rows for a running hive: what is sent, and what is done when it is busy, away or no hive at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural_hive.cli.caller import Caller, RefusedError
from neural_hive.cli.distant import judged, request_of
from neural_hive.cli.inputs import Asked
from neural_hive.cli.rows import read
from neural_hive.errors import UnavailableError
from neural_hive.gateway.requests import decode_intent, intent_of
from neural_hive.types import Context, Environment, GivenPlan, GivenTask, Intent, SourcePlan
from tests.unit.cli.gateways import Gateway, serving


class Counter(Gateway):
    """A server that is busy at first and then answers what it was asked."""

    asked: list[tuple[str, str, Any]]
    busy = 1

    def do_POST(self) -> None:  # noqa: N802 -- the name that the base class calls
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append((self.path, self.headers["idempotency-key"], body))
        if len(self.asked) <= self.busy:
            self.answer(503, {"code": "queue_full"})
        elif body["intent_text"] == "refuse":
            self.answer(422, {"code": "empty_intent", "detail": "nothing\x1b[2J to decide"})
        else:
            self.answer(200, {"decision_id": "dec_1", "verdict": "approve", "text": body["intent_text"]})

    def do_GET(self) -> None:  # noqa: N802 -- the name that the base class calls
        self.answer(404, {"detail": "some other server"})


@pytest.fixture
def server() -> Iterator[tuple[str, type[Counter]]]:
    handler = type("Handler", (Counter,), {"asked": []})
    with serving(handler) as url:
        yield url, handler


@pytest.mark.parametrize(
    "intent",
    [
        Intent(text="apagar ação"),
        Intent(text="x", user_id="u", language="pt", context=Context(project="p", domain="d", priority="high")),
        Intent(text="", plan=SourcePlan(source="DROP TABLE a", format="sql"), context=Context(environment=Environment.PRODUCTION)),
        Intent(
            text="x",
            plan=GivenPlan(
                tasks=(
                    GivenTask(id="a", description="b", type="c"),
                    GivenTask(id="d", description="e", dependencies=("a",), duration=3.5, parameters={"f": [1, "g"]}),
                )
            ),
        ),
    ],
)
def test_what_is_sent_says_the_same(intent: Intent) -> None:
    assert intent_of(decode_intent(json.dumps(request_of(intent)).encode())) == intent


def asked_of(server: tuple[str, type[Counter]], path: Path, *, fresh: bool = False) -> list[Any]:
    return [
        found.answer["text"] if found.answer else found.problem
        for found in judged(Caller(server[0], "en"), read(path), Asked(), queue=False, fresh=fresh)
    ]


def test_rows_keep_their_order_and_their_keys(server: tuple[str, type[Counter]], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([json.dumps({"intent_text": f"do {number}"}) for number in range(40)] + ['"do 1"', "broken", '"refuse"']))
    expected = [f"do {number}" for number in range(40)] + ["do 1"]
    found = asked_of(server, path)
    assert found[:41] == expected
    assert found[42] == "nothing� [2J to decide" or "\x1b" not in found[42]
    first = {(key, body["intent_text"]) for _, key, body in server[1].asked}
    assert len({key for key, _ in first}) == 42, "two rows that say the same are two decisions"
    server[1].asked.clear()
    asked_of(server, path)
    assert {(key, body["intent_text"]) for _, key, body in server[1].asked} == first
    server[1].asked.clear()
    asked_of(server, path, fresh=True)
    assert not {key for _, key, _ in server[1].asked} & {key for key, _ in first}


def test_a_refusal_is_told_with_its_code(server: tuple[str, type[Counter]]) -> None:
    server[1].busy = 0
    with pytest.raises(RefusedError) as raised:
        Caller(server[0], "en").ask("POST", "/api/v1/intents", b'{"intent_text": "refuse"}')
    assert raised.value.code == "empty_intent"


def test_another_server_is_no_hive(server: tuple[str, type[Counter]]) -> None:
    with pytest.raises(UnavailableError):
        Caller(server[0], "en").ask("GET", "/api/v1/batches/bat_1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:1"])
def test_patience_ends(url: str) -> None:
    with pytest.raises(UnavailableError):
        Caller(url, "en", patience=0.1).ask("GET", "/ready")


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:port"])
def test_a_url_of_no_hive_is_told(url: str) -> None:
    with pytest.raises(UnavailableError):
        Caller(url, "en")


def test_credentials_of_a_url_are_not_repeated() -> None:
    assert "secret" not in Caller("http://user:secret@host:1", "en").url


def test_options_that_need_another_are_told(hive: Any) -> None:
    for words in (("text", "--url", "http://127.0.0.1:1"), ("--input", "a.jsonl", "--queue"), ("text", "--fresh")):
        done = hive("review", *words)
        assert done.code == 64
        assert "--input" in done.err
