"""`python -m tests.services up [NAME...] | down | status | env`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import perf_counter

from tests.services import SERVERS, Instance, StartError, UnobtainableError, given, shared
from tests.services.folders import PRIVATE, RUN, locked

# Which settings of the hive make it use the servers.
SETTINGS = {"mongodb": ("ledger",), "neo4j": ("graph",), "redis": ("cache", "queue"), "mlflow": ("models",)}

_OUTPUT = Lock()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 when a server is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.services", description="Real servers for the tests, on the loopback.")
    parser.add_argument("command", choices=["up", "down", "status", "env"])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SERVERS)}; all when left out")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(SERVERS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SERVERS)}")
    command = {"up": up, "down": down, "status": status, "env": env}[asked.command]
    return 0 if command(asked.names or list(SERVERS)) else 1


def up(names: Sequence[str]) -> bool:
    """Obtain and start servers, all at the same time; True when each of them answers."""
    with ThreadPoolExecutor(len(names)) as pool:
        return all(list(pool.map(bring_up, names)))


def bring_up(name: str) -> bool:
    """Obtain and start one server, unless it answers already."""
    if given(name):
        say(name, "is elsewhere, as the environment says")
        return True
    began = perf_counter()
    with locked(f"{RUN.name}-{name}"):
        instance = shared(name)
        if instance.answers:
            say(name, f"was up at {instance.url}")
            return True
        try:
            say(name, "obtaining")
            instance.server.obtain()
            say(name, f"starting ({perf_counter() - began:.1f} s)")
            instance.start()
        except (OSError, StartError, UnobtainableError) as error:
            say(name, f"FAILED: {error}")
            return False
    say(name, f"is up at {instance.url} ({perf_counter() - began:.1f} s)")
    return True


def down(names: Sequence[str]) -> bool:
    """End servers and remove what they wrote; the programs stay in the cache."""
    homes = [(name, RUN / name) for name in names]
    homes += [(home.name.rpartition("-")[0], home) for home in PRIVATE.glob("*") if home.name.rpartition("-")[0] in names]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda named: take_down(Instance(SERVERS[named[0]], named[1])), homes))
    if not any(path for path in RUN.glob("*") if path != PRIVATE):
        shutil.rmtree(RUN, ignore_errors=True)
    return True


def take_down(instance: Instance) -> None:
    """End one server, at once: its data go too."""
    if not instance.home.exists():
        return
    with locked(f"{RUN.name}-{instance.server.name}"):
        instance.kill()
        shutil.rmtree(instance.home, ignore_errors=True)
    say(instance.server.name, "is down")


def status(names: Sequence[str]) -> bool:
    """Say of each server whether it answers; True when all do."""
    with ThreadPoolExecutor(len(names)) as pool:
        return all(list(pool.map(tell, names)))


def tell(name: str) -> bool:
    """Say of one server whether it answers."""
    instance = shared(name)
    if given(name):
        text = "is elsewhere, as the environment says"
    elif not instance.alive:
        text = "is down"
    else:
        doubt = "" if instance.answers else " does not answer"
        text = f"{instance.url}{doubt} (process {', '.join(map(str, instance.pids))})"
    say(name, text)
    return bool(given(name)) or instance.answers


def env(names: Sequence[str]) -> bool:
    """Print the settings that make a hive use the servers, for `eval`."""
    for name in names:
        for setting in SETTINGS.get(name, ()):
            url = given(name) or (shared(name).url if shared(name).alive else "")
            sys.stdout.write(f"export HIVE_{setting.upper()}='{url}'\n" if url else f"# {name} is not up\n")
    return True


def say(name: str, text: str) -> None:
    """One line on one server."""
    with _OUTPUT:
        sys.stdout.write(f"{name:<14} {text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
