"""Prometheus and promtool: the ones of the PATH, or Debian's.

The server reads `prometheus.yml` in its instance's folder; who starts one writes that file first.
"""

from __future__ import annotations

import shutil
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.services import debian
from tests.services.instance import Ports, Server
from tests.services.obtain import Program, once


def obtain() -> Program:
    """The prometheus server."""
    return _program("prometheus")


def promtool() -> Program:
    """What checks and tests rules."""
    return _program("promtool")


def _program(name: str) -> Program:
    found = shutil.which(name)
    if found:
        return Program((found,))
    folder = once("prometheus", lambda folder: debian.unpack(folder, ("prometheus",), "usr/bin/prometheus"))
    return Program((str(folder / "usr/bin" / name),), debian.environment(folder))


def lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    """The one program."""
    return [
        program.given(
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--log.level=warn",
        )
    ]


def answers(ports: Ports) -> bool:
    """Whether it is ready by its own account."""
    connection = HTTPConnection("127.0.0.1", ports[0], timeout=5)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


SERVER = Server(
    name="prometheus",
    ports=1,
    obtain=obtain,
    lines=lines,
    url=lambda ports: f"http://127.0.0.1:{ports[0]}",
    answers=answers,
)
