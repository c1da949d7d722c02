"""The spaCy models of an image: had by URL and hash while it is built, or the build ends with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import perf_counter

import pytest

from deploy.image import models
from tests.services.folders import CHECKOUT
from tests.services.ports import free_ports

LIST = CHECKOUT / "deploy/image/models.txt"
WHEEL = b"a wheel"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "pt-3.8.0-py3-none-any.whl").write_bytes(WHEEL)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site"))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def get(tmp_path: Path, line: str, wanted: str = "1") -> list[str]:
    (tmp_path / "list.txt").write_text(f"# models\n\n{line}\n", encoding="utf-8")
    models.main(["--wanted", wanted, "--list", str(tmp_path / "list.txt"), "--into", str(tmp_path / "into")])
    return [path.name for path in (tmp_path / "into").iterdir()]


def test_a_model_with_its_hash_is_kept_under_its_name(site: str, tmp_path: Path) -> None:
    digest = sha256(WHEEL).hexdigest()
    assert get(tmp_path, f"{site}/pt-3.8.0-py3-none-any.whl sha256:{digest}") == ["pt-3.8.0-py3-none-any.whl"]
    assert (tmp_path / "into" / "pt-3.8.0-py3-none-any.whl").read_bytes() == WHEEL


def test_nothing_is_fetched_when_none_is_wanted(tmp_path: Path) -> None:
    assert get(tmp_path, "http://127.0.0.1:1/pt.whl sha256:00", wanted="0") == []


def test_another_file_is_not_kept(site: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has sha256 [0-9a-f]{64}, not 00"):
        get(tmp_path, f"{site}/pt-3.8.0-py3-none-any.whl sha256:00")
    assert list((tmp_path / "into").iterdir()) == []


def test_a_model_without_a_hash_is_refused(site: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no sha256 is stated"):
        get(tmp_path, f"{site}/pt-3.8.0-py3-none-any.whl")


def test_a_missing_file_ends_the_build(site: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"does not answer \(HTTP Error 404"):
        get(tmp_path, f"{site}/en.whl sha256:00")


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_host_that_does_not_answer_ends_the_build_at_once_and_says_so(host: str, tmp_path: Path) -> None:
    began = perf_counter()
    with pytest.raises(SystemExit, match=r"WITH_SPACY_MODELS=1: .* does not answer .* without the models"):
        get(tmp_path, f"http://{host}:{free_ports(1)[0]}/pt.whl sha256:00")
    assert perf_counter() - began < 20


def test_the_list_names_one_model_for_each_language() -> None:
    rows = models.listed(LIST.read_text(encoding="utf-8"))
    assert [re.sub(r".*/(\w+)-3\.8\.0-py3-none-any\.whl$", r"\1", url) for url, _ in rows] == ["pt_core_news_sm", "en_core_web_sm"]
    assert all(url.startswith("https://") and re.fullmatch("[0-9a-f]{64}", digest) for url, digest in rows)


def test_the_lock_of_spacy_agrees_with_the_image() -> None:
    """Both are installed into one environment; every package that both name has one version."""
    pins = [dict(re.findall(r"^([a-z0-9-]+)==(\S+ ?;?.*?) \\$", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in LOCKS]
    both = pins[0].keys() & pins[1].keys()
    assert "pydantic" in both
    assert {name: pins[1][name].split()[0] for name in both} == {name: pins[0][name].split()[0] for name in both}


LOCKS = (CHECKOUT / "deploy/requirements.lock", CHECKOUT / "deploy/image/spacy.lock")
