"""What came of a decision: outcomes that people report, approvals that people give.

Both are records of the ledger (`feedback/v1`, `approval/v1`) that refer to a decision; neither
changes it. The first outcome of a decision moves the specialists' weights in its domain.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from neural_hive import telemetry
from neural_hive.errors import ConflictError, InputError, NotFoundError
from neural_hive.ledger.base import Ledger
from neural_hive.memory import Memory
from neural_hive.records import APPROVAL, DECISION, FEEDBACK, masked_caller, new_id, timestamp
from neural_hive.reliability import Reliability
from neural_hive.types import Domain, Receipt
from neural_hive.understanding.privacy import mask

Outcome = Literal["harmful", "harmless"]
_PAGE = 500


class Outcomes:
    """Records what came of decisions and learns from it.

    Args:
        ledger: Where decisions, outcomes and approvals stand.
        memory: Where they are linked to their decisions.
    """

    def __init__(self, ledger: Ledger, memory: Memory) -> None:
        self._ledger = ledger
        self._memory = memory
        self._reliability = Reliability()

    def weights(self, domain: Domain) -> dict[str, float]:
        """The reliability weights in force, by specialist; 1.0 for those left out."""
        return self._reliability.weights(domain.value)

    async def replay(self) -> None:
        """Learn again, in their order, from all outcomes in the ledger."""
        for record in await self._all(FEEDBACK):
            self._learn(record)

    async def decision(self, decision_id: str) -> dict[str, Any]:
        """The record of a decision.

        Raises:
            NotFoundError: There is none with this id.
        """
        try:
            record = await self._ledger.get(decision_id)
        except NotFoundError:
            record = {}
        if record.get("schema") != DECISION:
            raise NotFoundError("error.no_decision")
        return record

    async def report(self, decision_id: str, outcome: Outcome, *, comment: str = "", caller: str = "") -> dict[str, Any]:
        """Record whether harm came of a decision.

        Raises:
            NotFoundError: No such decision.
            LedgerError: It could not be recorded.
        """
        decision = await self.decision(decision_id)
        record = _entry(FEEDBACK, _first(decision_id), decision_id, comment, caller) | {
            "outcome": outcome,
            "domain": decision["domain"],
            "risks": {vote["specialist"]: vote["risk"] for vote in decision["votes"]},
            "counted": True,
        }
        try:
            receipt = await self._ledger.append(record)
        except ConflictError:  # there is a first one; of many at once, at any gateway, the ledger takes one
            record |= {"id": new_id("fb"), "counted": False}
            receipt = await self._ledger.append(record)
        self._learn(record)
        self._memory.remember_outcome(record, receipt.leaf_index)
        telemetry.FEEDBACK.labels(outcome=outcome).inc()
        return _public(record) | {"receipt": receipt}

    async def approve(self, decision_id: str, *, approved: bool, comment: str = "", caller: str = "") -> dict[str, Any]:
        """Record that a person approved or refused; raises as `report`."""
        decision = await self.decision(decision_id)
        record = _entry(APPROVAL, new_id("apr"), decision_id, comment, caller) | {"approved": approved, "verdict_was": decision["verdict"]}
        receipt = await self._ledger.append(record)
        self._memory.remember_outcome(record, receipt.leaf_index)
        return _public(record) | {"receipt": receipt}

    async def of(self, decision_id: str) -> dict[str, list[dict[str, Any]]]:
        """All outcomes and approvals of a decision, oldest first."""
        return {
            "feedback": [_public(record) for record in await self._all(FEEDBACK, decision_id)],
            "approvals": [_public(record) for record in await self._all(APPROVAL, decision_id)],
        }

    async def erase(self, decision_id: str) -> Receipt:
        """Destroy every word of people about a decision: its own, and those of its outcomes and approvals.

        The verdict, the figures and the proofs stay. Doing it twice changes nothing.

        Returns:
            The receipt of the erasure's own record.

        Raises:
            NotFoundError: No such decision.
            LedgerError, UnavailableError: Not everything is erased; do it again.
            InputError: This ledger cannot erase.
        """
        await self.decision(decision_id)
        destroy = getattr(self._ledger, "erase", None)
        if destroy is None:
            raise InputError("error.cannot_erase")
        for schema in (FEEDBACK, APPROVAL):
            for record in await self._all(schema, decision_id):
                if not record.get("erased"):
                    await destroy(record["id"])
        receipt: Receipt = await destroy(decision_id)
        await self._memory.forget(decision_id)
        return receipt

    async def _all(self, schema: str, decision_id: str | None = None) -> list[dict[str, Any]]:
        """All records of a kind, of one decision or of every one, oldest first."""
        found: list[dict[str, Any]] = []
        before: int | None = None
        while True:
            page = await self._ledger.find(schema=schema, decision_id=decision_id, before=before, limit=_PAGE)
            found.extend(record for _, record in page)
            if len(page) < _PAGE:
                return found[::-1]
            before = page[-1][0]

    def _learn(self, record: dict[str, Any]) -> None:
        if record["counted"]:
            self._reliability.learn(
                record["domain"], record["risks"], harmful=record["outcome"] == "harmful", created_at=record["created_at"]
            )


def _first(decision_id: str) -> str:
    """The id of a decision's first outcome, the one that counts: the ledger takes each id once."""
    return "fb_" + hashlib.blake2b(decision_id.encode(), digest_size=16, person=b"hive-feedback").hexdigest()


def _entry(schema: str, record_id: str, decision_id: str, comment: str, caller: str) -> dict[str, Any]:
    content = {"comment": mask(comment).text, "by": masked_caller(caller)}
    return {"schema": schema, "id": record_id, "created_at": timestamp(), "decision_id": decision_id, "content": content}


def _public(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what only the machine needs, its words at the top."""
    shown = {name: value for name, value in record.items() if name not in ("content", "counted", "risks", "schema", "erased")}
    return shown | (record.get("content") or {"comment": None, "by": None})
