"""The evolution specialist: can we live with it afterwards?"""

from __future__ import annotations

from neural_hive.specialists.rules import RuleSpecialist


def specialist() -> RuleSpecialist:
    """Open the specialist in process."""
    return RuleSpecialist(__name__)
