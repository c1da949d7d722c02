"""The servers' own promises; the quick ones stand for all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import RedisError

from tests.services import NotUpError, given, private, process, url_of
from tests.services.folders import CHECKOUT
from tests.services.instance import Instance, Server, StartError
from tests.services.obtain import Program, UnobtainableError, run, tool
from tests.services.ports import free_ports, is_free
from tests.services.redis import client

SLEEPER = Program((sys.executable, "-c", "import time; time.sleep(600)"))


def sleeper(answer: bool) -> Server:
    return Server(
        name="sleeper",
        ports=1,
        obtain=lambda: SLEEPER,
        lines=lambda program, home, ports: [program],
        url=lambda ports: f"sleep://127.0.0.1:{ports[0]}",
        answers=lambda ports: answer,
        patience=0.2,
    )


def test_free_ports_differ_and_can_be_had() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)


def test_a_missing_tool_says_what_to_install() -> None:
    with pytest.raises(UnobtainableError, match="install the moon"):
        tool("no-such-tool", "install the moon")


def test_a_failed_command_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(UnobtainableError, match="that went wrong"):
        run(sys.executable, "-c", "raise SystemExit('that went wrong')", cwd=tmp_path)


def test_another_process_with_the_number_is_not_ours(tmp_path: Path) -> None:
    assert not process.alive(os.getpid(), tmp_path)


def test_an_instance_comes_back_with_its_port(tmp_path: Path) -> None:
    Instance(sleeper(answer=True), tmp_path).start()
    first, again = (Instance(sleeper(answer=True), tmp_path) for _ in range(2))
    try:
        again.start()
        assert again.pids == first.pids
        again.stop()
        assert not first.alive
        again.start()
        assert again.url == first.url
    finally:
        again.kill()


def test_a_server_that_never_answers_leaves_no_process(tmp_path: Path) -> None:
    instance = Instance(sleeper(answer=False), tmp_path)
    with pytest.raises(StartError, match="does not answer"):
        instance.start()
    assert not instance.alive


def test_children_end_with_their_server_even_when_it_died_first(tmp_path: Path) -> None:
    parent = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"
    pid = process.spawn(Program((sys.executable, "-c", parent)), tmp_path)
    assert process.until(lambda: len(process.session(pid, tmp_path)) == 2, 10)
    os.kill(pid, signal.SIGKILL)
    assert process.until(lambda: len(process.session(pid, tmp_path)) == 1, 10)
    process.end([pid], tmp_path, patience=5)
    assert process.session(pid, tmp_path) == []


def test_a_server_elsewhere_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_TEST_REDIS_CLUSTER", "redis+cluster://cache.example:6379")
    assert given("redis-cluster") == url_of("redis-cluster") == "redis+cluster://cache.example:6379"


def test_a_server_that_is_down_gets_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.services.RUN", tmp_path)
    monkeypatch.delenv("HIVE_TEST_REDIS", raising=False)
    with pytest.raises(NotUpError, match="make services"):
        url_of("redis")


def test_the_command_knows_its_servers() -> None:
    line = [sys.executable, "-m", "tests.services", "up", "oracle"]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "there is no oracle" in done.stderr


@pytest.mark.real
def test_a_private_server_can_crash_hang_and_come_back_with_its_data() -> None:
    with private("redis") as server:
        with client(server.ports[0]) as redis:
            redis.set("kept", "1")
            server.kill()
            with pytest.raises(RedisError):
                redis.ping()
            server.start()
            assert redis.get("kept") == b"1"
            server.pause()
            with pytest.raises(RedisError):
                redis.ping()
            server.resume()
        assert process.until(lambda: server.answers, 5)
        server.stop()
        assert not server.answers
    assert not server.home.exists()
