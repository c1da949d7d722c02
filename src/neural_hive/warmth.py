"""Loading early what the first intentions would load: words of both languages, parsers, specialists."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from neural_hive import planning
from neural_hive.ops import Check
from neural_hive.panel import Panel
from neural_hive.telemetry import frames
from neural_hive.types import Intent, Plan, SourcePlan
from neural_hive.understanding import understand

_log = logging.getLogger(__name__)
_WORDS = ("delete the customers table", "apagar a tabela de clientes")
_SOURCES = (
    ("sql", "DELETE FROM orders WHERE id = 7;"),
    ("shell", "rm -rf build/ && make"),
    ("kubernetes", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: preview\n"),
    ("diff", "--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"),
    ("terraform", '{"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": []}'),
)


@asynccontextmanager
async def warmed(panel: Panel) -> AsyncIterator[Check]:
    """Load what texts need now, and the parsers of machine text in the background.

    Yields:
        A check that answers once everything is loaded.
    """
    for words in _WORDS:
        await _consult(panel, await asyncio.to_thread(_plan, Intent(text=words)))
    loading = asyncio.create_task(_load_parsers(panel))

    async def check() -> str:
        await asyncio.shield(loading)
        return "ok"

    try:
        yield check
    finally:
        loading.cancel()


async def _load_parsers(panel: Panel) -> None:
    for notation, source in _SOURCES:
        try:
            plan = await asyncio.to_thread(_plan, Intent(text="", plan=SourcePlan(source=source, format=notation)))
            await _consult(panel, plan)
        except Exception as error:  # noqa: BLE001 -- one notation that cannot be read must not keep the others waiting
            _log.warning("warming up %s failed: %s", notation, frames(error))
    gc.freeze()  # what was loaded stays for good; walking it at every full collection would hold requests up


def _plan(intent: Intent) -> Plan:
    return planning.plan(understand(intent), intent)


async def _consult(panel: Panel, plan: Plan) -> None:
    async for _ in panel.consult(plan):
        pass
