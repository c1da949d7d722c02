"""What pip needs of this machine's configuration, handed to a build as secrets: nothing of it stays in the image."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# Options that mean the same inside the build; paths of this machine do not.
KEPT = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries", "find-links")
RANKS = ("global", "install", "download", ":env:")
AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")

INSIDE = "/run/secrets/ca.crt"


@contextmanager
def secrets() -> Iterator[dict[str, Path]]:
    """Files for a build, by the name of the secret; they are gone afterwards."""
    said = parsed(subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout)
    bundle = authorities(said, os.environ)
    with TemporaryDirectory(prefix="hive-image-") as name:
        settings = Path(name, "pip.conf")
        settings.touch(mode=0o600)
        settings.write_text(written(said, certificates=bundle is not None), encoding="utf-8")
        yield {"pip.conf": settings} | ({"ca.crt": bundle} if bundle else {})


def parsed(listing: str) -> dict[str, str]:
    """Options that `pip config list` printed; what the environment says wins over files."""
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in RANKS:
            found[option] = max(found.get(option, (-1, "")), (RANKS.index(section), str(ast.literal_eval(value))), key=lambda pair: pair[0])
    return {option: value for option, (_, value) in found.items()}


def written(options: Mapping[str, str], *, certificates: bool) -> str:
    """A pip configuration with the options that mean the same in another file system."""
    lines = ["[global]"]
    for option, value in options.items():
        words = [word for word in value.split() if option != "find-links" or "://" in word]
        if option in KEPT and words:
            lines += [f"{option} ="] + [f"    {word}" for word in words] if len(words) > 1 else [f"{option} = {words[0]}"]
    if certificates:
        lines.append(f"cert = {INSIDE}")
    return "\n".join(lines) + "\n"


def authorities(options: Mapping[str, str], environment: Mapping[str, str]) -> Path | None:
    """The certificate authorities that this machine trusts, where they are a file."""
    named = [options.get("cert", ""), *(environment.get(name, "") for name in AUTHORITIES), str(BUNDLE)]
    return next((Path(name) for name in named if name and Path(name).is_file()), None)


def proxies(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names of the proxy variables that are set; builders forward them and keep them out of the image."""
    return [name for name in PROXIES if environment.get(name)]
