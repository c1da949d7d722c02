"""What the URL of a shared cache says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from neural_hive.errors import SettingsError

_URL = re.compile(
    r"(?P<scheme>rediss?)(?P<cluster>\+cluster)?://(?:(?P<user>[^@/?#]*)@)?(?P<hosts>[^@/?#]+)(?:/(?P<db>\d*))?(?:\?(?P<query>[^#]*))?"
)
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:,\s]+)(?::(?P<port>\d{1,5}))?")
_SECONDS = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,6})?")
_FILE = re.compile(r".+")
_OPTIONS = {
    "ssl_ca_certs": _FILE,
    "ssl_certfile": _FILE,
    "ssl_keyfile": _FILE,
    "ssl_cert_reqs": re.compile("none|optional|required"),
    "ssl_check_hostname": re.compile("true|false"),
}
_PORT = 6379
_PREFIX = "hive"
_DEADLINE = "0.05"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a cache is.

    Attributes:
        url: What the driver opens: `redis://` or `rediss://` with the first node.
        nodes: Host and port of every node named.
        cluster: Whether the nodes are ways into a cluster.
        deadline: Seconds that a call may take, at most 10; after that it is a miss.
        prefix: What all keys begin with; hives that share a server but no ledger need one each.
        place: The address without credentials and options, for messages.
    """

    url: str
    nodes: tuple[tuple[str, int], ...]
    cluster: bool
    deadline: float
    prefix: str
    place: str


def read_address(url: str) -> Address:
    """Read `redis[s][+cluster]://[user:password@]host[:port][,host[:port]...][/database][?option=value]`.

    Options are `prefix`, `deadline` and the driver's `ssl_...` ones; several hosts and no database belong to a cluster.

    Raises:
        SettingsError: It is no such URL.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise SettingsError("error.cache_url")
    nodes = tuple(_node(host) for host in found["hosts"].split(","))
    options = dict(parse_qsl(found["query"] or "", keep_blank_values=True))
    prefix, deadline = options.pop("prefix", _PREFIX), options.pop("deadline", _DEADLINE)
    cluster = found["cluster"] is not None
    usable = all(name in _OPTIONS and _OPTIONS[name].fullmatch(value) for name, value in options.items())
    if not usable or not prefix.isprintable() or (int(found["db"] or 0) if cluster else len(nodes) > 1):
        raise SettingsError("error.cache_url")
    host = f"{_told(nodes[0])}/{found['db'] or 0}"
    user = f"{found['user']}@" if found["user"] else ""
    return Address(
        url=f"{found['scheme']}://{user}{host}" + (f"?{urlencode(options)}" if options else ""),
        nodes=nodes,
        cluster=cluster,
        deadline=_seconds(deadline),
        prefix=prefix,
        place=f"{url.partition(':')[0]}://{','.join(map(_told, nodes))}",
    )


def _node(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    port = int(found["port"] or _PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise SettingsError("error.cache_url")
    return found["host"].strip("[]"), port


def _seconds(text: str) -> float:
    if _SECONDS.fullmatch(text) is None or not 0.0 < float(text) <= 10.0:
        raise SettingsError("error.cache_url")
    return float(text)


def _told(node: tuple[str, int]) -> str:
    host, port = node
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
