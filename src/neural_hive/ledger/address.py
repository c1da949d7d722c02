"""Which kind of ledger a URL names, for those who read one without a running hive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neural_hive.errors import MissingDriverError

DEADLINE = 5.0
"""Seconds that a ledger on a server has to answer, unless told otherwise."""


def is_mongo(url: str | Path) -> bool:
    """Whether a URL names a ledger in MongoDB; all others are files."""
    return str(url).startswith(("mongodb://", "mongodb+srv://"))


@contextmanager
def needing_mongo() -> Iterator[None]:
    """Say which extra to install when the driver is not there.

    Raises:
        MissingDriverError: It is not.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingDriverError("error.missing_driver", kind="ledger", scheme="mongodb", module=error.name or "", extra="mongo") from error
