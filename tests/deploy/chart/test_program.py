"""The program takes what the chart gives it: settings, arguments, the key, and the chart as a plan to be judged."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from neural_hive import planning
from neural_hive.cli.app import app
from neural_hive.ledger.signing import open_signer
from neural_hive.settings import Settings, load_settings
from neural_hive.specialists import registry
from neural_hive.tokens.exposure import check_exposed
from neural_hive.types import Intent, SourcePlan, Trait
from neural_hive.understanding import understand
from tests.deploy.chart.flipping import FULL, Values, flips, merged, nested
from tests.deploy.chart.places import README
from tests.deploy.chart.rendering import SETUPS, Object, Setup, containers, objects, of_kind, one, rendered, text
from tests.services.obtain import tool

pytestmark = pytest.mark.real


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Object], str], Settings]:
    """Reads settings from a container's variables, those of Secrets filled in."""

    def load(found: Sequence[Object], app_name: str) -> Settings:
        (container,) = one(found, "Deployment", app_name)["spec"]["template"]["spec"]["containers"]
        variables = dict(one(found, "ConfigMap", container["envFrom"][0]["configMapRef"]["name"])["data"])
        for each in container.get("env", []):
            variables[each["name"]] = f"{each['valueFrom']['secretKeyRef']['key'].lower()}://filled-in"
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            return load_settings()

    return load


@pytest.mark.parametrize("setup", SETUPS)
def test_every_process_takes_its_settings(setup: str, environment: Callable[[Sequence[Object], str], Settings]) -> None:
    found = rendered(setup)
    for each in of_kind(found, "Deployment"):
        name = each["metadata"]["name"]
        settings = environment(found, name)
        (container,) = each["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert settings.port == ports["http"]
        assert name[:10] != "specialist" or settings.grpc_port == ports["grpc"]
        assert str(settings.data_dir) in {mount["mountPath"] for mount in container["volumeMounts"]}
        for file in (settings.ledger_key, settings.tls.ca, settings.tls.cert, settings.tls.key, settings.auth.token_file):
            assert file is None or any(file.is_relative_to(mount["mountPath"]) for mount in container["volumeMounts"])
        mutual = container["name"] == "specialist" and settings.tls.ca is not None
        if container["name"] != "worker":
            check_exposed(settings.auth, settings.host, setting="host", mutual=mutual)
        assert set(settings.specialists) <= set(registry.names())


def test_every_setting_that_a_role_may_be_given_arrives(environment: Callable[[Sequence[Object], str], Settings]) -> None:
    for role, app_name in (("gateway", "gateway"), ("specialist", "specialist-technical"), ("worker", "worker")):
        said: Values = {}
        for flip in flips():
            if flip.name.startswith(f"{role}.settings."):
                said = merged(said, nested(flip.name, flip.value))
        wanted = merged(said[role]["settings"], {"auth": {"allow_anonymous": True}})  # without tokens, somebody has to say so
        settings = environment(objects(Setup(values=merged(FULL, {role: {"settings": wanted}}))), app_name)
        assert _only(settings.model_dump(mode="json"), wanted) == wanted


def test_arguments_are_commands_of_the_program() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for setup in SETUPS:
        for container in containers(rendered(setup)):
            assert container["args"][0] in known
            assert "command" not in container  # the image says what is run


def test_the_key_is_made_as_the_message_says(tmp_path: Path) -> None:
    line = "openssl genpkey -algorithm ed25519 -out ledger.key"
    assert f"    {line}\n" in README.read_text(encoding="utf-8")
    subprocess.run([tool("openssl", "install OpenSSL 3"), *line.split()[1:]], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    assert open_signer(tmp_path / "ledger.key", create=False).public_key


@pytest.mark.parametrize("setup", SETUPS)
def test_the_hive_itself_finds_nothing_dangerous_in_the_chart(setup: str) -> None:
    seen = traits(text(SETUPS[setup]))
    # A ledger in a file is closed before it is opened again: an upgrade interrupts, and the planner sees that.
    risky = {Trait.INTERRUPTING} if SETUPS[setup].file == "values-local.yaml" else set[Trait]()
    assert seen == {Trait.MUTATING, Trait.ADDITIVE, Trait.PROTECTIVE} | risky


def test_the_hive_would_find_it() -> None:
    weakened = text(SETUPS["local"]).replace("allowPrivilegeEscalation: false", "privileged: true")
    assert Trait.WEAKENS_CONTROL in traits(weakened)


def traits(manifests: str) -> set[Trait]:
    """What the planner reads out of manifests."""
    intent = Intent(text="", plan=SourcePlan(source=manifests, format="kubernetes"))
    made = planning.plan(understand(intent), intent, max_source=4_194_304)
    return {trait for task in made.tasks for action in task.actions for trait in action.traits}


def _only(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _only(found[name], value) if isinstance(value, Mapping) else found[name] for name, value in wanted.items()}
