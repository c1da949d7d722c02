"""`python -m tests.cluster up | down | status | kubeconfig | obtain | prove`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.cluster import cluster, node, stores
from tests.cluster.node import ClusterError
from tests.cluster.places import KUBECONFIG, SERVER
from tests.services.obtain import UnobtainableError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="A real Kubernetes on this machine; needs root.")
    parser.add_argument("command", choices=["up", "down", "status", "kubeconfig", "obtain", "prove"])
    parser.add_argument("names", nargs="*", metavar="PROOF", help="of `prove`: those that are wanted; all when left out")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up after `prove`")
    asked = parser.parse_intermixed_args(arguments)
    commands = {"up": up, "down": down, "status": status, "kubeconfig": kubeconfig, "obtain": obtain}
    try:
        return commands[asked.command]() if asked.command in commands else prove(tuple(asked.names), keep=asked.keep)
    except (ClusterError, UnobtainableError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def up() -> int:
    """Start it."""
    cluster.up(say)
    say(f"export KUBECONFIG={KUBECONFIG}")
    return 0


def down() -> int:
    """End it; nothing of it stays but its logs."""
    stores.down()
    cluster.down()
    node.favour_nobody()
    say("the cluster is down")
    return 0


def status() -> int:
    """Say whether it is up and which processes it has."""
    ready = cluster.is_up()
    say(f"{SERVER} is {'ready' if ready else 'down' if node.first() is None else 'not ready'}")
    for name, number in sorted(node.processes().items()):
        say(f"  {name:<24} process {number}")
    return 0 if ready else 1


def kubeconfig() -> int:
    """Print the path of its kubeconfig."""
    say(str(KUBECONFIG))
    return 0 if KUBECONFIG.exists() else 1


def obtain() -> int:
    """Build and unpack its programs."""
    cluster.obtain(say)
    return 0


def prove(names: tuple[str, ...], *, keep: bool) -> int:
    """Install the chart on it, try what can go wrong, count failures; the cluster is taken down afterwards."""
    from tests.cluster import proof

    return proof.prove(say, only=names, keep=keep)


def say(text: str) -> None:
    """One line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
