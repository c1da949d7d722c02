"""Redis Cluster: three masters that share the slots, no replicas."""

from __future__ import annotations

from pathlib import Path

from tests.services.instance import Ports, Server
from tests.services.obtain import Program
from tests.services.process import until
from tests.services.redis import answers as takes_commands
from tests.services.redis import client, node, obtain

MASTERS = 3
SLOTS = 16_384


def lines(program: Program, home: Path, ports: Ports) -> list[Program]:
    """One program per master; the masters talk to each other on the second half of the ports."""
    folders = [home / "data" / str(number) for number in range(MASTERS)]
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port")
    return [
        node(program, folder, port).given(*options, str(bus))
        for folder, port, bus in zip(folders, ports[:MASTERS], ports[MASTERS:], strict=True)
    ]


def form(ports: Ports) -> None:
    """Give each master its share of the slots and make it known to the first one."""
    until(lambda: all(takes_commands([port]) for port in ports[:MASTERS]), 20)
    for number, port in enumerate(ports[:MASTERS]):
        with client(port) as master:
            master.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            master.execute_command("CLUSTER ADDSLOTSRANGE", SLOTS * number // MASTERS, SLOTS * (number + 1) // MASTERS - 1)
            master.execute_command("CLUSTER MEET", "127.0.0.1", ports[0], ports[MASTERS])


def answers(ports: Ports) -> bool:
    """Whether every master knows the others and has all slots served."""
    return all(agrees(port) for port in ports[:MASTERS])


def agrees(port: int) -> bool:
    """Whether one master finds the cluster whole."""
    from redis import RedisError

    try:
        with client(port) as asked:
            told = asked.execute_command("CLUSTER INFO")
    except RedisError:
        return False
    return bool(told["cluster_state"] == "ok" and int(told["cluster_known_nodes"]) == MASTERS)


SERVER = Server(
    name="redis-cluster",
    ports=2 * MASTERS,
    obtain=obtain,
    lines=lines,
    url=lambda ports: f"redis+cluster://127.0.0.1:{ports[0]}",
    answers=answers,
    form=form,
)
