"""Images, without a registry: archives are made or given as files, and containerd takes them from there."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from platform import machine

from tests.cluster import node, programs
from tests.cluster.configuration import DNS, PAUSE
from tests.cluster.places import HOME, INSIDE, PROGRAMS

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def load(archive: Path) -> list[str]:
    """Give containerd an archive of images (`docker save`, `buildah push docker-archive:` or OCI); names of what it has then.

    Raises:
        ClusterError: It is no such archive, or the node is down.
    """
    copy = HOME / "import.tar"
    shutil.copyfile(archive, copy)
    try:
        ctr("images", "import", f"{INSIDE / copy.name}")
    finally:
        copy.unlink()
    return [name for name in ctr("images", "list", "--quiet").splitlines() if not name.startswith("sha256:")]


def ctr(*words: str) -> str:
    """What containerd's own client printed, asked about Kubernetes' images and containers."""
    return node.do(f"{PROGRAMS}/system/links/ctr", "--namespace=k8s.io", "--address=/run/containerd/containerd.sock", *words, patience=300)


def load_own() -> None:
    """Make the images of one static program each that a cluster needs, and load them: what holds a pod's namespaces, and CoreDNS."""
    for program, name in ((programs.pause(), PAUSE), (programs.dns(), DNS)):
        archive = HOME / f"{program.name}.tar"
        archive.write_bytes(archive_of(program, name))
        load(archive)
        archive.unlink()


def archive_of(program: Path, name: str) -> bytes:
    """An image of one static program and nothing else, in the format of `docker save`."""
    layer = _tar({program.name: (program.read_bytes(), 0o755)})
    settings = {
        "architecture": _ARCHITECTURES.get(machine(), machine()),
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"layer.tar": layer, "config.json": json.dumps(settings).encode(), "manifest.json": json.dumps(manifest).encode()}
    return _tar({path: (content, 0o644) for path, content in files.items()})


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
