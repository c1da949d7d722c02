"""The token that this process shows itself: where it acts for no caller, or for the person at the command line."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from neural_hive.errors import SettingsError
from neural_hive.settings import Auth
from neural_hive.tokens.base import MOST_CHARS, TokenError, formed

VARIABLE = "HIVE_TOKEN"
_log = logging.getLogger(__name__)


class TokenFile:
    """A file with a token, read again when it changes: whoever issues short tokens writes new ones there.

    Args:
        path: The file.

    Raises:
        SettingsError: It cannot be read, or holds no token.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self._token = self._read()
        self._trouble = ""

    def __call__(self) -> str:
        """The token as it stands there now; while the file cannot be read, the one from before."""
        try:
            if (stamp := self._stamp()) != self._seen:
                self._token, self._seen = self._read(), stamp
            self._trouble = ""
        except SettingsError as error:
            if error.key != self._trouble:  # each call asks: what is wrong is said once
                self._trouble = error.key
                _log.warning("the token from before is shown on: %s", error)
        return self._token

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise self._error(error.strerror or type(error).__name__) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                return formed(file.read(2 * MOST_CHARS).decode("ascii").strip())
        except OSError as error:
            raise self._error(error.strerror or type(error).__name__) from error
        except (TokenError, UnicodeDecodeError):
            raise SettingsError("error.auth_token_content", path=str(self._path)) from None  # the cause may quote the token

    def _error(self, reason: str) -> SettingsError:
        return SettingsError("error.auth_token_file", path=str(self._path), reason=reason)


def token_file(auth: Auth | None) -> TokenFile | None:
    """The file that the settings name, read once; raises SettingsError."""
    return TokenFile(auth.token_file) if auth is not None and auth.token_file is not None else None


def own_token(auth: Auth) -> str:
    """What the command line shows to a running hive: the variable `HIVE_TOKEN`, else `auth.token_file`, else nothing.

    Raises:
        SettingsError: What stands there is no token.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        try:
            return formed(given)
        except TokenError:
            raise SettingsError("error.auth_token_variable", variable=VARIABLE) from None
    kept = token_file(auth)
    return kept() if kept is not None else ""
