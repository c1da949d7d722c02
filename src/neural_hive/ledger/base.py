"""The port of the ledger: append-only, durable before it returns, provable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from neural_hive.types import Receipt


class Ledger(Protocol):
    """An RFC 6962 Merkle tree of canonical JSON records with signed checkpoints.

    A record is a JSON object with at least `schema` ("decision/v1", "feedback/v1", "approval/v1"),
    `id` (unique), `created_at` (RFC 3339, UTC) and, for all but decisions, `decision_id`. Words of
    a person stand under `content` only, which is sealed and can be erased.
    """

    async def append(self, record: dict[str, Any]) -> Receipt:
        """Write a record; when this returns it survives a crash of the machine.

        Raises:
            LedgerError: It could not be written; nothing was.
            ConflictError: Its id is taken.
        """
        ...

    async def get(self, record_id: str) -> dict[str, Any]:
        """The record with this id.

        Raises:
            NotFoundError: There is none.
        """
        ...

    async def find(
        self,
        *,
        verdict: str | None = None,
        decision_id: str | None = None,
        schema: str = "decision/v1",
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[tuple[int, dict[str, Any]]]:
        """Records with their leaf index, newest first, below leaf index `before`, at most `limit`."""
        ...

    async def prove(self, record_id: str, *, since: int | None = None) -> Receipt | tuple[str, ...]:
        """A receipt against the current head, or with `since` (a tree size) the consistency proof from it."""
        ...

    async def head(self) -> str:
        """The current signed checkpoint (text); an empty tree has one too."""
        ...
