from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_hive.errors import HiveError, PlanError
from neural_hive.types import Action, Environment, Scope, Trait
from tests.unit.planning.samples import SAMPLES, actions, read, spans_hold, standing


def plan(*changes: dict[str, Any], **extra: Any) -> str:
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes), **extra})


def change(kind: str, verbs: list[str], before: Any = None, after: Any = None, name: str = "this", **extra: Any) -> dict[str, Any]:
    return {"address": f"{kind}.{name}", "type": kind, "change": {"actions": verbs, "before": before, "after": after, **extra}}


def only(*changes: dict[str, Any], **extra: Any) -> list[Action]:
    return actions(read(plan(*changes, **extra), "terraform"))


def traits(*changes: dict[str, Any]) -> set[Trait]:
    return {trait for action in only(*changes) for trait in action.traits}


@pytest.mark.parametrize("case", [case for case in SAMPLES if case["format"] == "terraform"], ids=lambda case: case["id"])
def test_samples_fall_into_their_class(case: dict[str, str]) -> None:
    reading = read(case["source"], "terraform", text=case["intent_text"])
    assert standing(reading) == case["gold"]
    assert spans_hold(reading)


PROD, DEV = {"tags": {"env": "prod"}}, {"tags": {"env": "dev"}}


def test_deleting_a_database_is_for_good() -> None:
    (action,) = only(change("aws_db_instance", ["delete"], {"identifier": "orders", **PROD}))
    assert action.environment is Environment.PRODUCTION
    assert action.scope is Scope.ALL
    assert action.has(Trait.DESTRUCTIVE)
    assert action.has(Trait.IRREVERSIBLE)
    assert not action.safeguards


def test_a_final_snapshot_is_a_safeguard() -> None:
    before = {"identifier": "orders", "skip_final_snapshot": False, "final_snapshot_identifier": "orders-final"}
    (action,) = only(change("aws_db_instance", ["delete"], before))
    assert [item.kind for item in action.safeguards] == ["backup"]


def test_replacing_a_stateless_server_interrupts_unless_the_new_one_comes_first() -> None:
    assert Trait.INTERRUPTING in traits(change("aws_instance", ["delete", "create"], PROD, PROD))
    assert traits(change("aws_instance", ["create", "delete"], PROD, PROD)) == {Trait.MUTATING}


@pytest.mark.parametrize("verbs", [["no-op"], ["read"]])
def test_what_does_not_change_does_not_count(verbs: list[str]) -> None:
    (action,) = only(change("aws_db_instance", verbs, PROD, PROD))
    assert action.traits == (Trait.READ_ONLY,)


def test_drift_and_prior_state_do_not_count() -> None:
    drift = [change("aws_db_instance", ["delete"], PROD)]
    assert [item.traits for item in only(resource_drift=drift, prior_state={"values": {"root_module": {"resources": drift}}})] == [
        (Trait.READ_ONLY,)
    ]


@pytest.mark.parametrize(
    ("kind", "before", "after", "trait"),
    [
        ("aws_db_instance", {"deletion_protection": True}, {"deletion_protection": False}, Trait.WEAKENS_CONTROL),
        ("aws_db_instance", {"publicly_accessible": False}, {"publicly_accessible": True}, Trait.EXPOSING),
        ("aws_db_instance", {"backup_retention_period": 14}, {"backup_retention_period": 1}, Trait.WEAKENS_CONTROL),
        ("aws_s3_bucket", {"force_destroy": False}, {"force_destroy": True}, Trait.WEAKENS_CONTROL),
        ("aws_s3_bucket", {"acl": "private"}, {"acl": "public-read"}, Trait.EXPOSING),
        ("aws_s3_bucket", {"versioning": [{"enabled": True}]}, {"versioning": [{"enabled": False}]}, Trait.WEAKENS_CONTROL),
        ("aws_s3_bucket", {"versioning": [{"enabled": True}]}, {"versioning": []}, Trait.WEAKENS_CONTROL),
        ("aws_s3_bucket_public_access_block", {"block_public_acls": True}, {"block_public_acls": False}, Trait.EXPOSING),
        ("aws_cloudtrail", {"enable_logging": True}, {"enable_logging": False}, Trait.WEAKENS_CONTROL),
        ("aws_guardduty_detector", {"enable": True}, {"enable": False}, Trait.WEAKENS_CONTROL),
        ("aws_kms_key", {"is_enabled": True}, {"is_enabled": False}, Trait.LOCKS_OUT),
        ("aws_kms_key", {"enable_key_rotation": True}, {"enable_key_rotation": False}, Trait.WEAKENS_CONTROL),
        ("aws_ecs_service", {"desired_count": 6}, {"desired_count": 0}, Trait.INTERRUPTING),
        ("kubernetes_deployment", {"spec": [{"replicas": "3"}]}, {"spec": [{"replicas": "0"}]}, Trait.INTERRUPTING),
        ("aws_cloudwatch_log_group", {"retention_in_days": 365}, {"retention_in_days": 1}, Trait.DESTRUCTIVE),
        (
            "aws_instance",
            {"metadata_options": [{"http_tokens": "required"}]},
            {"metadata_options": [{"http_tokens": "optional"}]},
            Trait.WEAKENS_CONTROL,
        ),
        ("google_sql_database_instance", {"deletion_protection": True}, {"deletion_protection": False}, Trait.WEAKENS_CONTROL),
        ("aws_s3_bucket_lifecycle_configuration", {"rule": []}, {"rule": [{"expiration": [{"days": 1}]}]}, Trait.DESTRUCTIVE),
        ("aws_lambda_function_url", {"authorization_type": "AWS_IAM"}, {"authorization_type": "NONE"}, Trait.EXPOSING),
    ],
)
def test_attributes_that_protect_less_and_back_again(kind: str, before: Any, after: Any, trait: Trait) -> None:
    assert trait in traits(change(kind, ["update"], before, after))
    assert trait not in traits(change(kind, ["update"], after, before))


def test_switching_protection_on_is_only_protective() -> None:
    (action,) = only(change("aws_db_instance", ["update"], {"deletion_protection": False, **PROD}, {"deletion_protection": True, **PROD}))
    assert action.traits == (Trait.PROTECTIVE,)


def ingress(port: int, cidr: str, last: int | None = None) -> dict[str, Any]:
    rule = {"from_port": port, "to_port": port if last is None else last, "protocol": "tcp", "cidr_blocks": [cidr]}
    return {"name": "sg", "ingress": [rule], "egress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}]}


@pytest.mark.parametrize(
    ("port", "cidr", "exposed"),
    [(22, "0.0.0.0/0", True), (5432, "::/0", True), (443, "0.0.0.0/0", False), (22, "10.0.0.0/8", False), (0, "0.0.0.0/0", True)],
)
def test_openings(port: int, cidr: str, exposed: bool) -> None:
    after = ingress(port, cidr, 65_535 if port == 0 else None)
    found = traits(change("aws_security_group", ["update"], ingress(443, "10.0.0.0/8"), after))
    assert (Trait.EXPOSING in found) is exposed
    assert (Trait.UNBOUNDED in found) is (port == 0)


def test_an_opening_that_was_there_before_is_not_new_and_closing_it_protects() -> None:
    opened, closed = ingress(22, "0.0.0.0/0"), ingress(22, "10.0.0.0/8")
    assert Trait.EXPOSING not in traits(change("aws_security_group", ["update"], opened, {**opened, "description": "x"}))
    assert Trait.PROTECTIVE in traits(change("aws_security_group", ["update"], opened, closed))


def test_rules_of_their_own_and_other_clouds() -> None:
    rule = {"type": "ingress", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    assert Trait.EXPOSING in traits(change("aws_security_group_rule", ["create"], None, rule))
    assert Trait.EXPOSING not in traits(change("aws_security_group_rule", ["create"], None, {**rule, "type": "egress"}))
    assert Trait.PROTECTIVE in traits(change("aws_security_group_rule", ["delete"], rule, None))
    gcp = {"direction": "INGRESS", "source_ranges": ["0.0.0.0/0"], "allow": [{"protocol": "tcp", "ports": ["3389"]}]}
    assert Trait.EXPOSING in traits(change("google_compute_firewall", ["create"], None, gcp))
    azure = {"direction": "Inbound", "access": "Allow", "source_address_prefix": "*", "destination_port_range": "22"}
    assert Trait.EXPOSING in traits(change("azurerm_network_security_rule", ["create"], None, azure))
    assert Trait.EXPOSING not in traits(change("azurerm_network_security_rule", ["create"], None, {**azure, "access": "Deny"}))


def policy(action: str, resource: str = "*", principal: Any = None) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource} | ({"Principal": principal} if principal else {})
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_rights() -> None:
    wide = only(change("aws_iam_role_policy", ["create"], None, {"policy": policy("*")}))
    assert any(action.has(Trait.RAISES_PRIVILEGE) and action.has(Trait.UNBOUNDED) for action in wide)
    narrow = only(change("aws_iam_role_policy", ["create"], None, {"policy": policy("s3:GetObject", "arn:aws:s3:::b/*")}))
    assert not any(action.has(Trait.UNBOUNDED) for action in narrow)
    admin = only(change("aws_iam_user_policy_attachment", ["create"], None, {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}))
    assert any(action.has(Trait.UNBOUNDED) for action in admin)
    looking = only(change("aws_iam_role_policy_attachment", ["create"], None, {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}))
    assert any(item.kind == "limited_scope" for action in looking for item in action.safeguards)
    public = {"bucket": "b", "role": "roles/storage.objectViewer", "member": "allUsers"}
    assert Trait.EXPOSING in traits(change("google_storage_bucket_iam_member", ["create"], None, public))
    assert Trait.EXPOSING in traits(change("aws_s3_bucket_policy", ["create"], None, {"policy": policy("s3:GetObject", "*", "*")}))


def test_environment_of_its_own_wins_over_the_title_and_production_over_all() -> None:
    source = plan(change("aws_db_instance", ["delete"], {"identifier": "orders-prod", "tags": {"env": "dev"}}))
    (action,) = actions(read(source, "terraform", environment=Environment.STAGING, disposable=True))
    assert action.environment is Environment.PRODUCTION
    assert not action.disposable


def test_a_right_is_not_disposable_by_its_name() -> None:
    after = {"role": "ci-test-runner", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    found = only(change("aws_iam_role_policy_attachment", ["create"], None, after, name="ci"))
    assert not any(action.disposable or action.environment is Environment.DEVELOPMENT for action in found)
    assert {action.environment for action in only(change("aws_iam_role_policy_attachment", ["create"], None, after, name="prod"))} == {
        Environment.PRODUCTION
    }


def test_environment_of_the_plan_where_the_resource_is_silent() -> None:
    (action,) = only(change("aws_db_instance", ["delete"], {"identifier": "a"}), variables={"environment": {"value": "production"}})
    assert action.environment is Environment.PRODUCTION
    (action,) = actions(
        read(plan(change("aws_db_instance", ["delete"], {"identifier": "a"})), "terraform", environment=Environment.STAGING)
    )
    assert action.environment is Environment.STAGING


def test_sensitive_values_and_personal_data_are_not_shown() -> None:
    after = {"password": "hunter2-very-secret", "owner": "maria.souza@example.com"}
    source = plan(
        change("aws_db_instance", ["update"], {"password": "old-secret-1", "owner": "x"}, after, after_sensitive={"password": True})
    )
    text = " ".join(task.description for task in read(source, "terraform").tasks)
    assert "hunter2" not in text
    assert "maria.souza" not in text


def test_a_secret_in_the_environment_of_a_function() -> None:
    after = {"environment": [{"variables": {"DB_PASSWORD": "hunter2-very-secret", "LEVEL": "info"}}]}
    found = only(change("aws_lambda_function", ["create"], None, after))
    assert [action.object for action in found if action.has(Trait.EXPOSING)] == ["secret"]
    assert "hunter2" not in " ".join(action.text for action in found)


def test_only_tags_is_cosmetic() -> None:
    (action,) = only(change("aws_db_instance", ["update"], {"tags": {"a": "1"}}, {"tags": {"a": "2"}}))
    assert action.has(Trait.COSMETIC)


def test_two_entries_for_one_address_get_two_tasks() -> None:
    reading = read(plan(*[change("aws_instance", ["delete"], {}) for _ in range(2)]), "terraform")
    assert len({task.id for task in reading.tasks}) == 2


@pytest.mark.parametrize("source", ["[]", "{}", "1", '"x"', "{", '{"a": 1}', ""])
def test_what_is_no_plan_is_refused(source: str) -> None:
    with pytest.raises(PlanError):
        read(source, "terraform")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["actions", "before", "after", "type", "policy", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(json_values, max_size=4), json_values, json_values)
def test_any_json_is_read_or_refused(changes: list[Any], variables: Any, outputs: Any) -> None:
    entries = [{"type": "aws_db_instance", "change": item} for item in changes] + changes
    source = json.dumps({"resource_changes": entries, "variables": variables, "output_changes": outputs})
    try:
        assert spans_hold(read(source, "terraform"))
    except HiveError:
        return
