"""The ledger after all that: it verifies, and each decision that a caller was told is in it, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.cluster import release, stores
from tests.cluster.node import ClusterError
from tests.cluster.scene import Scene


def complete(scene: Scene) -> None:
    """Ask `hive ledger verify`, and look for every answer in `hive ledger export`."""
    told = _hive("ledger", "verify")
    scene.tell(told.splitlines()[0])
    with TemporaryDirectory() as folder:
        exported = Path(folder) / "ledger.jsonl"
        _hive("ledger", "export", "--output", str(exported))
        entries = [json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines()]
    leaves = {entry["index"]: json.loads(entry["body"]) for entry in entries if entry["type"] == "leaf"}
    times = Counter(body["id"] for body in leaves.values() if body["schema"].startswith("decision/"))
    answered = [answer for answer in scene.answers if answer.decision_id]
    wrong = [answer for answer in answered if times[answer.decision_id] != 1 or leaves[answer.leaf_index]["id"] != answer.decision_id]
    different = len({answer.decision_id for answer in answered})
    scene.tell(f"{len(answered)} answers told of {different} decisions; each of them is in the ledger, once, but for {len(wrong)}")
    if wrong or not answered:
        raise ClusterError(f"{len(wrong)} decisions are missing or double, such as {wrong[:1]}")


def _hive(*words: str) -> str:
    """What the command line printed that reads the cluster's ledger."""
    with TemporaryDirectory() as folder:
        settings = {"HIVE_LEDGER": f"{stores.mongo().url}/{release.DATABASE}", "HIVE_LEDGER_KEY": str(release.KEY), "HIVE_DATA_DIR": folder}
        line = [str(Path(sys.executable).with_name("hive")), *words]
        environment = {**os.environ, **settings, "HIVE_LANG": "en", "LANG": "C.UTF-8"}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise ClusterError(f"hive {' '.join(words)}: {(done.stdout + done.stderr)[-1500:]}")
    return done.stdout
