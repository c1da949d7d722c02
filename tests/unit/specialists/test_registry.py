"""A fifth specialist is one package and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural_hive.errors import NotFoundError
from neural_hive.specialists import registry
from neural_hive.testing import check_specialist, sample_plans

FACTORS = """
name = "thrift"
version = "7"
lift = 0.1
veto_concern = 0.6
[factor.cost]
weight = 1.0
reads = { money = 1.0, loss = 0.5 }
[offers]
money = ["approval"]
"""
CODE = """
from neural_hive.specialists.rules import RuleSpecialist

def specialist():
    return RuleSpecialist(__name__)
"""


@pytest.fixture
def fifth(tmp_path: Path) -> Iterator[str]:
    package, metadata = tmp_path / "hive_thrift", tmp_path / "hive_thrift-7.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "__init__.py").write_text(CODE, encoding="utf-8")
    (package / "factors.toml").write_text(FACTORS, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hive-thrift\nVersion: 7\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[{registry.GROUP}]\nthrift = hive_thrift:specialist\n", encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    registry.refresh()
    yield "thrift"
    sys.path.remove(str(tmp_path))
    sys.modules.pop("hive_thrift", None)
    registry.refresh()


def test_the_four_are_there() -> None:
    assert registry.names() == ("architecture", "behavior", "evolution", "technical")


async def test_a_fifth_is_discovered_and_conforms(fifth: str) -> None:
    assert fifth in registry.names()
    specialist = registry.open_local(fifth)
    assert (await specialist.describe()).version.startswith("7")
    await check_specialist(specialist)
    assert (await specialist.evaluate(sample_plans()[4])).factors[0].name == "cost"


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(NotFoundError) as raised:
        registry.open_local("nobody")
    assert "technical" in raised.value.render("pt")
