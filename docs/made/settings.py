"""The table of settings. The English meanings stand in `settings.py`, the Portuguese ones on the page itself."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from docs.made.parts import FOLDERS, part, table
from neural_hive.settings import Settings

_HEADS = {"en": ("variable", "default", "meaning"), "pt": ("variável", "padrão", "significado")}


def settings_rows() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of each setting, in the order of `settings.py`; those of tables come last."""
    tables = {name: model for name, field in Settings.model_fields.items() if (model := _table(field.annotation)) is not None}
    own = [(f"HIVE_{name.upper()}", field) for name, field in Settings.model_fields.items() if name not in tables]
    nested = [
        (f"HIVE_{name.upper()}__{inner.upper()}", field) for name, model in tables.items() for inner, field in model.model_fields.items()
    ]
    return [(variable, _default(field), field.description or "") for variable, field in own + nested]


def _table(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _default(field: Any) -> str:
    if field.default_factory is not None:
        value = field.default_factory()
        return "`{}`" if value == {} else "-"
    if isinstance(field.default, tuple):
        return f"`{','.join(field.default)}`"
    return "-" if field.default is None else f"`{field.default}`"


def settings_table(language: str = "en") -> str:
    """The table in one language; a Portuguese meaning that nobody has written yet is left empty."""
    kept = {} if language == "en" else _kept(language)
    rows = [(f"`{name}`", default, meaning if language == "en" else kept.get(name, "")) for name, default, meaning in settings_rows()]
    return table(_HEADS[language], rows)


def _kept(language: str) -> dict[str, str]:
    """The meanings that stand on the page, by variable."""
    page = (FOLDERS[language] / "settings.md").read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^\| `(HIVE_\w+)` \|[^|]*\| (.*?) \|$", part(page, "settings")))
