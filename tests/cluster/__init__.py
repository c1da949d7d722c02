"""A real Kubernetes on this machine, for the proof of the chart: `python -m tests.cluster up | down | status | kubeconfig | prove`.

One node in namespaces of its own (process, mount, network): API server, controllers, scheduler, kubelet, kube-proxy, etcd,
containerd and CoreDNS, all real, built or unpacked once into the cache. It needs root, Go and apt. What it mounts, the
addresses and packet rules it makes and the processes it starts are inside those namespaces, and end with them.
"""

from __future__ import annotations
