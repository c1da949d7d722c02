"""What trained numbers were fitted under is told, and is what the code has today."""

from __future__ import annotations

import pytest

from neural_hive.models import packaged_shelf
from neural_hive.models.rules import RULES, rules_of
from neural_hive.specialists.registry import OWN


@pytest.mark.parametrize("name", OWN)
def test_a_packaged_model_was_fitted_under_todays_rules(name: str) -> None:
    """After a change of factors.toml, common.toml or hazard.toml: train again, see evals/README.md."""
    found = packaged_shelf().current(name)
    assert found is not None
    assert found[1].parameters[RULES] == rules_of(name)


def test_every_specialist_has_rules_of_its_own() -> None:
    assert len({rules_of(name) for name in OWN} | {""}) == 5
    assert rules_of("nobody") == ""
