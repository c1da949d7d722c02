"""`make image-import`: gives the built image to the containerd that Kubernetes uses on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.services.image.making import say
from tests.services.image.product import NAME, archive
from tests.services.obtain import UnobtainableError

NAMESPACE = "k8s.io"
ADDRESS = "/run/containerd/containerd.sock"
ADVICE = (
    "Install containerd (the package containerd) or run this on a node of the cluster. A containerd with another socket is named by "
    "CONTAINERD_ADDRESS: /run/k3s/containerd/containerd.sock for k3s. For kind: kind load image-archive {archive}"
)


def give() -> None:
    """Import the archive.

    Raises:
        FileNotFoundError: The image has not been built.
        UnobtainableError: No containerd answers here.
    """
    path, socket = archive(), os.environ.get("CONTAINERD_ADDRESS", ADDRESS)
    client = shutil.which("ctr")
    if client is None or not Path(socket).exists():
        lack = "the program `ctr` is not on the PATH" if client is None else f"no containerd listens at {socket}"
        raise UnobtainableError(f"{lack}. {ADVICE.format(archive=path)}")
    line = [client, "--address", socket, "--namespace", NAMESPACE, "images", "import", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnobtainableError(f"containerd did not take {path}: {done.stderr.strip()}")
    say(f"containerd has {NAME} in {NAMESPACE}")
