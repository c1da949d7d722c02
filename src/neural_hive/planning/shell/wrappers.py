"""Commands that run other commands: sudo, xargs, ssh, bash -c, docker exec, find -exec, psql -c, ..."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from neural_hive.planning.shell.commands import program_name
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.surroundings import environment_named
from neural_hive.types import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """What a wrapper runs.

    Attributes:
        kind: words (another command line), shell or sql (source text), untrusted (something from
            outside), opaque (a text that cannot be known).
        connection: Words of the wrapper that name a database or host.
        from_input: The command's last words come from standard input (xargs).
        isolated: It runs in a container or on another host, so local folders do not matter.
    """

    kind: Literal["words", "shell", "sql", "untrusted", "opaque"]
    words: tuple[Word, ...] = ()
    source: str = ""
    environment: Environment = Environment.UNKNOWN
    connection: str = ""
    from_input: bool = False
    isolated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What comes in by a pipe or a heredoc: literal text if known, and from whom."""

    text: str | None = None
    sources: tuple[str, ...] = ()
    fetched: bool = False


_PREFIX: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-U", "-C", "-T", "-r", "-t"}),
    "doas": frozenset({"-u", "-C"}),
    "nohup": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "command": frozenset(),
    "builtin": frozenset(),
    "exec": frozenset({"-a"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "setsid": frozenset(),
    "stdbuf": frozenset({"-o", "-i", "-e"}),
    "strace": frozenset({"-e", "-o", "-p"}),
    "gosu": frozenset(),
    "unbuffer": frozenset(),
    "coproc": frozenset(),
    "systemd-run": frozenset({"-p", "--unit"}),
    "busybox": frozenset(),
    "toybox": frozenset(),
}
_LEADING_WORDS = {
    "timeout": 1,
    "chroot": 1,
    "flock": 1,
    "gosu": 1,
    "su-exec": 1,
    "arch-chroot": 1,
    "proxychains4": 0,
    "watch": 0,
    "caffeinate": 0,
    "faketime": 1,
    "chronic": 0,
}
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ash", "fish"})
_POWERSHELLS = frozenset({"powershell", "pwsh", "cmd"})
_SQL_CLIENTS: dict[str, frozenset[str]] = {
    "psql": frozenset({"-c", "--command"}),
    "mysql": frozenset({"-e", "--execute"}),
    "mariadb": frozenset({"-e", "--execute"}),
    "sqlcmd": frozenset({"-Q", "-q"}),
    "cockroach": frozenset({"-e", "--execute"}),
    "clickhouse-client": frozenset({"-q", "--query"}),
    "snowsql": frozenset({"-q"}),
    "duckdb": frozenset({"-c"}),
    "bq": frozenset(),
    "sqlite3": frozenset(),
    "sqlplus": frozenset(),
    "trino": frozenset({"--execute"}),
    "beeline": frozenset({"-e"}),
    "hive": frozenset({"-e"}),
    "cqlsh": frozenset({"-e", "--execute"}),
}
_SQL_VALUES = frozenset(
    {
        "-h",
        "--host",
        "-p",
        "--port",
        "-U",
        "-u",
        "--user",
        "--username",
        "-d",
        "--dbname",
        "-D",
        "--database",
        "-v",
        "--set",
        "-S",
        "-P",
        "-f",
        "--file",
        "-o",
        "-i",
    }
)
_SSH_VALUES = frozenset({"-i", "-p", "-o", "-l", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-m", "-E", "-W"})
_XARGS_VALUES = frozenset({"-n", "-P", "-I", "-L", "-d", "-s", "-a", "-E", "--max-args", "--max-procs", "--delimiter", "--replace"})
_EXEC_VALUES = frozenset(
    {
        "-n",
        "--namespace",
        "-c",
        "--container",
        "--context",
        "-u",
        "--user",
        "-w",
        "--workdir",
        "-e",
        "--env",
        "--kubeconfig",
        "-f",
        "--file",
        "--index",
        "-p",
    }
)
_FETCHERS = frozenset({"curl", "wget", "iwr", "irm", "invoke-webrequest", "invoke-restmethod", "nc", "fetch", "http", "aria2c"})


def unwrap(words: tuple[Word, ...], given: Input) -> Inner | None:
    """What the command really runs, or None when it acts itself."""
    name = program_name(words[0].text)
    if name in _PREFIX:
        return _after_options(words, _PREFIX[name], 0)
    if name in _LEADING_WORDS:
        return _after_options(words, frozenset({"-s", "-k", "-n", "-w", "-u", "-E"}), _LEADING_WORDS[name])
    reader = _READERS.get(name)
    if reader is not None:
        return reader(words, given)
    return _in_container(words, name) or _sql(words, name, given) or _interpreter(words, name, given)


def _text(words: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in words)


def _skip_options(words: tuple[Word, ...], at: int, values: frozenset[str]) -> int:
    while at < len(words) and words[at].text.startswith("-") and len(words[at].text) > 1:
        if words[at].text == "--":
            return at + 1
        at += 2 if words[at].text in values else 1
    return at


def _after_options(words: tuple[Word, ...], values: frozenset[str], leading: int, *, assignments: bool = False) -> Inner | None:
    at = _skip_options(words, 1, values) + leading
    while at < len(words) and (assignments or leading == 0) and re.match(r"[A-Za-z_]\w*=", words[at].text):
        at += 1
    at = _skip_options(words, at, values) if leading else at
    return Inner(kind="words", words=words[at:]) if at < len(words) else None


def _environment(words: tuple[Word, ...], given: Input) -> Inner | None:
    del given
    return _after_options(words, frozenset({"-u", "-C", "-S"}), 0, assignments=True)


def _xargs(words: tuple[Word, ...], given: Input) -> Inner | None:
    del given
    at = _skip_options(words, 1, _XARGS_VALUES)
    return Inner(kind="words", words=words[at:], from_input=True) if at < len(words) else None


def _shell(words: tuple[Word, ...], given: Input) -> Inner | None:
    texts = [word.text for word in words]
    flag = next((at for at, text in enumerate(texts) if at and re.fullmatch(r"-[a-z]*c", text)), 0)
    if flag and flag + 1 < len(words):
        body = words[flag + 1]
        return Inner(kind="untrusted") if body.fetched else Inner(kind="shell", source=body.text)
    if any(word.fetched for word in words[1:]):
        return Inner(kind="untrusted")
    if "-n" in texts:
        return None
    script = [text for text in texts[1:] if not text.startswith("-")]
    if not script or "-s" in texts:
        return _piped(given)
    return None


def _piped(given: Input) -> Inner | None:
    if given.fetched:
        return Inner(kind="untrusted")
    if given.text is not None:
        return Inner(kind="shell", source=given.text)
    return Inner(kind="opaque") if given.sources else None


def _powershell(words: tuple[Word, ...], given: Input) -> Inner | None:
    for at, word in enumerate(words[1:], 1):
        lowered = word.text.lower()
        if lowered in ("-enc", "-encodedcommand", "-e", "-ec"):
            return Inner(kind="untrusted")
        if lowered in ("-command", "-c", "/c", "/k"):
            rest = words[at + 1 :]
            source = rest[0].text if len(rest) == 1 else _text(rest)
            return (
                Inner(kind="untrusted")
                if re.search(r"(?i)downloadstring|downloadfile|\biex\b|webclient", source)
                else Inner(kind="shell", source=source.replace("\\", "/"))
            )
    return _piped(given)


def _invoked(words: tuple[Word, ...], given: Input) -> Inner | None:
    outside = given.fetched or any(word.fetched for word in words) or "http" in _text(words)
    return Inner(kind="untrusted") if outside else _evaluated(words, given)


def _sourced(words: tuple[Word, ...], given: Input) -> Inner | None:
    del given
    return Inner(kind="untrusted") if any(word.fetched for word in words) else None


def _evaluated(words: tuple[Word, ...], given: Input) -> Inner | None:
    del given
    words = words[1:]
    if not words:
        return None
    if any(word.fetched for word in words):
        return Inner(kind="untrusted")
    source = _text(words)
    return Inner(kind="opaque") if source.startswith(UNKNOWN) else Inner(kind="shell", source=source)


def _ssh(words: tuple[Word, ...], given: Input) -> Inner | None:
    at = _skip_options(words, 1, _SSH_VALUES)
    if at >= len(words):
        return None
    host = words[at].text
    environment = environment_named(host)
    rest = words[_skip_options(words, at + 1, _SSH_VALUES) :]
    if rest and program_name(rest[0].text) in _SHELLS and len(rest) == 1 and given.text is not None:
        rest = ()
    if rest:
        return Inner(kind="shell", source=_text(rest), environment=environment, connection=host, isolated=True)
    if given.fetched:
        return Inner(kind="untrusted", environment=environment)
    if given.text is not None:
        return Inner(kind="shell", source=given.text, environment=environment, connection=host, isolated=True)
    return Inner(kind="opaque", environment=environment) if given.sources else None


def _in_container(words: tuple[Word, ...], name: str) -> Inner | None:
    texts = [word.text for word in words]
    if name in ("docker", "podman", "nerdctl", "docker-compose") and ("exec" in texts[:4]):
        at = _skip_options(words, texts.index("exec") + 1, _EXEC_VALUES) + 1
        return _inside(words, at, " ".join(texts[1:at]))
    if name in ("kubectl", "oc", "k") and ("exec" in texts or "rsh" in texts):
        verb = texts.index("exec") if "exec" in texts else texts.index("rsh")
        at = texts.index("--") + 1 if "--" in texts else _skip_options(words, verb + 1, _EXEC_VALUES) + 1
        return _inside(words, at, " ".join(texts[1:at]))
    if name == "gcloud" and "--command" in texts and "ssh" in texts:
        return Inner(
            kind="shell",
            source=texts[texts.index("--command") + 1] if texts.index("--command") + 1 < len(texts) else "",
            environment=environment_named(_text(words)),
            isolated=True,
        )
    if name in ("aws-vault", "poetry", "pipenv", "uv", "bundle") and len(texts) > 2 and texts[1] in ("exec", "run"):
        at = texts.index("--") + 1 if "--" in texts else 2
        return _inside(words, at, "")
    return None


def _inside(words: tuple[Word, ...], at: int, connection: str) -> Inner | None:
    at = _skip_options(words, at, frozenset()) if at < len(words) else at
    if at >= len(words):
        return None
    return Inner(kind="words", words=words[at:], environment=environment_named(connection), connection=connection, isolated=True)


def _sql(words: tuple[Word, ...], name: str, given: Input) -> Inner | None:
    flags = _SQL_CLIENTS.get(name)
    if flags is None:
        return None
    texts = [word.text for word in words]
    statements, connection = _client_words(texts, flags, name)
    if name in ("sqlite3", "duckdb") and len(connection) > 1:
        statements.append(" ".join(connection[1:]))
    if name == "bq":
        statements = [connection[-1]] if "query" in connection else []
    where = " ".join(connection)
    if any(text in ("-f", "--file", "-i") or text.startswith("--file=") for text in texts[1:]):
        return Inner(kind="opaque", connection=where, environment=environment_named(where))
    return _statements(statements or ([given.text] if given.text is not None else []), where, given)


def _statements(statements: list[str], where: str, given: Input) -> Inner | None:
    environment = environment_named(where)
    if statements:
        return Inner(kind="sql", source=";\n".join(statements), connection=where, environment=environment, isolated=True)
    return Inner(kind="opaque", connection=where, environment=environment) if given.sources else None


def _client_words(texts: list[str], flags: frozenset[str], name: str) -> tuple[list[str], list[str]]:
    """The statements among a client's arguments, and the words that say where it connects."""
    statements: list[str] = []
    connection: list[str] = []
    rest = iter(texts[1:])
    for text in rest:
        head, equals, value = text.partition("=")
        if head in flags:
            statements.append(value if equals else next(rest, ""))
        elif name in ("mysql", "mariadb") and text.startswith("-e"):
            statements.append(text[2:])
        elif text in _SQL_VALUES:
            connection.append(next(rest, ""))
        elif not text.startswith("-") or equals:
            connection.append(value if text.startswith("-") else text)
    return statements, connection


_DANGEROUS_CODE = re.compile(
    r"rmtree|os\.remove|os\.unlink|shutil\.rm|unlinkSync|rmSync|rm -rf|FileUtils\.rm|DROP TABLE"
    r"|\.drop\(|unlink\(|/dev/tcp|pty\.spawn|socket\.socket",
    re.IGNORECASE,
)


def _interpreter(words: tuple[Word, ...], name: str, given: Input) -> Inner | None:
    if not re.fullmatch(r"python[\d.]*|node|ruby|perl|php", name):
        return None
    flags = {"-c", "-e", "-r", "-E", "--eval"}
    for at, word in enumerate(words[1:-1], 1):
        if word.text in flags:
            body = words[at + 1]
            return Inner(kind="untrusted") if body.fetched else _code(body.text)
    if given.fetched and (len(words) == 1 or words[-1].text == "-") and name != "perl":
        return Inner(kind="untrusted")
    if given.text is not None and (len(words) == 1 or words[-1].text == "-"):
        return _code(given.text)
    return None


def _code(source: str) -> Inner:
    shelled = re.search(r"(?:os\.system|system|subprocess\.\w+|execSync|exec|popen)\s*\(\s*\[?[frb]*(['\"])(.+?)\1", source)
    if shelled:
        return Inner(kind="shell", source=shelled.group(2))
    if _DANGEROUS_CODE.search(source):
        return Inner(kind="shell", source="delete_by_code --delete")
    return Inner(kind="opaque", source=source)


_READERS: dict[str, Callable[[tuple[Word, ...], Input], Inner | None]] = {
    "eval": _evaluated,
    **dict.fromkeys(("env", "sudoedit"), _environment),
    **dict.fromkeys(("xargs", "parallel"), _xargs),
    **dict.fromkeys((*_SHELLS, "su"), _shell),
    **dict.fromkeys(_POWERSHELLS, _powershell),
    **dict.fromkeys(("iex", "invoke-expression"), _invoked),
    **dict.fromkeys(("source", "."), _sourced),
    **dict.fromkeys(("ssh", "autossh", "mosh"), _ssh),
}


def is_fetcher(name: str) -> bool:
    """Whether a program brings text from outside."""
    return name in _FETCHERS


def decoded(text: str) -> str | None:
    """The plain text behind base64, or None."""
    try:
        raw = base64.b64decode(text.strip(), validate=True)
        return raw.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
