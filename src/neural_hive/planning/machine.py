"""One door to all readers of machine text; each is loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from neural_hive.errors import PlanError
from neural_hive.planning.reading import Circumstances, Reading
from neural_hive.understanding.privacy import mask_source

READERS = {
    "sql": ("neural_hive.planning.sql", "read_sql"),
    "shell": ("neural_hive.planning.shell", "read_shell"),
    "terraform": ("neural_hive.planning.terraform", "read_terraform"),
    "kubernetes": ("neural_hive.planning.kubernetes", "read_kubernetes"),
    "diff": ("neural_hive.planning.diff", "read_diff"),
}
# These two show pieces of their source as they are, so the source is masked first; the others mask what they write.
_SHOWN_AS_IS = frozenset({"sql", "shell"})


def read_machine(source: str, notation: str, circumstances: Circumstances) -> Reading:
    """Read a source in one of the notations of `READERS`; nothing personal is left in what is returned.

    Raises:
        PlanError: The source cannot be parsed, or there is no such format.
        LimitError: The source is nested or expands too much.
    """
    if notation not in READERS:
        raise PlanError("error.unknown_format", notation=notation[:40], known=", ".join(sorted(READERS)))
    module, name = READERS[notation]
    reader: Callable[[str, Circumstances], Reading] = getattr(import_module(module), name)
    text = mask_source(source, notation).text if notation in _SHOWN_AS_IS else source
    return reader(text, circumstances)
