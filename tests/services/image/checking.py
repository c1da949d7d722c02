"""`make image-check`: runs the built image the way a cluster does, and puts what was measured beside the bars."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.image import files
from tests.services.image.archive import Image, inspect, unpack
from tests.services.image.product import ARCHIVE, archive
from tests.services.image.runc import USER, Container, obtain
from tests.services.image.running import Running

SIZE, START, MEMORY = 300.0, 3.0, 120.0  # MB, seconds, MB
SETTLED = 3.0  # seconds after which a process counts as idle
PATIENCE = 30.0  # seconds
TEXT = "drop the customers table in production"
INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    bar: str
    met: bool


def check() -> int:
    """Measure, print the table, and say whether every bar is met: 0, else 1.

    Raises:
        FileNotFoundError: The image has not been built.
        UnobtainableError: runc cannot be had, or the user is not root.
    """
    path = archive()
    obtain()
    with TemporaryDirectory(prefix="hive-image-") as name:
        home, image = Path(name), inspect(path)
        unpack(path, home / "root")
        os.sync()  # else a ledger's first write waits for what was just unpacked
        rows = [*contents(image, home / "root"), *runs(image, home)]
    sys.stdout.write(table(rows))
    missed = [row for row in rows if not row.met]
    sys.stdout.write(f"{ARCHIVE.name}: {len(rows) - len(missed)} of {len(rows)} bars met\n")
    return 1 if missed else 0


def contents(image: Image, root: Path) -> list[Row]:
    """What lies in the image."""
    size = image.size / 1e6
    user, health = str(image.config.get("User", "")), image.config.get("Healthcheck", {}).get("Test", [])
    count = len(files.distributions(root)), len(files.debian(root))
    return [
        Row("size, uncompressed", f"{size:.1f} MB", f"<= {SIZE:.0f} MB (aim 150)", size <= SIZE),
        Row("user of the image", user, f"{USER}:{USER}", user == f"{USER}:{USER}"),
        Row("health check without a shell", " ".join(health[:2]), "CMD python", health[:2] == ["CMD", "python"]),
        none("shells", files.programs(root, files.SHELLS)),
        none("pip, package managers", [*files.programs(root, files.MANAGERS), *(files.PACKAGED & files.distributions(root).keys())]),
        none("build and network tools", files.programs(root, files.TOOLS)),
        none("setuid, setgid files", files.privileged(root)),
        none("world-writable, but /tmp", files.writable(root)),
        none("owned by the user, but /data", files.owned(root, USER)),
        none("secrets", files.confidential(root, image)),
        none(f"not in the SBOM ({count[0]} Python, {count[1]} Debian)", files.unlisted(root)),
    ]


def runs(image: Image, home: Path) -> list[Row]:
    """What containers of the image do: the gateway alone, a specialist, and a gateway that asks it."""
    containers = Running(image, home)
    try:
        alone = containers.starts("gateway", 8000)
        gateway = containers.last
        ports = {"HIVE_PORT": "8001", "HIVE_GRPC_PORT": "50051"}
        beside = containers.starts("specialist", 8001, ("specialist", "technical"), ports, gateway)
        specialist = containers.last
        asks = {"HIVE_PORT": "8002", "HIVE_SPECIALISTS": '{"technical": "grpc://127.0.0.1:50051"}'}
        containers.start("distributed", 8002, ("gateway",), asks, beside=gateway)
        time.sleep(SETTLED)
        rows = [
            started("gateway: start to /ready", alone),
            started("specialist: start to /ready", beside),
            idle("specialist: idle memory (RSS)", specialist.resident(), MEMORY),
            idle("gateway: idle memory (RSS)", gateway.resident(), None),
            *confined(gateway),
            reviewed("one process reviews", gateway, 8000),
            *distributed(containers.last, specialist),
            *probes(gateway),
        ]
    finally:
        codes = containers.stop()
    bytecode = [str(path.relative_to(home)) for path in home.glob("*/data/**/*.pyc")]
    return [
        *rows,
        Row("SIGTERM ends every role", f"exit codes {sorted(map(str, set(codes)))}", "only 0", set(codes) == {0}),
        none("byte code written", bytecode),
    ]


def started(what: str, seconds: Sequence[float]) -> Row:
    """The fastest start counts: what else this machine does can only make one slower."""
    return Row(
        what, f"{min(seconds):.2f} s (of {', '.join(f'{each:.2f}' for each in seconds)})", f"<= {START:.0f} s", min(seconds) <= START
    )


def idle(what: str, megabytes: float, bar: float | None) -> Row:
    """Memory of a process that waits."""
    return Row(what, f"{megabytes:.1f} MB", "no bar" if bar is None else f"<= {bar:.0f} MB", bar is None or megabytes <= bar)


def confined(container: Container) -> list[Row]:
    """What the kernel says of the container's first process."""
    user, bounding, inherited = container.status("Uid").split(), container.status("CapBnd"), container.status("CapEff")
    return [
        Row("runs as", f"UID {user[0]}", f"UID {USER}", set(user) == {str(USER)}),
        Row("capabilities", f"{int(bounding, 16) | int(inherited, 16):x}", "0", int(bounding, 16) == int(inherited, 16) == 0),
        Row("no new privileges", container.status("NoNewPrivs"), "1", container.status("NoNewPrivs") == "1"),
    ]


def reviewed(what: str, container: Container, port: int) -> Row:
    """An intention that must not pass is rejected, and the specialists have spoken."""
    status, body = container.ask(port, "/api/v1/intents", {"intent_text": TEXT})
    said = json.loads(body) if status == 200 else {}
    seen = f"{status}, {said.get('verdict')}, {len(said.get('opinions', ()))} opinions"
    return Row(what, seen, "200, reject, 4 opinions", seen == "200, reject, 4 opinions")


def distributed(gateway: Container, specialist: Container) -> list[Row]:
    """The same review with one specialist in a container of its own, which has really been asked."""
    before = opinions(specialist)
    row = reviewed("reviews with a specialist over gRPC", gateway, 8002)
    asked = opinions(specialist) - before
    return [row, Row("the specialist was asked", f"{asked} times", "at least once", asked > 0)]


def opinions(specialist: Container) -> int:
    """How many opinions a specialist has given, as it counts itself."""
    told = specialist.ask(8001, "/metrics")[1].decode()
    found = re.search(r'^hive_opinion_seconds_count\{specialist="technical"\} (\S+)$', told, re.MULTILINE)
    return int(float(found[1])) if found else 0


def probes(container: Container) -> list[Row]:
    """What must work inside beyond our own code."""
    done = container.run_inside(INSIDE.read_text(encoding="utf-8"))
    rows = [line.split("\t", 1) for line in done.stdout.splitlines()]
    told = [Row(f"inside: {name.replace('_', ' ')}", seen, "works", not seen.startswith("FAILED")) for name, seen in rows]
    return [
        *told,
        Row(
            "inside: all of it",
            f"exit code {done.returncode}{done.stderr[-300:] if done.returncode else ''}",
            "exit code 0",
            done.returncode == 0,
        ),
    ]


def none(what: str, found: Sequence[str]) -> Row:
    """A row on something of which there must be nothing."""
    return Row(what, ", ".join(found[:4]) or "none", "none", not found)


def table(rows: Sequence[Row]) -> str:
    """The rows as a table; a missed bar is marked."""
    what, bar = max(len(row.what) for row in rows), max(len(row.bar) for row in rows)
    return "".join(f"{' ' if row.met else '!'} {row.what:<{what}}  {row.bar:<{bar}}  {row.measured}\n" for row in rows)
