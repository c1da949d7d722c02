"""The committed code is what the contract gives, and the contract breaks nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_generated_code_answers_to_the_contract() -> None:
    done = ran(sys.executable, "proto/generate.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_is_well_formed_and_compatible_with_the_released_one() -> None:
    buf = str(Path(sys.executable).with_name("buf"))
    for command in (
        ("lint", "proto"),
        ("breaking", "proto", "--against", "proto/released.binpb"),
        ("format", "--exit-code", "-d", "proto"),
    ):
        done = ran(buf, *command)
        assert done.returncode == 0, done.stdout + done.stderr
