"""The architecture specialist: does it fit and hold at scale?"""

from __future__ import annotations

from neural_hive.specialists.architecture.structure import structure
from neural_hive.specialists.rules import RuleSpecialist


def specialist() -> RuleSpecialist:
    """Open the specialist in process."""
    return RuleSpecialist(__name__, structure)
