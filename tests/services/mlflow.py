"""The MLflow 3 server, installed from its own lock into an environment of its own (it is too heavy for ours)."""

from __future__ import annotations

import sys
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.services.instance import Ports, Server
from tests.services.obtain import Program, once, run

# uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links
LOCK = Path(__file__).with_name("mlflow.lock")

# Without workers for jobs it is two processes instead of a dozen.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def obtain() -> Program:
    """The mlflow command of an environment that holds what the lock names."""
    version = f"py{sys.version_info.major}{sys.version_info.minor}-{sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    folder = once(f"mlflow-{version}", install)
    return Program((str(folder / "bin" / "mlflow"), "server"), QUIET)


def install(folder: Path) -> None:
    """Make the environment."""
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--quiet")
    run(*pip, "--no-compile", "--require-hashes", "--requirement", LOCK, cwd=folder)


def lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    """The one program; the tracking database and the artefacts are files."""
    data = home / "data"
    return [
        program.given(
            "--host=127.0.0.1",
            f"--port={ports[0]}",
            f"--backend-store-uri=sqlite:///{data / 'mlflow.db'}",
            f"--artifacts-destination={data / 'artifacts'}",
            "--workers=1",
        )
    ]


def answers(ports: Ports) -> bool:
    """Whether it is healthy by its own account."""
    connection = HTTPConnection("127.0.0.1", ports[0], timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


SERVER = Server(
    name="mlflow",
    ports=1,
    obtain=obtain,
    lines=lines,
    url=lambda ports: f"mlflow+http://127.0.0.1:{ports[0]}",
    answers=answers,
    patience=180,
)
