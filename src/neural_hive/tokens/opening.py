"""From settings to a guard; the only place that loads what verifies tokens."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from neural_hive.errors import MissingDriverError
from neural_hive.settings import Auth
from neural_hive.tokens.base import Guard


def guard_of(auth: Auth) -> Guard | None:
    """The guard that the settings ask for, None for `auth.mode=none`. Keys are fetched when they are first needed.

    Raises:
        SettingsError: Something is missing or cannot be used.
        MissingDriverError: PyJWT is not installed.
    """
    if auth.mode == "none":
        return None
    try:
        module = importlib.import_module("neural_hive.tokens.oidc")
    except ModuleNotFoundError as error:
        raise MissingDriverError("error.missing_driver", kind="auth.mode", scheme="oidc", module=error.name or "", extra="auth") from error
    guard: Guard = module.OidcGuard(auth)
    return guard


@asynccontextmanager
async def open_guard(auth: Auth) -> AsyncIterator[Guard | None]:
    """As `guard_of`, with keys that are fetched in the background until the block ends."""
    guard = guard_of(auth)
    if guard is None:
        yield None
        return
    async with guard.watching():
        yield guard
