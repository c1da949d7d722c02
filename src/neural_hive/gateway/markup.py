"""HTML from values: everything is escaped unless it was made here."""

from __future__ import annotations

from html import escape
from typing import Final, Literal

_VOID: Final = frozenset({"input", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | float | Markup | None | list["Child"] | tuple["Child", ...]


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element.

    Args:
        tag: Its name.
        *children: Texts (escaped), `Markup` (kept), lists of both; None is left out.
        **attributes: `_` at the end of a name is dropped, inside it becomes `-`; True is an
            attribute without value, None and False are left out.
    """
    opened = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None and value is not False)
    return Markup(f"<{tag}{opened}>") if tag in _VOID else Markup(f"<{tag}{opened}>{join(children)}</{tag}>")


def join(children: Child) -> Markup:
    """Children one after the other."""
    if children is None:
        return Markup("")
    if isinstance(children, (list, tuple)):
        return Markup("".join(join(child) for child in children))
    return children if isinstance(children, Markup) else Markup(escape(str(children)))


def _attribute(name: str, value: str | float | Literal[True]) -> str:
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(str(value))}"'
