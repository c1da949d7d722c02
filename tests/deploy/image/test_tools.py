"""What builds, reads and judges images."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from tests.services.image import __main__ as command
from tests.services.image import archive, base, files, giving, product, secrets
from tests.services.image.checking import Row, contents, none, table
from tests.services.obtain import UnobtainableError

LISTING = """global.index-url='https://user:word@packages.example/simple'
global.cert='/etc/own.pem'
global.find-links='/opt/wheels https://wheels.example/all'
install.timeout='7'
:env:.index-url='https://mirror.example/simple'
:env:.extra-index-url='https://one.example\\nhttps://two.example'
"""


def test_pip_is_told_what_it_is_told_here_and_no_path_of_this_machine() -> None:
    text = secrets.written(secrets.parsed(LISTING), certificates=True)
    assert "index-url = https://mirror.example/simple" in text
    assert "extra-index-url =\n    https://one.example\n    https://two.example\n" in text
    assert "find-links = https://wheels.example/all" in text
    assert "timeout = 7" in text
    assert "cert = /run/secrets/ca.crt" in text
    assert "/opt/wheels" not in text
    assert "/etc/own.pem" not in text
    assert "user:word" not in text, "the environment wins"


def test_the_builders_configuration_is_gone_after_the_build() -> None:
    with secrets.secrets() as given:
        assert given["pip.conf"].read_text(encoding="utf-8").startswith("[global]\n")
        assert given["pip.conf"].stat().st_mode & 0o077 == 0
    assert not given["pip.conf"].exists()


def test_certificate_authorities_are_those_of_pip_first(tmp_path: Path) -> None:
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    own.touch()
    other.touch()
    assert secrets.authorities({"cert": str(own)}, {"SSL_CERT_FILE": str(other)}) == own
    assert secrets.authorities({"cert": str(tmp_path / "gone")}, {"SSL_CERT_FILE": str(other)}) == other


def test_labels_can_be_repeated() -> None:
    facts = product.facts({"SOURCE_DATE_EPOCH": "1700000000"})
    assert facts["CREATED"] == "2023-11-14T22:13:20Z"
    assert facts["VERSION"] == product.NAME.rpartition(":")[2]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://git.example/hive", "https://git.example/hive"),
        ("https://user:word@git.example/hive", ""),
        ("/srv/git/hive", ""),
        ("git@git.example:hive", ""),
    ],
)
def test_a_label_names_no_password_and_no_path(url: str, told: str) -> None:
    assert product.public(url) == told


def layer(entries: dict[str, bytes | None], mode: int = 0o644) -> bytes:
    """A layer of files; None is a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as pack:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.size, entry.mode = len(content or b""), 0o755 if content is None else mode
            entry.uid, entry.gid = os.getuid(), os.getgid()
            pack.addfile(entry, io.BytesIO(content or b""))
    return buffer.getvalue()


def packed(path: Path, *layers: bytes) -> Path:
    config = {"config": {"User": "1000:1000", "Env": ["PATH=/opt/hive/bin"]}, "history": [{"created_by": "COPY"}]}
    members = {f"{number}.tar": content for number, content in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": ["localhost/thing:1"], "Layers": list(members)}]
    members |= {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    path.write_bytes(layer(dict(members)))
    return path


def test_layers_lie_on_each_other(tmp_path: Path) -> None:
    low, high = layer({"etc": None, "etc/a": b"low", "etc/b": b"gone", "./etc/c": b"kept"}), layer({"etc/.wh.b": b"", "etc/a": b"high"})
    image = packed(tmp_path / "image.tar", low, high)
    archive.unpack(image, tmp_path / "root")
    assert {path.name: path.read_text() for path in (tmp_path / "root/etc").iterdir()} == {"a": "high", "c": "kept"}
    assert archive.content(image, "etc/a") == b"high"
    assert archive.content(image, "etc/c") == b"kept"


def test_an_archive_says_what_it_holds(tmp_path: Path) -> None:
    told = archive.inspect(packed(tmp_path / "image.tar", layer({"a": b"x" * 1000}), layer({"b": b""})))
    assert told.names == ("localhost/thing:1",)
    assert told.config["User"] == "1000:1000"
    assert told.sizes == (512 + 1024, 512)
    assert told.size == 2048


def test_a_file_that_is_not_there_is_missed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="etc/b is not in the image"):
        archive.content(packed(tmp_path / "image.tar", layer({"a": b""})), "etc/b")


IMAGE = archive.Image((), {"Env": ["PATH=/opt/hive/bin"], "User": "1000:1000"}, ("COPY . /",), (1000,))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root file system with nothing to object to."""
    site = tmp_path / "opt/hive/lib/python3.11/site-packages"
    for folder in (site / "Thing_One-1.0.dist-info", tmp_path / "tmp", tmp_path / "usr/bin", tmp_path / "var/lib/dpkg/status.d"):
        folder.mkdir(parents=True)
    (tmp_path / "tmp").chmod(0o1777)
    (site / "Thing_One-1.0.dist-info/METADATA").write_text("Name: Thing_One\nVersion: 1.0\n")
    (tmp_path / "var/lib/dpkg/status.d/zlib1g").write_text("Package: zlib1g\nVersion: 1.2\n")
    parts = [
        {"name": "thing-one", "version": "1.0", "purl": "pkg:pypi/thing-one@1.0"},
        {"name": "zlib1g", "version": "1.2", "purl": "pkg:deb/debian/zlib1g@1.2"},
    ]
    (tmp_path / "opt/hive/sbom.cdx.json").write_text(json.dumps({"components": parts}))
    return tmp_path


def test_a_clean_root_has_nothing_to_object_to(root: Path) -> None:
    assert not files.programs(root, files.SHELLS | files.MANAGERS | files.TOOLS)
    assert not files.privileged(root)
    assert not files.writable(root)
    assert not files.confidential(root, IMAGE)
    assert not files.unlisted(root)


@pytest.mark.parametrize("name", ["sh", "bash", "busybox"])
def test_a_shell_is_found_as_a_program_and_as_a_link(root: Path, name: str) -> None:
    (root / "usr/bin" / name).touch(0o755)
    (root / "bin").mkdir()
    (root / "bin" / name).symlink_to("/usr/bin/nothing")
    assert files.programs(root, files.SHELLS) == [f"/bin/{name}", f"/usr/bin/{name}"]


def test_a_file_that_runs_as_another_is_found(root: Path) -> None:
    (root / "usr/bin/su").touch()
    (root / "usr/bin/su").chmod(0o4755)
    assert files.privileged(root) == ["/usr/bin/su"]


def test_what_anybody_may_write_is_found(root: Path) -> None:
    (root / "tmp/left").touch()
    (root / "tmp/left").chmod(0o666)
    (root / "usr/bin").chmod(0o777)
    assert files.writable(root) == ["/tmp/left", "/usr/bin"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("opt/hive/pip.conf", "[global]"),
        ("data.key", ""),
        ("notes.txt", "-----BEGIN PRIVATE KEY-----\n" + "A" * 64),
        ("notes.txt", "AKIA" + "B" * 16),
    ],
)
def test_a_secret_is_found_by_name_or_by_content(root: Path, path: str, content: str) -> None:
    (root / path).write_text(content)
    assert files.confidential(root, IMAGE) == [f"/{path}"]


@pytest.mark.parametrize("step", ["RUN pip install --index-url https://user:word@packages.example/simple", "PIP_INDEX_URL=x"])
def test_a_password_in_the_history_is_found(root: Path, step: str) -> None:
    assert files.confidential(root, archive.Image((), {"Env": []}, (step,), ())) == [step]


def test_what_the_bill_does_not_list_is_found(root: Path) -> None:
    (root / "opt/hive/sbom.cdx.json").write_text(
        '{"components": [{"name": "thing-one", "version": "0.9", "purl": "pkg:pypi/thing-one@0.9"}]}'
    )
    assert files.unlisted(root) == ["thing-one 1.0", "zlib1g 1.2"]


def test_pip_inside_is_a_missed_bar(root: Path) -> None:
    (root / "opt/hive/lib/python3.11/site-packages/pip-24.0.dist-info").mkdir()
    (root / "opt/hive/lib/python3.11/site-packages/pip-24.0.dist-info/METADATA").write_text("Name: pip\nVersion: 24.0\n")
    rows = {row.what: row for row in contents(IMAGE, root)}
    assert not rows["pip, package managers"].met
    assert rows["size, uncompressed"].met
    assert rows["shells"].met


def test_a_missed_bar_is_marked() -> None:
    assert table([Row("size", "301 MB", "<= 300 MB", met=False), none("shells", [])]) == (
        "! size    <= 300 MB  301 MB\n  shells  none       none\n"
    )


@pytest.mark.parametrize("action", ["check", "import"])
def test_an_image_that_is_not_built_is_advised(
    action: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(product, "ARCHIVE", tmp_path / "image.tar")
    assert command.main([action]) == 1
    assert "run `make image` first" in capsys.readouterr().err


def test_a_machine_without_containerd_is_advised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "image.tar").touch()
    monkeypatch.setattr(product, "ARCHIVE", tmp_path / "image.tar")
    monkeypatch.setenv("CONTAINERD_ADDRESS", str(tmp_path / "nobody.sock"))
    with pytest.raises(UnobtainableError, match=r"Install containerd .*kind load image-archive"):
        giving.give()


def test_a_release_without_a_source_is_advised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "tool", lambda name, advice: "true")
    with pytest.raises(UnobtainableError, match=r"apt has no source of hardy.* make image BASE_IMAGE=NAME"):
        base.mirrors(tmp_path, "hardy")
