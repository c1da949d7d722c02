"""FerretDB 1.24 with its SQLite handler: a server that speaks MongoDB's wire protocol and can be built from source everywhere.

It stands in for mongod, which no package registry has; HIVE_TEST_MONGODB names a real one to be used instead. Beware of its
limits: indexes enforce uniqueness but speed nothing up (every filter, sort and count reads the whole collection), a unique
index lets documents without the field and overlapping arrays pass, and there are no transactions, no text, TTL or partial
indexes, no $lookup, no pipeline updates.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.services.instance import Ports, Server
from tests.services.obtain import Program, once, run, tool

MODULE = "github.com/FerretDB/FerretDB"
VERSION = "v1.24.2"


def obtain() -> Program:
    """The ferretdb of the PATH, or one built here."""
    found = shutil.which("ferretdb")
    return Program((found or str(once(f"ferretdb-{VERSION}", build) / "ferretdb"),))


def build(folder: Path) -> None:
    """Build the program from the module's source.

    `go install` would not do: the published module lacks the file that holds its version, and the program ends at once without it.
    """
    go = tool("go", "install Go 1.24 or newer, or put ferretdb on the PATH")
    told = json.loads(run(go, "mod", "download", "-json", f"{MODULE}@{VERSION}", cwd=folder))
    source = folder / "source"
    shutil.copytree(told["Dir"], source, copy_function=shutil.copyfile)
    for path, _, _ in os.walk(source):
        Path(path).chmod(0o755)  # Go's own copy is read-only
    (source / "build/version/version.txt").write_text(f"{VERSION}\n")
    run(go, "build", "-trimpath", "-ldflags=-s -w", "-o", folder / "ferretdb", "./cmd/ferretdb", cwd=source)
    shutil.rmtree(source)


def lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    """The one program, with its databases as SQLite files."""
    data = home / "data"
    return [
        program.given(
            "--handler=sqlite",
            f"--sqlite-url=file:{data}/",
            f"--state-dir={data}",
            f"--listen-addr=127.0.0.1:{ports[0]}",
            "--debug-addr=-",
            "--telemetry=disable",
            "--log-level=WARN",
        )
    ]


def answers(ports: Ports) -> bool:
    """Whether it finds its databases."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    client: MongoClient[dict[str, object]] = MongoClient(port=ports[0], serverSelectionTimeoutMS=1000, timeoutMS=3000)
    try:
        return isinstance(client.list_database_names(), list)
    except PyMongoError:
        return False
    finally:
        client.close()


SERVER = Server(
    name="mongodb",
    ports=1,
    obtain=obtain,
    lines=lines,
    url=lambda ports: f"mongodb://127.0.0.1:{ports[0]}",
    answers=answers,
)
