"""The containers of one check of the image."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.services.image.archive import Image
from tests.services.image.runc import Container

PATIENCE = 120.0  # seconds; the bar is lower, and told as missed instead of as broken
TIMES = 3
STEP = 0.01  # seconds between two questions
NOTHING: Mapping[str, str] = {}

# The image does not say so by itself. Nobody reaches these containers: they have a loopback alone.
OPEN = {"HIVE_AUTH__ALLOW_ANONYMOUS": "true"}


class Running:
    """The containers of one check, stopped in the order opposite to their start.

    Args:
        image: What the archive says.
        home: Folder with the image's files in `root`.
    """

    def __init__(self, image: Image, home: Path) -> None:
        self._image = image
        self._home = home
        self._all: list[Container] = []

    @property
    def last(self) -> Container:
        """The one started last."""
        return self._all[-1]

    def starts(
        self, name: str, port: int, words: Sequence[str] = (), settings: Mapping[str, str] = NOTHING, beside: Container | None = None
    ) -> list[float]:
        """Start a container several times, each once the one before has ended; seconds until each was ready."""
        seconds = []
        for number in range(TIMES):
            if number:
                self.last.stop()
            seconds.append(self.start(f"{name}-{number}", port, words, settings, beside))
        return seconds

    def start(
        self, name: str, port: int, words: Sequence[str] = (), settings: Mapping[str, str] = NOTHING, beside: Container | None = None
    ) -> float:
        """Start a container and wait for it; seconds until /ready said yes.

        Raises:
            TimeoutError: It never did; what it printed is quoted.
        """
        one = Container(self._image, self._home / "root", self._home / name, words, {**OPEN, **settings}, beside)
        self._all.append(one)
        began = time.perf_counter()
        one.start()
        while time.perf_counter() - began < PATIENCE:
            if one.running and one.ask(port, "/ready", patience=1.0)[0] == 200:
                return time.perf_counter() - began
            time.sleep(STEP)
        raise TimeoutError(f"{name} is not ready after {PATIENCE:.0f} s:\n{one.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> list[int | None]:
        """End all; their exit codes."""
        return [one.stop() for one in reversed(self._all)]
