"""The command line in this process: its words in, its exit code and its two streams out."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from neural_hive.cli import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def hive(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Runs `hive ...` with a data directory of this test; collection and logging are given back as they were."""
    monkeypatch.setenv("HIVE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    root, threshold = logging.getLogger(), gc.get_threshold()
    handlers, level = root.handlers[:], root.level

    def run(*words: str) -> Done:
        with pytest.raises(SystemExit) as left:
            main(words)
        streams = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Done(left.value.code, streams.out, streams.err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    gc.set_threshold(*threshold)
