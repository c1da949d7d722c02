"""Where the chart and what it is made from stand."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
CHART = CHECKOUT / "deploy" / "helm" / "neural-hive"
MONITORING = CHECKOUT / "deploy" / "monitoring"
SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
VALUES = CHART / "values.yaml"
