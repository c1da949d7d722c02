"""What goes between a hive and the nest of its specialists: one order in, one line for each event out."""

from __future__ import annotations

import os

import msgspec

from neural_hive.settings import Settings, Tls

_NEEDED = ("data_dir", "language", "models", "models_refresh", "ready_deadline", "traces", "log_level", "log_format")


class Listens(msgspec.Struct, frozen=True, tag="listens"):
    """A station is ready: its process and its ports."""

    specialist: str
    pid: int
    grpc: int
    http: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A station's process ended with an exit code (negative: a signal); the next one starts in `wait_s` seconds."""

    specialist: str
    code: int
    wait_s: float


Event = Listens | Ended


class Order:
    """Which stations to keep.

    Args:
        settings: Of the hive; a station is told only what it needs: no address of a store, no credential.
        ports: For each specialist the ports of gRPC and HTTP on loopback; 0 takes a free one.
    """

    def __init__(self, settings: Settings, ports: dict[str, tuple[int, int]]) -> None:
        kept = {name: getattr(settings, name) for name in _NEEDED}
        self.settings = Settings(**kept, host="127.0.0.1", grpc_host="127.0.0.1", tls=Tls())
        self.ports = ports

    def settings_of(self, name: str) -> Settings:
        """How one station is configured: on loopback, and without TLS there."""
        grpc, http = self.ports[name]
        return self.settings.model_copy(update={"grpc_port": grpc, "port": http})

    def line(self) -> bytes:
        """The order as a line of JSON."""
        return msgspec.json.encode({"settings": self.settings.model_dump(mode="json"), "ports": self.ports}) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Order:
        """The order in a line; errors as of `msgspec` and pydantic."""
        found = msgspec.json.decode(line, type=_Line)
        return cls(Settings(**found.settings), found.ports)


class _Line(msgspec.Struct):
    settings: dict[str, object]
    ports: dict[str, tuple[int, int]]


def written(event: Event, to: int) -> None:
    """Write an event as one line; short enough that lines of several processes do not mix."""
    os.write(to, msgspec.json.encode(event) + b"\n")


def read(line: bytes) -> Event | None:
    """The event in a line; None for anything else that was printed."""
    try:
        found: Event = msgspec.json.decode(line, type=Event)
    except msgspec.MsgspecError:
        return None
    return found
