"""`hive doctor`: whether this machine can run a hive, and what to do where it cannot."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from neural_hive.cli import terminal
from neural_hive.cli.findings import Finding, found
from neural_hive.cli.options import DataDir, Lang, settings_of
from neural_hive.errors import HiveError, UnavailableError
from neural_hive.messages import text

if TYPE_CHECKING:
    from neural_hive.settings import Auth, Settings

_MIB = 1 << 20
_LOOK = 0.05  # seconds between two looks at whether the issuer has answered
_QUICK = 64 * _MIB  # a ledger up to here is verified whole in about a second


def doctor(lang: Lang = None, data_dir: DataDir = None) -> None:
    """Examine; exit code 0 when nothing is bad, 1 otherwise."""
    settings = settings_of(data_dir, lang)
    language = settings.language or terminal.language()
    findings = list(examine(settings, language))
    terminal.say("\n".join(finding.line(language) for finding in findings))
    bad = sum(finding.state == "bad" for finding in findings)
    terminal.say(text("cli.doctor_bad", language, count=bad) if bad else text("cli.doctor_ok", language))
    raise typer.Exit(1 if bad else 0)


def examine(settings: Settings, language: str) -> Iterator[Finding]:
    """All examinations, one after the other; each stands for itself."""
    yield _folder(settings.data_dir, language)
    yield _disk(settings, language)
    yield from _ledger(settings, language)
    yield from _readers(language)
    yield _speed(language)
    yield from _tokens(settings, language)
    yield from asyncio.run(_connections(settings, language))


async def _connections(settings: Settings, language: str) -> list[Finding]:
    from neural_hive.cli.connections import connections

    return await connections(settings, language)


def _folder(folder: Path, language: str) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as draft:
            draft.write(b"hive")
            draft.flush()
            os.fsync(draft.fileno())
    except OSError as error:
        seen = f"{folder}: {error.strerror or type(error).__name__}"
        return found("bad", "folder", seen, language)
    return found("ok", "folder", str(folder), language)


def _disk(settings: Settings, language: str) -> Finding:
    folder = next((each for each in (settings.data_dir, *settings.data_dir.parents) if each.exists()), Path("/"))
    free = shutil.disk_usage(folder).free
    return found("ok" if free >= settings.min_free_bytes else "bad", "disk", f"{free // _MIB} MiB", language)


def _ledger(settings: Settings, language: str) -> Iterator[Finding]:
    url = settings.ledger_url
    if not url.startswith("sqlite:"):
        return
    path = Path(url.removeprefix("sqlite:///")).expanduser()
    if not path.is_file():
        yield found("ok", "ledger_new", str(path), language)
        return
    yield _key(path.with_suffix(".key"), language)
    yield _verified(path, language)


def _key(path: Path, language: str) -> Finding:
    if not path.is_file():
        return found("bad", "key_missing", str(path), language)
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        advice = text("cli.doctor.key.advice", language, path=path)
        return Finding("bad", text("cli.doctor.key.name", language), f"{path} ({mode:04o})", advice)
    return found("ok", "key", f"{path} ({mode:04o})", language)


def _verified(path: Path, language: str) -> Finding:
    """The whole ledger when that is quick, else its last checkpoint."""
    from neural_hive.ledger.offline import prove_growth
    from neural_hive.ledger.verify import verify

    try:
        if path.stat().st_size <= _QUICK:
            report = verify(path)
            seen = text("cli.verified_short", language, leaves=report.leaves) if report.ok else report.findings[0].render(language)
            return found("ok" if report.ok else "bad", "ledger", seen, language)
        prove_growth(path, 0)
    except HiveError as error:
        return found("bad", "ledger", error.render(language), language)
    return found("note", "ledger_large", f"{path.stat().st_size // _MIB} MiB", language)


def _tokens(settings: Settings, language: str) -> Iterator[Finding]:
    """Whether tokens can be verified; where none are asked for, whether only this machine can call."""
    from neural_hive.tokens.exposure import check_exposed
    from neural_hive.tokens.own import token_file

    try:
        check_exposed(settings.auth, settings.host, setting="host (HIVE_HOST)")
        own = token_file(settings.auth)
        if settings.auth.mode == "oidc":
            yield found("ok", "tokens", asyncio.run(_issuer(settings.auth)), language)
            if settings.queue and settings.specialists and own is None:
                yield found("note", "tokens_own", "auth.token_file", language)
    except HiveError as error:
        yield found("bad", "tokens", error.render(language), language)


async def _issuer(auth: Auth) -> str:
    """The issuer and how many keys it gave; raises HiveError."""
    from neural_hive.tokens.opening import open_guard

    async with open_guard(auth) as guard:
        assert guard is not None  # noqa: S101 -- there is one for `oidc`
        while True:
            try:
                return f"{auth.issuer} ({await guard.checks()['issuer']()})"
            except UnavailableError as error:
                if error.key != "error.issuer_unasked":  # the first answer is on its way, and bounded in time
                    raise
            await asyncio.sleep(_LOOK)


def _readers(language: str) -> Iterator[Finding]:
    from neural_hive.planning import plan
    from neural_hive.types import Intent, SourcePlan
    from neural_hive.understanding import understand

    def reads(intent: Intent) -> Callable[[], object]:
        return lambda: plan(understand(intent), intent).actions

    samples = {
        "pt": Intent(text="apagar a tabela de clientes"),
        "en": Intent(text="delete the customers table"),
        "sql": Intent(text="", plan=SourcePlan(source="DELETE FROM orders WHERE id = 7;", format="sql")),
        "shell": Intent(text="", plan=SourcePlan(source="rm -rf build/", format="shell")),
        "diff": Intent(text="", plan=SourcePlan(source="--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n", format="diff")),
        "kubernetes": Intent(
            text="", plan=SourcePlan(source="apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n", format="kubernetes")
        ),
    }
    broken = [name for name, intent in samples.items() if not _works(reads(intent))]
    yield found("bad" if broken else "ok", "readers", ", ".join(broken or samples), language)


def _works(reading: Callable[[], object]) -> bool:
    try:
        return bool(reading())
    except Exception:  # noqa: BLE001 -- whatever a parser that was installed badly raises, the finding is the same
        return False


def _speed(language: str) -> Finding:
    from importlib.util import find_spec

    missing = [name for name in ("httptools", "uvloop") if find_spec(name) is None]
    return found("note" if missing else "ok", "speed", ", ".join(missing) or "uvloop, httptools", language)
