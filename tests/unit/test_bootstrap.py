"""Opening and closing a hive, and what it says of its parts."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from neural_hive.bootstrap import Adapter, open_hive, open_resource
from neural_hive.errors import HiveError, LedgerError, MissingDriverError, SettingsError, UnavailableError
from neural_hive.settings import load_settings
from neural_hive.types import Intent, SourcePlan


async def test_a_hive_opens_and_is_ready(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path / "new" / "place")) as hive:
        state = await hive.probe.readiness()
        assert state.ready
        names = {item.name for item in state.dependencies}
        assert {"ledger", "graph", "cache", "disk", "specialist-technical"} <= names
        assert all(item.latency_ms >= 0 and item.detail for item in state.dependencies)
    assert (tmp_path / "new" / "place" / "ledger.db").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("ledger", "oracle://host/db"), ("graph", "tinker://host"), ("cache", "memcached://host"), ("cache", "nonsense")]
)
async def test_an_unknown_scheme_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        async with open_hive(load_settings(data_dir=tmp_path, **{name: value})):
            pass


async def test_an_unknown_specialist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HiveError, match="poetic"):
        async with open_hive(load_settings(data_dir=tmp_path, specialists={"poetic": "grpc://host:1"})):
            pass


def test_a_missing_driver_says_what_to_install() -> None:
    adapters = {"far": Adapter("neural_hive_no_such_driver", "open_far", "far")}
    with pytest.raises(MissingDriverError, match=r"neural-hive-mind\[far\]") as caught:
        open_resource("ledger", "far://host", adapters, load_settings())
    assert "neural-hive-mind[far]" in caught.value.render("pt")


async def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LedgerError):
        async with open_hive(load_settings(data_dir=tmp_path / "file" / "below")):
            pass


async def test_not_ready_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path, min_free_bytes=2**62)) as hive:
        state = await hive.probe.readiness("pt")
        assert not state.ready
        assert [item.name for item in state.dependencies if not item.ok] == ["disk"]


async def test_not_ready_and_no_decision_when_the_ledger_is_gone(tmp_path: Path) -> None:
    """The file is removed under the running hive: a write into the void must not count."""
    async with open_hive(load_settings(data_dir=tmp_path / "data")) as hive:
        await hive.review(Intent(text="read the logs"))
        shutil.rmtree(tmp_path / "data")
        start = time.perf_counter()
        state = await hive.probe.readiness()
        assert time.perf_counter() - start < 3.0
        assert not state.ready
        assert "ledger" in [item.name for item in state.dependencies if not item.ok]
        with pytest.raises(LedgerError):
            await hive.review(Intent(text="read the logs"))


async def test_decisions_outlive_the_hive(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        decision = await hive.review(Intent(text="read the logs"))
    async with open_hive(load_settings(data_dir=tmp_path)) as hive:
        record = await hive.ledger.get(decision.decision_id)
    assert record["verdict"] == decision.verdict


async def test_a_warm_hive_is_ready_once_its_parsers_are_loaded(tmp_path: Path) -> None:
    async with open_hive(load_settings(data_dir=tmp_path, ready_deadline=30), warm=True) as hive:
        state = await hive.probe.readiness()
        assert state.ready
        assert "warm-up" in {item.name for item in state.dependencies}
        start = time.perf_counter()
        await hive.review(Intent(text="", plan=SourcePlan(source="DELETE FROM users;")))
        assert time.perf_counter() - start < 1.0


async def test_what_else_a_process_depends_on_is_asked_too(tmp_path: Path) -> None:
    async def away() -> str:
        raise UnavailableError("error.internal")

    async with open_hive(load_settings(data_dir=tmp_path), checks={"issuer": away}) as hive:
        state = await hive.probe.readiness()
        assert [(part.name, part.required) for part in state.dependencies if not part.ok] == [("issuer", False)]
        assert state.ready
    async with open_hive(load_settings(data_dir=tmp_path), checks={"token-keys": away}) as hive:
        assert not (await hive.probe.readiness()).ready
