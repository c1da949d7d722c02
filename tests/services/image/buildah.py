"""buildah, for machines without a Docker engine: the one of the PATH, or Debian's, unpacked beside the system."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from tests.services import debian
from tests.services.folders import CACHE, CHECKOUT
from tests.services.obtain import Program, UnobtainableError, once, run

ADVICE = "install the package buildah (Debian, Ubuntu, Fedora), or start a Docker engine"
STORE = CACHE / "image-store"
STATE = Path("/run/neural-hive-image", sha256(str(CACHE).encode()).hexdigest()[:8])  # mounts and locks end with the machine's run
PULL = 120.0  # seconds that a registry has
OLD = 400  # images, cached steps included, above which the store begins anew


class BuildError(RuntimeError):
    """The image could not be built; the builder has said why."""


@cache
def obtain() -> Program:
    """The buildah command with a store of its own.

    Raises:
        UnobtainableError: It cannot be had, or the user is not root.
    """
    if os.geteuid():
        raise UnobtainableError("buildah needs root here: `sudo make image`, or start a Docker engine")
    found = shutil.which("buildah")
    program = Program((found,)) if found else unpacked()
    STORE.mkdir(parents=True, exist_ok=True)
    for driver in ("overlay", "vfs"):
        stored = program.given("--root", STORE / driver, "--runroot", STATE / driver, "--storage-driver", driver)
        if finished(stored.given("info")):
            return stored
    raise UnobtainableError(f"buildah cannot keep images below {STORE}: neither overlay nor vfs works there")


def unpacked() -> Program:
    """Debian's buildah, with the configuration that belongs to it."""
    packages = ("buildah", "golang-github-containers-common")
    try:
        folder = once("buildah", lambda folder: debian.unpack(folder, packages, "usr/bin/buildah"))
    except UnobtainableError as error:
        raise UnobtainableError(f"{error}\n{ADVICE}") from error
    settings = folder / "etc/containers"
    registries = ("--registries-conf", settings / "registries.conf", "--registries-conf-dir", settings / "registries.conf.d")
    return Program((str(folder / "usr/bin/buildah"),), debian.environment(folder)).given(*registries)


def trust() -> tuple[str, ...]:
    """Whose images are taken: as the machine says; everybody's where it says nothing."""
    if any(path.exists() for path in (Path("/etc/containers/policy.json"), Path.home() / ".config/containers/policy.json")):
        return ()
    policy = STORE / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}\n', encoding="utf-8")
    return ("--signature-policy", str(policy))


def finished(program: Program, patience: float | None = None) -> bool:
    """Whether a command ends well, in time."""
    try:
        done = subprocess.run(program.argv, env={**os.environ, **program.env}, capture_output=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def told(*words: str | Path) -> str:
    """What buildah printed."""
    program = obtain().given(*words)
    return run(*program.argv, cwd=CHECKOUT, env=program.env).strip()


def has(image: str) -> bool:
    """Whether the store has an image."""
    return finished(obtain().given("inspect", "--type", "image", image))


def pull(image: str) -> bool:
    """Whether an image is in the store, or its registry gives it."""
    return has(image) or finished(obtain().given("pull", "--quiet", *trust(), image), PULL)


def load_base(image: str, files: Path) -> None:
    """Make an image of one layer from an archive of files."""
    container = told("from", *trust(), "scratch")
    try:
        told("add", "--quiet", container, files, "/")
        told("commit", "--quiet", *trust(), container, image)
    finally:
        told("rm", container)


def build(name: str, arguments: Mapping[str, str], secrets: Mapping[str, Path], options: Iterable[str] = ()) -> None:
    """Build the Dockerfile of this checkout.

    Raises:
        BuildError: A step failed.
    """
    if len(told("images", "--all", "--quiet").splitlines()) > OLD:
        told("rmi", "--all", "--force")
    # The format of Docker, because OCI's has no HEALTHCHECK.
    words = ["build", "--isolation", "chroot", "--layers", "--format", "docker", *trust(), "--tag", name]
    words += [f"--build-arg={key}={value}" for key, value in arguments.items()]
    words += [f"--secret=id={key},src={path}" for key, path in secrets.items()]
    program = obtain().given(*words, *options, CHECKOUT)
    if subprocess.run(program.argv, env={**os.environ, **program.env}, check=False).returncode:
        raise BuildError("buildah could not build the image; its last lines say why")


def save(name: str, archive: Path) -> None:
    """Write an image as an archive that docker, podman and containerd load."""
    told("push", "--quiet", *trust(), name, f"docker-archive:{archive}:{name}")
