"""How much each specialist's word weighs in a domain: Beta posteriors of being right, which fade.

A reported outcome counts for a specialist by the share of probability that its risk gave to what
happened (1 in total for each outcome). Counts fade by half every `HALF_LIFE` days, so that old
merits do not weigh forever: the "pheromones". Where outcomes are kept is the caller's business;
learning them again in their order gives the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

HALF_LIFE = 90.0
"""Days after which an outcome counts half."""

_PRIOR_RIGHT, _PRIOR_WRONG = 4.0, 2.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """Beta posterior of a specialist being right in a domain.

    Attributes:
        right, wrong: Faded counts of outcomes for and against the specialist.
        day: The day, in days since 1970, up to which the counts have faded.
    """

    right: float = 0.0
    wrong: float = 0.0
    day: float = 0.0

    def faded(self, day: float) -> Posterior:
        """The counts as they stand on `day`; a day before the last one changes nothing."""
        if day <= self.day:
            return self
        share = 0.5 ** ((day - self.day) / HALF_LIFE)
        return Posterior(self.right * share, self.wrong * share, day)

    def observe(self, right: float, day: float) -> Posterior:
        """The posterior after one more outcome, `right` in [0, 1] of it for the specialist."""
        now = self.faded(day)
        return Posterior(now.right + right, now.wrong + 1.0 - right, now.day)

    @property
    def weight(self) -> float:
        """Posterior mean relative to the prior's: 1.0 when nothing is known, in (0, 1.5)."""
        mean = (self.right + _PRIOR_RIGHT) / (self.right + self.wrong + _PRIOR_RIGHT + _PRIOR_WRONG)
        return mean * (_PRIOR_RIGHT + _PRIOR_WRONG) / _PRIOR_RIGHT


class Reliability:
    """The posteriors of all specialists in all domains."""

    def __init__(self) -> None:
        self._posteriors: dict[tuple[str, str], Posterior] = {}
        self._day = 0.0

    def weights(self, domain: str) -> dict[str, float]:
        """Weights by specialist in a domain, as of the latest outcome anywhere; 1.0 for those left out."""
        found = sorted(item for item in self._posteriors.items() if item[0][1] == domain)
        return {specialist: round(posterior.faded(self._day).weight, 6) for (specialist, _), posterior in found}

    def learn(self, domain: str, risks: Mapping[str, float], *, harmful: bool, created_at: str) -> None:
        """Take in one outcome.

        Args:
            domain: The decision's domain.
            risks: What each specialist's risk was.
            harmful: Whether harm came of it.
            created_at: When it was reported, RFC 3339.
        """
        day = datetime.fromisoformat(created_at).timestamp() / _DAY
        self._day = max(self._day, day)
        for specialist, risk in risks.items():
            known = self._posteriors.get((specialist, domain), Posterior())
            self._posteriors[specialist, domain] = known.observe(risk if harmful else 1.0 - risk, day)
