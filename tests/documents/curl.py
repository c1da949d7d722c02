"""As much of curl as the pages use, for machines that have none."""

from __future__ import annotations

import argparse
import sys
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def main(words: list[str]) -> int:
    """Ask, and write what is answered."""
    asked = _parsed(words)
    body = _body(asked.data if asked.data is not None else asked.data_binary)
    request = Request(asked.url, body, dict(header.split(": ", 1) for header in asked.header), method=asked.request)  # noqa: S310 -- loopback, as the page says
    try:
        with build_opener(_Stay).open(request, timeout=60) as answer:
            return _write(asked, answer.status, answer.reason, answer.headers, answer)
    except HTTPError as error:
        return 22 if asked.fail else _write(asked, error.code, error.reason, error.headers, error)
    except OSError:
        return 7


def _parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    for short, long in (("-s", "--silent"), ("-S", "--show-error"), ("-N", "--no-buffer"), ("-i", "--include"), ("-f", "--fail")):
        parser.add_argument(short, long, action="store_true")
    parser.add_argument("-H", "--header", action="append", default=[])
    for short, long in (("-d", "--data"), ("-X", "--request"), ("-o", "--output"), ("-w", "--write-out")):
        parser.add_argument(short, long)
    parser.add_argument("--data-binary")
    parser.add_argument("url")
    return parser.parse_args(words)


def _body(given: str | None) -> bytes | None:
    if given is None:
        return None
    return Path(given[1:]).read_bytes() if given.startswith("@") else given.encode()


def _write(asked: argparse.Namespace, status: int, reason: str, headers: Message, content: IO[bytes]) -> int:
    head = f"HTTP/1.1 {status} {reason}\n" + "".join(f"{name}: {value}\n" for name, value in headers.items()) + "\n"
    read = content.read()
    if asked.output:
        Path(asked.output).write_bytes(read)
    else:
        sys.stdout.buffer.write((head.encode() if asked.include else b"") + read)
    sys.stdout.buffer.write((asked.write_out or "").replace("%{http_code}", str(status)).replace("\\n", "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
