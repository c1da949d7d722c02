"""Hazards: what raises them, what governs them, what they never do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neural_hive.specialists.hazard import family_of, load, measure, readings
from neural_hive.types import Environment, Polarity, Safeguard, Scope
from tests.unit.specialists.plans import GONE, act, plan_of

DROP = act("drop the table", "drop", "table", GONE, sensitivity=0.65, blast=0.6)


@pytest.mark.parametrize("polarity", [Polarity.NEGATED, Polarity.PREVENTED, Polarity.REPORTED, Polarity.HYPOTHETICAL])
def test_what_is_not_carried_out_has_no_hazard(polarity: Polarity) -> None:
    assert measure(replace(DROP, polarity=polarity)).residual == {}
    assert readings(plan_of(replace(DROP, polarity=polarity))) == ()


def test_environments_rise_from_development_to_production() -> None:
    order = [Environment.DEVELOPMENT, Environment.STAGING, Environment.UNKNOWN, Environment.PRODUCTION]
    losses = [measure(replace(DROP, environment=environment)).residual["loss"] for environment in order]
    assert losses == sorted(losses)
    assert losses[0] < 0.15
    assert losses[-1] > 0.83


def test_a_disposable_thing_is_hardly_a_loss() -> None:
    assert measure(replace(DROP, disposable=True, sensitivity=0.1)).worst < 0.1


def test_the_missing_fact_caps_a_loss_until_it_is_stated() -> None:
    everything = replace(DROP, scope=Scope.ALL)
    assert measure(everything).residual["loss"] <= 0.8
    assert measure(replace(everything, environment=Environment.PRODUCTION)).residual["loss"] > 0.83
    assert measure(replace(everything, denied=(Safeguard(kind="backup"),))).residual["loss"] > 0.83


def test_a_verified_backup_governs_more_than_a_stated_one_and_never_all() -> None:
    production = replace(DROP, environment=Environment.PRODUCTION)
    bare, stated, verified = (
        measure(replace(production, safeguards=found)).residual["loss"]
        for found in ((), (Safeguard(kind="backup"),), (Safeguard(kind="backup", verified=True),))
    )
    assert bare > stated > verified
    kinds = ("backup", "restore_test", "approval", "dry_run", "canary", "rollback", "snapshot")
    everything = tuple(Safeguard(kind=kind, verified=True) for kind in kinds)
    assert measure(replace(production, safeguards=everything)).residual["loss"] >= 0.2


def test_a_protection_that_is_denied_does_not_govern() -> None:
    both = replace(DROP, safeguards=(Safeguard(kind="backup", verified=True),), denied=(Safeguard(kind="backup"),))
    assert measure(both).residual["loss"] == measure(replace(both, safeguards=())).residual["loss"]


def test_a_late_protection_does_nothing() -> None:
    assert measure(replace(DROP, late_safeguards=(Safeguard(kind="backup", verified=True),))).residual == measure(DROP).residual


def test_taking_away_before_the_successor_is_there_is_worse_than_after() -> None:
    revoke = act("revoke the old certificate", "revoke", "secret", "interrupting mutating", sensitivity=0.95, blast=0.8)
    install = act("install the new certificate", "install", "secret", "additive mutating", sensitivity=0.95, blast=0.8)
    partly = replace(install, scope=Scope.ONE)
    before, after, part = (
        next(found for found in readings(plan) if found.action.operation == "revoke").residual["interruption"]
        for plan in (plan_of(install, revoke), plan_of(revoke, install), plan_of(partly, revoke))
    )
    assert before < 0.4
    assert after > 0.83
    assert part == after


def test_reading_and_adding_outside_production_is_no_hazard() -> None:
    assert measure(act("list it", "read", "table", "read_only", sensitivity=0.9)).residual == {}
    assert measure(act("add a queue", "create", "service", "additive", sensitivity=0.45)).worst < 0.1


def test_adding_in_production_is_a_change_to_production() -> None:
    assert measure(act("add a queue", "create", "service", "additive", sensitivity=0.45, environment=Environment.PRODUCTION)).worst >= 0.2


def test_protecting_is_not_held_against_production() -> None:
    protect = act(
        "enable MFA for all",
        "protect",
        "control",
        "protective mutating",
        sensitivity=0.9,
        environment=Environment.PRODUCTION,
        scope=Scope.ALL,
    )
    assert measure(protect).worst < 0.1


def test_a_claimed_approval_has_no_effect() -> None:
    assert measure(replace(DROP, qualifiers=("claimed_approval",))).residual == measure(DROP).residual


def test_an_unread_verb_is_a_hazard_of_its_own() -> None:
    assert measure(act("frobnicate it", "unknown", "unknown")).residual["unread"] > 0.2


@pytest.mark.parametrize(
    ("kind", "family"), [("table", "data"), ("customer_database", "people"), ("zzz", "unknown"), ("contract_api", "contract")]
)
def test_kinds_of_objects_have_families(kind: str, family: str) -> None:
    assert family_of(kind) == family


def test_every_dimension_has_a_trigger_and_rising_weights() -> None:
    hazards = load()
    assert all(dimension.triggers for dimension in hazards.dimensions)
    assert {"loss", "exposure", "control", "lockout", "deception"} <= {
        dimension.name for dimension in hazards.dimensions if dimension.veto <= 1.0
    }
