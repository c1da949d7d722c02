"""A real Prometheus scrapes a real hive, with the rules loaded: every rule evaluates, every panel's question has a valid answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.deploy.monitoring.queries import HERE, RECORDS, RULES, asked, panel_targets
from tests.services import prometheus
from tests.services.instance import Instance, Server
from tests.services.obtain import Program
from tests.services.process import until

TEXTS = (
    "Fix a typo in the README, ask ana@example.com",
    "Drop the orders table in production, there is no backup",
    "Deploy the checkout service with a canary",
)
COUNTED, KNOWN = "hive_requests_total", "hive_build_info"
# Nothing of this happens here: a panel that asks for it may be empty.
UNHEARD_OF = ("hive_abstentions", "hive_bulk", "hive_cache_failures", "hive_feedback", "hive_specialist_restarts", ":drift")
# What is recorded of a hive that makes no errors, has no queue and has not run for a week.
RECORDED = [name for name in RECORDS if not name.endswith(("1w", "drift")) and "bulk" not in name and "errors" not in name]


@dataclass(frozen=True)
class World:
    """A gateway with one specialist in a process of its own, and Prometheus over both."""

    prometheus: Instance
    gateway: Instance
    specialist: Instance


def specialist_server() -> Server:
    """The technical specialist."""
    return Server(
        name="specialist",
        ports=2,
        obtain=lambda: Program((str(Path(sys.executable).with_name("hive")), "specialist", "technical")),
        lines=lambda program, _, ports: [program.given("--port", str(ports[0]), "--grpc-port", str(ports[1]))],
        url=lambda ports: f"127.0.0.1:{ports[0]}",
        answers=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/ready"),
    )


def gateway_server(specialist: Instance) -> Server:
    """A gateway that asks that specialist."""
    env = {"HIVE_SPECIALISTS__TECHNICAL": f"grpc://127.0.0.1:{specialist.ports[1]}"}
    return Server(
        name="gateway",
        ports=1,
        obtain=lambda: Program((str(Path(sys.executable).with_name("hive")), "serve"), env),
        lines=lambda program, home, ports: [program.given("--port", str(ports[0]), "--data-dir", home / "data")],
        url=lambda ports: f"127.0.0.1:{ports[0]}",
        answers=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/ready"),
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All three, after some scrapes of a hive that has decided."""
    with ExitStack() as stack:

        def started(server: Server) -> Instance:
            instance = Instance(server, tmp_path_factory.mktemp(server.name))
            if server is prometheus.SERVER:
                configure(instance.home, {"gateway": gateway.url, "specialist-technical": specialist.url})
            stack.callback(instance.kill)
            instance.start()
            return instance

        specialist = started(specialist_server())
        gateway = started(gateway_server(specialist))
        watcher = started(prometheus.SERVER)
        until(lambda: review(gateway.url) and evaluated(watcher), 60)
        yield World(watcher, gateway, specialist)


def configure(folder: Path, targets: Mapping[str, str]) -> None:
    """The rules, evaluated every second instead of every minute and with alerts that do not wait; a job for each target."""
    rules = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules, allow_unicode=True))
    jobs = [{"job_name": job, "scrape_interval": "1s", "static_configs": [{"targets": [url]}]} for job, url in targets.items()]
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "scrape_configs": jobs}))


def review(hive: str) -> bool:
    """Have some intentions judged, and one refused."""
    for number, text in enumerate((*TEXTS, "")):
        body = json.dumps({"intent_text": text, "user_id": f"user-{number}"}).encode()
        try:
            urlopen(Request(f"http://{hive}/api/v1/intents", body, {"Content-Type": "application/json"}), timeout=10).close()
        except HTTPError as refused:
            assert refused.code == 422  # noqa: PT017 -- the empty one
    return True


def answers(url: str) -> bool:
    """Whether it says 200."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def api(instance: Instance, path: str, **query: str) -> Any:
    """What Prometheus answers; an error's text when it refuses."""
    try:
        with urlopen(f"{instance.url}/api/v1/{path}?{urlencode(query)}", timeout=20) as answer:  # noqa: S310 -- our own address
            return json.load(answer)
    except HTTPError as refused:
        return json.load(refused)


def loaded(instance: Instance) -> list[dict[str, Any]]:
    """The rules as Prometheus has them."""
    return [rule for group in api(instance, "rules")["data"]["groups"] for rule in group["rules"]]


def evaluated(instance: Instance) -> bool:
    """Whether every rule has been evaluated, and what should have a value has one."""
    done = all(rule["lastEvaluation"] > "0002" for rule in loaded(instance))
    return done and all(api(instance, "query", query=name)["data"]["result"] for name in RECORDED)


@pytest.mark.real
def test_all_rules_are_loaded_and_evaluate_without_an_error(world: World) -> None:
    rules = loaded(world.prometheus)
    assert len(rules) == len(RULES)
    assert not [(rule["name"], rule["health"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"]


@pytest.mark.real
def test_a_hive_at_work_raises_no_alert(world: World) -> None:
    assert firing(world) == set()


def firing(world: World) -> set[tuple[str, str]]:
    """Names of alerts, with the job or the specialist that each is about."""
    alerts = [alert["labels"] for alert in api(world.prometheus, "alerts")["data"]["alerts"]]
    return {(labels["alertname"], labels.get("specialist") or labels.get("job", "")) for labels in alerts}


@pytest.mark.real
@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_rule_has_a_value(world: World, name: str) -> None:
    assert api(world.prometheus, "query", query=name)["data"]["result"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("panel", "target"),
    [(panel, target) for _, panel, target in panel_targets()],
    ids=[f"{name}: {panel['title']} {target['refId']}" for name, panel, target in panel_targets()],
)
def test_a_panel_asks_a_valid_question_and_gets_an_answer(world: World, panel: dict[str, Any], target: dict[str, Any]) -> None:
    answer = api(world.prometheus, "query", query=asked(target["expr"]))
    assert answer["status"] == "success", answer
    assert answer["data"]["result"] or any(name in target["expr"] for name in UNHEARD_OF)


@pytest.mark.real
def test_only_a_gateway_counts_requests(world: World) -> None:
    seen = {name: api(world.prometheus, "query", query=f"count by (job) ({name})")["data"]["result"] for name in (COUNTED, KNOWN)}
    jobs = {name: {series["metric"]["job"] for series in found} for name, found in seen.items()}
    assert jobs == {COUNTED: {"gateway"}, KNOWN: {"gateway", "specialist-technical"}}


@pytest.mark.real
def test_a_killed_specialist_raises_its_alerts_and_ends_them_when_it_is_back(world: World) -> None:
    raised = {("HiveSpecialistSilent", "technical"), ("HiveTargetDown", "specialist-technical")}
    world.specialist.kill()
    try:
        assert until(lambda: review(world.gateway.url) and raised <= firing(world), 60), firing(world)
    finally:
        world.specialist.start()
    assert until(lambda: review(world.gateway.url) and not raised & firing(world), 60), firing(world)


@pytest.mark.real
def test_a_killed_gateway_raises_its_alert_and_ends_it_when_its_probes_are_answered_again(world: World) -> None:
    raised = ("HiveGatewayAbsent", "")
    world.gateway.kill()
    try:
        assert until(lambda: raised in firing(world), 60), firing(world)
        assert ("HiveAbsent", "") not in firing(world)
    finally:
        world.gateway.start()
    assert until(lambda: raised not in firing(world), 60), firing(world)
