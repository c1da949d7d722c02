"""Where the servers' programs and data are: everything stands below one folder of the user's cache.

Both paths are found while this module is imported, because tests/conftest.py gives the tests another home later.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

CHECKOUT = Path(__file__).resolve().parents[2]

# Programs, kept from run to run. HIVE_TEST_CACHE puts them elsewhere.
CACHE = Path(os.environ.get("HIVE_TEST_CACHE") or user_cache_path("neural-hive-services", appauthor=False)).resolve()

# Data, logs and process ids of this checkout's servers; `down` removes it.
RUN = CACHE / "run" / sha256(str(CHECKOUT).encode()).hexdigest()[:8]
PRIVATE = RUN / "private"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep every other process and thread out of `name` for the time being."""
    path = CACHE / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
