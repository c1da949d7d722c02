"""Where in a file the words of an opinion stand: spans are those of tasks, files have lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from neural_hive.cli.inputs import Source


class Places:
    """Finds regions in a source.

    Args:
        source: The text that was judged.
        tasks: Its tasks in the order of the plan; each description is looked for after the one before it.
    """

    def __init__(self, source: Source, tasks: Sequence[Mapping[str, Any]]) -> None:
        self.file = source.file
        self._text = source.text
        self._lines = [0, *(place + 1 for place, sign in enumerate(source.text) if sign == "\n")]
        self._starts: dict[str, int] = {}
        after = 0
        for task in tasks:
            words = str(task["description"])
            start = self._text.find(words, after) if words else -1
            if start >= 0:
                self._starts[task["id"]] = start
                after = start + len(words)

    def region(self, evidence: Mapping[str, Any]) -> dict[str, int] | None:
        """Lines and columns, from 1, end exclusive, in code points; None when the words are not in the file as they are."""
        words = evidence["quote"]
        start = self._starts.get(evidence["task_id"], 0)
        exact = start + evidence["start"]
        found = exact if self._text.startswith(words, exact) else self._text.find(words, start)
        if not words or found < 0:
            return None
        (line, column), (end_line, end_column) = self._at(found), self._at(found + len(words))
        return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1
