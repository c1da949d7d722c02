"""A newcomer's first minute: start the server, ask in both languages, stop it, verify the ledger."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from benchmarks.server import INTENTS, clean_environment, hive, hive_command

DANGEROUS = {"reject", "review_required"}
HARMLESS = {"approve", "conditional"}
QUESTIONS = (
    ("Drop the customers table in production, there is no backup.", DANGEROUS),
    ("Apagar a tabela de clientes em produção, não há backup.", DANGEROUS),
    ("Fix a typo in the README.", HARMLESS),
    ("Corrigir um erro de digitação no README.", HARMLESS),
)


def ask(port: int, text: str) -> str:
    """The verdict on one intention, over plain HTTP."""
    body = json.dumps({"intent_text": text, "user_id": "newcomer"}).encode()
    request = Request(f"http://127.0.0.1:{port}{INTENTS}", data=body, headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        return str(json.load(answer)["verdict"])


def main() -> int:
    """0 when every verdict is acceptable and the ledger verifies."""
    wrong = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        with hive(folder, "Add a button to the search page.") as server:
            print(f"first answer after {server.first_answer:.2f} s")
            for text, acceptable in QUESTIONS:
                verdict = ask(server.port, text)
                wrong += verdict not in acceptable
                print(f"{verdict:16} {text}")
        verify = [hive_command(), "ledger", "verify", "--data-dir", str(folder / "data")]
        verified = subprocess.run(verify, env=clean_environment(), check=False, timeout=60).returncode
    return int(bool(wrong or verified))


if __name__ == "__main__":
    sys.exit(main())
