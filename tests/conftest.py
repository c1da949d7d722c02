"""What holds for every test: nobody's own hive is read or written, and a failure can be repeated."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import tests.services.folders  # noqa: F401 -- finds the user's cache before the tests get a home of their own

# The cores are shared, so no example has a deadline; the same examples every time, so that a
# failure in CI is the failure at home. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of the caller stay outside, and the platform's user directories are temporary ones."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HIVE_") and not name.startswith("HIVE_TEST_")]:
            patch.delenv(name)
        for name, folder in user_folders(home).items():
            patch.setenv(name, str(folder))
        yield


@pytest.fixture(autouse=True)
def _own_log_levels() -> Iterator[None]:
    """A command that runs within a test configures the log of the whole process."""
    kept = {logger: logger.level for logger in (logging.getLogger(), logging.getLogger("neural_hive"))}
    yield
    for logger, level in kept.items():
        logger.setLevel(level)


def user_folders(home: Path) -> dict[str, Path]:
    """Variables that say where a user's files are, on Linux and on macOS."""
    return {"HOME": home, "XDG_DATA_HOME": home / "data", "XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": home / "cache"}
