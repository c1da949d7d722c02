"""Free loopback ports, below those that the system hands out by itself: a server can have its port again after a restart."""

from __future__ import annotations

import random
import socket

# Linux starts with 32768, macOS with 49152.
RANGE = range(20_000, 32_000)


def free_ports(number: int) -> list[int]:
    """That many different ports on which nobody listens."""
    shuffled = random.SystemRandom().sample(RANGE, len(RANGE))
    free = (port for port in shuffled if is_free(port))
    return [next(free) for _ in range(number)]


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
