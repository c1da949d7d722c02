"""Where a Neo4j graph is: its URL taken apart, so that credentials are never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from neural_hive.errors import SettingsError

_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
_SHOWN = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[\w.-]*)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A database of a Neo4j server, and whose decisions are meant there.

    Attributes:
        uri: Scheme, host, port and routing context: what the driver takes.
        auth: User and password; None where the server asks for none.
        database: Its name; None is the server's default.
        hive: Whose decisions: several hives may share one database.
    """

    uri: str
    auth: tuple[str, str] | None = field(repr=False)
    database: str | None
    hive: str

    def __str__(self) -> str:
        return f"{self.uri.partition('?')[0]}/{self.database or ''}".rstrip("/")


def place_of(url: str) -> Place:
    """Take `neo4j://user:password@host:7687/database?hive=name` apart; all but scheme and host may be left out.

    Raises:
        SettingsError: It has no host, an unusable port or name, or a password in which "/", "?" or "#" stands as it is.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError("error.graph_url", place=_shown(url)) from error
    options = dict(parse_qsl(parts.query))
    hive = options.pop("hive", "main")
    database = unquote(parts.path.strip("/"))
    misread = "@" in f"{parts.path}{parts.query}{parts.fragment}"
    if misread or not parts.hostname or not _NAME.fullmatch(hive) or "/" in database:
        raise SettingsError("error.graph_url", place=_shown(url))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    routing = f"?{urlencode(options)}" if options else ""
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Place(f"{parts.scheme}://{host}:{port or 7687}{routing}", auth, database or None, hive)


def _shown(url: str) -> str:
    """The URL without credentials and options; nothing of it where they cannot be told from the rest."""
    scheme, _, rest = url.partition("://")
    address = rest.rpartition("@")[2].partition("?")[0]
    return f"{scheme}://{address if _SHOWN.fullmatch(address) and '@' not in rest.partition('?')[2] else '...'}"
