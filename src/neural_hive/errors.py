"""Every error the hive raises on purpose, and the catalogue that words them.

    HiveError
      InputError            the caller can mend it (HTTP 4xx, exit 64)
        PlanError           the plan is not a valid DAG, or cannot be parsed
        LimitError          too long, too many, too often
        NotFoundError
        ConflictError       an Idempotency-Key reused for another body
      UnavailableError      the hive cannot answer now and nothing was approved (HTTP 503)
        LedgerError         the ledger cannot be written or read
      IntegrityError        the ledger was tampered with
      MissingDriverError    an adapter's extra is not installed
      SettingsError

An error carries a catalogue key and its parameters; `render` words it in pt-BR or English. Codes
of HTTP, gRPC or the shell never appear here: each entry point maps the tree by itself.
"""

from __future__ import annotations

from typing import Any

from neural_hive.messages import text


class HiveError(Exception):
    """Base of all errors raised on purpose.

    Args:
        key: Catalogue key, "error.<name>"; also the stable part of a problem's type.
        **params: Values for the placeholders of the message.
    """

    def __init__(self, key: str, **params: Any) -> None:
        self.key = key
        self.params = params
        super().__init__(self.render("en"))

    def render(self, language: str) -> str:
        """The message in "pt" or "en": what was wrong and what to do."""
        return text(self.key, language, **self.params)


class InputError(HiveError):
    """The caller's input cannot be used as it is."""


class PlanError(InputError):
    """The plan is not a valid DAG of tasks, or its source cannot be parsed."""


class LimitError(InputError):
    """Something is too long, too many or too frequent."""


class NotFoundError(InputError):
    """No such decision, specialist or leaf."""


class ConflictError(InputError):
    """The request contradicts an earlier one."""


class UnavailableError(HiveError):
    """The hive cannot answer now; nothing was approved."""


class LedgerError(UnavailableError):
    """The ledger cannot be written or read."""


class IntegrityError(HiveError):
    """The ledger's content does not match its proofs."""


class MissingDriverError(HiveError):
    """An adapter was asked for whose driver is not installed."""


class SettingsError(HiveError):
    """A setting has a value that cannot be used."""
