"""Downloads the spaCy models that an image is to hold, before anything else is built; each must have the stated SHA-256.

A URL that does not answer ends the build at once. Nothing is ever downloaded when a container starts.
"""

from __future__ import annotations

import argparse
import ssl
import sys
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

PATIENCE = 20.0  # seconds without a byte
AUTHORITIES = Path("/run/secrets/ca.crt")  # the builder's own certificate authorities, where there are any


def main(arguments: list[str] | None = None) -> None:
    """Fetch every model of a list, if models are wanted.

    Raises:
        SystemExit: A model cannot be had or is another file than the list says.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--wanted", choices=["0", "1"], required=True, help="what WITH_SPACY_MODELS says")
    parser.add_argument("--list", type=Path, required=True, help="file of lines: URL sha256:HEX")
    parser.add_argument("--into", type=Path, required=True, help="folder for the wheels")
    asked = parser.parse_args(arguments)
    asked.into.mkdir(parents=True, exist_ok=True)
    if asked.wanted == "1":
        for url, digest in listed(asked.list.read_text(encoding="utf-8")):
            fetch(url, digest, asked.into)


def listed(text: str) -> list[tuple[str, str]]:
    """URL and SHA-256 of each line that is no comment.

    Raises:
        SystemExit: A line has no SHA-256.
    """
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 2 or not row[1].startswith("sha256:"):
            raise SystemExit(f"WITH_SPACY_MODELS=1: no sha256 is stated for {row[0]}")
    return [(url, digest.removeprefix("sha256:")) for url, digest in rows]


def fetch(url: str, digest: str, folder: Path) -> None:
    """Download one wheel into a folder.

    Raises:
        SystemExit: The URL does not answer, or what it gives has another SHA-256.
    """
    context = ssl.create_default_context(cafile=str(AUTHORITIES) if AUTHORITIES.exists() else None)
    try:
        with urlopen(url, timeout=PATIENCE, context=context) as answer:  # noqa: S310 -- the list is part of the project
            content = answer.read()
    except (URLError, OSError) as error:
        raise SystemExit(
            f"WITH_SPACY_MODELS=1: {url} does not answer ({error}). "
            "Build where it can be reached, or without the models: everything works without them."
        ) from error
    if (found := sha256(content).hexdigest()) != digest:
        raise SystemExit(f"WITH_SPACY_MODELS=1: {url} has sha256 {found}, not {digest}. It is not installed.")
    (folder / urlsplit(url).path.rpartition("/")[2]).write_bytes(content)
    sys.stdout.write(f"{url}: {len(content)} bytes\n")


if __name__ == "__main__":
    main()
