"""Callers of two gateways that do not give up: whoever gets no answer asks the other one again, under the same Idempotency-Key."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ANSWER = 30.0  # seconds that one request may take
PATIENCE = 120.0  # seconds until somebody has to answer
PAUSE = 0.3  # seconds before a request is repeated, at most
THINKING = 0.2  # seconds between two intentions of one caller, at most
TWICE = 0.2  # of all intentions, that are asked a second time
BATCH = 8  # intentions
JSON, LINES = "application/json", "application/x-ndjson"


@dataclass(frozen=True)
class Told:
    """What a caller was told about an intention, and may rely on."""

    text: str
    decision_id: str
    verdict: str
    leaf_index: int
    leaf_hash: str


@dataclass
class Caller:
    """One client, with the dice that decide what it does.

    Attributes:
        ports: Of the gateways.
        texts: What it may ask.
        told: The answers it got.
        batches: The texts of each batch that it queued, by id.
        troubles: How often it had to ask again, and why.
    """

    ports: Sequence[int]
    texts: Sequence[str]
    dice: random.Random
    told: list[Told] = field(default_factory=list)
    batches: dict[str, list[str]] = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)

    def ask(self, stop: threading.Event) -> None:
        """Ask for decisions until told to stop; the last one is waited for."""
        while not stop.wait(self.dice.uniform(0.0, THINKING)):
            text, key = self.dice.choice(self.texts), self._key()
            self.told.append(self._decision(text, key))
            if self.dice.random() < TWICE:
                again = self._decision(text, key)
                assert again == self.told[-1], f"told {self.told[-1]}, then {again}"

    def queue(self, stop: threading.Event) -> None:
        """Queue batches until told to stop."""
        while not stop.wait(self.dice.uniform(1.0, 4.0)):
            texts, key = self.dice.sample(self.texts, BATCH), self._key()
            body = "\n".join(json.dumps({"intent_text": text}) for text in texts)
            answer = self.until_told("POST", "/api/v1/batches", 202, body, {"Content-Type": LINES, "Idempotency-Key": key})
            assert answer["accepted"] == BATCH, answer
            self.batches[answer["batch_id"]] = texts

    def until_told(self, method: str, path: str, status: int, body: str = "", headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer with this status, of whichever gateway gives it first; 503 and a broken connection are no answers."""
        began, place = time.monotonic(), self.dice.randrange(len(self.ports))
        while time.monotonic() - began < PATIENCE:
            try:
                found, answer = asked(self.ports[place], method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                self.troubles[type(error).__name__] += 1
            else:
                if found == status:
                    return answer
                assert found == 503, (found, answer.get("code"))
                self.troubles[f"503 {answer['code']}"] += 1
            place = (place + 1) % len(self.ports)
            time.sleep(self.dice.uniform(0.0, PAUSE))
        raise AssertionError(f"no answer within {PATIENCE} s: {self.troubles}")

    def _decision(self, text: str, key: str) -> Told:
        headers = {"Content-Type": JSON, "Idempotency-Key": key}
        answer = self.until_told("POST", "/api/v1/intents", 200, json.dumps({"intent_text": text}), headers)
        receipt = answer["receipt"]
        return Told(text, answer["decision_id"], answer["verdict"], receipt["leaf_index"], receipt["leaf_hash"])

    def _key(self) -> str:
        return str(UUID(int=self.dice.getrandbits(128)))


def asked(port: int, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and body of one request; raises OSError or HTTPException when there is no whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER)
    try:
        connection.request(method, path, body.encode() or None, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
