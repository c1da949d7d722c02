"""Where the cluster is: folders of this machine and addresses that only the cluster uses.

The addresses are of 198.18.0.0/15, which is set aside for measurements: no network outside uses it.
"""

from __future__ import annotations

from pathlib import Path

from tests.services.folders import RUN

HOME = RUN / "cluster"
"""Everything of the running cluster: configuration, data, logs."""
LOGS = HOME / "logs"
KUBECONFIG = HOME / "kubeconfig"
SOURCES = Path(__file__).parent

INSIDE = Path("/run/node")
"""HOME as the node's own processes see it."""
PROGRAMS = Path("/run/programs")
"""The folder of programs as the node's own processes see it."""

NODE = "node"
HOST = "198.18.0.1"
"""This machine, as pods see it."""
ADDRESS = "198.18.0.2"
"""The node: API server and node ports."""
PREFIX = 30
PODS = "198.18.64.0/20"
SERVICES = "198.18.128.0/20"
FIRST_SERVICE = "198.18.128.1"
NAMES = "198.18.128.10"
"""Where pods ask for names."""
DOMAIN = "cluster.local"
LINK = "hive-node"
"""This machine's end of the cable to the node."""
CGROUP = "hive-kubernetes"
SERVER = f"https://{ADDRESS}:6443"
