"""The files that a node's parts read, and the command line of each part, as it is seen inside the node."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.cluster.certificates import found, key_pair
from tests.cluster.places import (
    ADDRESS,
    CGROUP,
    DOMAIN,
    FIRST_SERVICE,
    HOME,
    INSIDE,
    KUBECONFIG,
    NAMES,
    NODE,
    PODS,
    PROGRAMS,
    SERVER,
    SERVICES,
)

PAUSE, DNS = "hive.local/pause:1", "hive.local/dns:1"
VOLUMES = 2  # of manifests/storage.yaml
USERS = {
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
    "proxy": ("system:kube-proxy", ""),
}
_CERTIFICATES = INSIDE / "certificates"


def write() -> None:
    """Write certificates and configuration below HOME, which has none yet."""
    folder = HOME / "certificates"
    folder.mkdir(parents=True, mode=0o700)
    authority = found(folder)
    for file, (name, group) in USERS.items():
        authority.issue(file, name, group=group)
        kubeconfig(HOME / f"{file}.kubeconfig", file)
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}"]
    authority.issue("apiserver", "kube-apiserver", hosts=[*names, ADDRESS, FIRST_SERVICE])
    authority.issue("kubelet-server", NODE, hosts=[NODE, ADDRESS])
    authority.issue("kubelet-client", "kube-apiserver", group="system:masters")
    key_pair(folder, "tokens")
    (HOME / "admin.kubeconfig").rename(KUBECONFIG)
    for number in range(1, VOLUMES + 1):
        volume = HOME / "volumes" / str(number)
        volume.mkdir(parents=True)
        volume.chmod(0o1777)  # as a provisioner does it for whichever user a pod has
    for name, text in _files().items():
        path = HOME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kubeconfig(path: Path, user: str) -> None:
    """Write a kubeconfig that holds its certificates."""

    def inline(file: str) -> str:
        return base64.b64encode((HOME / "certificates" / file).read_bytes()).decode()

    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "hive", "cluster": {"server": SERVER, "certificate-authority-data": inline("ca.crt")}}],
                "users": [
                    {
                        "name": user,
                        "user": {"client-certificate-data": inline(f"{user}.crt"), "client-key-data": inline(f"{user}.key")},
                    }
                ],
                "contexts": [{"name": "hive", "context": {"cluster": "hive", "user": user}}],
                "current-context": "hive",
            }
        )
    )
    path.chmod(0o600)


def _files() -> dict[str, str]:
    return {
        "resolv.conf": "",
        "containerd.toml": _CONTAINERD,
        "net.d/10-ptp.conflist": json.dumps(_NETWORK),
        "kubelet.json": json.dumps(_KUBELET),
        "proxy.json": json.dumps(_PROXY),
    }


_CONTAINERD = f"""\
version = 2
root = "{INSIDE}/containerd"
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{PROGRAMS}/system/links/runc"
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PROGRAMS}/system/usr/lib/cni"
conf_dir = "{INSIDE}/net.d"
"""

# A cable of its own for each pod: packets between pods pass the node's packet rules, as they do between nodes.
_NETWORK = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [
        {
            "type": "ptp",
            "ipMasq": False,
            "ipam": {
                "type": "host-local",
                "dataDir": "/run/addresses",
                "ranges": [[{"subnet": PODS}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
    ],
}

_KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "address": ADDRESS,
    "authentication": {
        "anonymous": {"enabled": False},
        "webhook": {"enabled": True},
        "x509": {"clientCAFile": f"{_CERTIFICATES}/ca.crt"},
    },
    "authorization": {"mode": "Webhook"},
    "tlsCertFile": f"{_CERTIFICATES}/kubelet-server.crt",
    "tlsPrivateKeyFile": f"{_CERTIFICATES}/kubelet-server.key",
    "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
    "cgroupDriver": "cgroupfs",
    "cgroupRoot": f"/{CGROUP}",
    "failCgroupV1": False,
    "clusterDNS": [NAMES],
    "clusterDomain": DOMAIN,
    "resolvConf": f"{INSIDE}/resolv.conf",
    "podLogsDir": f"{INSIDE}/pods",
    "volumePluginDir": f"{INSIDE}/plugins",
    "failSwapOn": False,
    "imageGCHighThresholdPercent": 100,
    "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    "serializeImagePulls": False,
}

_PROXY = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "kind": "KubeProxyConfiguration",
    "clientConnection": {"kubeconfig": f"{INSIDE}/proxy.kubeconfig"},
    "hostnameOverride": NODE,
    "bindAddress": ADDRESS,
    "clusterCIDR": PODS,
    "mode": "iptables",
    # The limits of tracked connections are the machine's; a node in a network namespace may not set them.
    "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
}


def lines() -> dict[str, list[str]]:
    """The command line of each part, in the order in which they are started."""
    kubernetes = PROGRAMS / "kubernetes"
    return {
        "containerd": [f"{PROGRAMS}/system/links/containerd", f"--config={INSIDE}/containerd.toml"],
        "etcd": [f"{kubernetes}/etcd", f"--data-dir={INSIDE}/etcd", "--unsafe-no-fsync", "--log-level=warn"],
        "apiserver": [f"{kubernetes}/kube-apiserver", *_apiserver()],
        "controllers": [
            f"{kubernetes}/kube-controller-manager",
            f"--kubeconfig={INSIDE}/controllers.kubeconfig",
            f"--service-account-private-key-file={_CERTIFICATES}/tokens.key",
            f"--root-ca-file={_CERTIFICATES}/ca.crt",
            "--use-service-account-credentials",
            "--leader-elect=false",
        ],
        "scheduler": [f"{kubernetes}/kube-scheduler", f"--kubeconfig={INSIDE}/scheduler.kubeconfig", "--leader-elect=false"],
        "kubelet": [
            f"{kubernetes}/kubelet",
            f"--config={INSIDE}/kubelet.json",
            f"--kubeconfig={INSIDE}/kubelet.kubeconfig",
            f"--root-dir={INSIDE}/kubelet",
            f"--hostname-override={NODE}",
            f"--node-ip={ADDRESS}",
        ],
        "proxy": [f"{kubernetes}/kube-proxy", f"--config={INSIDE}/proxy.json"],
    }


def _apiserver() -> list[str]:
    certificates = _CERTIFICATES
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--bind-address={ADDRESS}",
        f"--advertise-address={ADDRESS}",
        f"--service-cluster-ip-range={SERVICES}",
        f"--client-ca-file={certificates}/ca.crt",
        f"--tls-cert-file={certificates}/apiserver.crt",
        f"--tls-private-key-file={certificates}/apiserver.key",
        f"--kubelet-client-certificate={certificates}/kubelet-client.crt",
        f"--kubelet-client-key={certificates}/kubelet-client.key",
        f"--kubelet-certificate-authority={certificates}/ca.crt",
        f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
        f"--service-account-key-file={certificates}/tokens.pub",
        f"--service-account-signing-key-file={certificates}/tokens.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
    ]
