"""What a statement is told by the statement around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Gates = tuple[int, ...]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """How a statement stands in its surroundings.

    Attributes:
        gates: Numbers of the steps that must have succeeded for it to run.
        checked: Its failure is looked at, so `set -e` does not end the script.
        redirects: Redirections of an enclosing node that belong to its last command.
    """

    gates: Gates = ()
    checked: bool = False
    redirects: tuple[Node, ...] = ()

    def tested(self) -> Frame:
        """The same for a statement whose failure is looked at."""
        return Frame(self.gates, checked=True)

    def after(self, steps: Gates) -> Frame:
        """The same for a statement that runs only if more steps succeeded."""
        return replace(self, gates=(*self.gates, *steps))

    def redirected(self, redirects: tuple[Node, ...]) -> Frame:
        """The same with redirections of the statement's own."""
        return replace(self, redirects=(*redirects, *self.redirects))
