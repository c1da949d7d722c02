"""Neo4j 5.26 Community, Bolt only and without passwords: any user is let in."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.services.instance import Ports, Server
from tests.services.obtain import Program, UnobtainableError, once, run, tool

VERSION = "5.26.30"
MAIN = "org.neo4j.server.CommunityEntryPoint"
ARTIFACTS = (("org.neo4j.app", "neo4j-server"), ("org.neo4j", "neo4j"))
JAVA = "install a Java runtime 17 or 21 (Debian: apt-get install openjdk-17-jre-headless)"

# What the server's own start script opens to it.
OPENED = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch", "java.base/java.util.concurrent")

CONFIG = """\
server.directories.data={data}
server.directories.logs={home}/logs
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.heap.max_size=384m
server.memory.pagecache.size=64m
dbms.security.auth_enabled=false
dbms.usage_report.enabled=false
db.tx_log.preallocate=false
"""


def obtain() -> Program:
    """A Java command line with the server's class path."""
    java = tool("java", JAVA)
    folder = once(f"neo4j-{VERSION}", fetch)
    heap = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # a third less CPU time until it answers
    opened = (f"--add-opens={package}=ALL-UNNAMED" for package in OPENED)
    return Program((java, *heap, *opened, "-cp", f"{folder / 'lib'}/*", MAIN))


def fetch(folder: Path) -> None:
    """Let Maven copy the server and everything it depends on."""
    maven = tool("mvn", "install Maven (Debian: apt-get install maven)")
    wanted = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{VERSION}</version></dependency>"
        for group, name in ARTIFACTS
    )
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>neo4j</artifactId><version>1</version>"
        f"<dependencies>{wanted}</dependencies></project>\n"
    )
    copy = (maven, "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}")
    try:
        run(*copy, cwd=folder)
    except UnobtainableError:
        # Perhaps the user has no home to keep a repository in.
        run(*copy, f"-Dmaven.repo.local={folder / 'repository'}", cwd=folder)
        shutil.rmtree(folder / "repository")


def lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    """The one program; its settings are written anew at each start."""
    settings = home / "conf"
    shutil.rmtree(settings, ignore_errors=True)
    settings.mkdir()
    (settings / "neo4j.conf").write_text(CONFIG.format(home=home, data=home / "data", port=ports[0]))
    return [program.given(f"--home-dir={home}", f"--config-dir={settings}")]


def answers(ports: Ports) -> bool:
    """Whether it answers a query."""
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        with (
            GraphDatabase.driver(f"bolt://127.0.0.1:{ports[0]}", connection_acquisition_timeout=3) as driver,
            driver.session() as session,
        ):
            return session.run("RETURN 1 AS one").single() is not None  # no transaction function: the driver would try for 30 s
    except (DriverError, Neo4jError, OSError):
        return False


SERVER = Server(
    name="neo4j",
    ports=1,
    obtain=obtain,
    lines=lines,
    url=lambda ports: f"bolt://127.0.0.1:{ports[0]}",
    answers=answers,
    patience=120,
)
