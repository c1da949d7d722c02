"""What the words behind a command name: places in the file system, devices, named things."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from neural_hive.planning.shell.commands import commands
from neural_hive.planning.shell.words import UNKNOWN, Word
from neural_hive.planning.surroundings import emptiness_stated, environment_named, kind_of, names_disposable, only_copy_stated
from neural_hive.types import Environment, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an action falls on; `grave` means that losing it is hard to undo by its nature."""

    text: str
    object: str = "unknown"
    sensitivity: float = 0.3
    blast: float = 0.3
    scope: Scope = Scope.ONE
    unbounded: bool = False
    disposable: bool = False
    grave: bool = False
    certainty: float = 1.0
    only_copy: bool = False

    @property
    def weight(self) -> float:
        """How much it would hurt, for choosing the worst of several."""
        return -1.0 if self.disposable else self.sensitivity + self.unbounded + 0.3 * (self.certainty < 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where relative names are resolved, and what the script made itself or said about things."""

    folder: str = ""
    folder_certain: bool = True
    created: frozenset[str] = frozenset()
    comments: str = ""
    disposable: bool = False


def worst_path(words: tuple[Word, ...], place: Place, *, recursive: bool) -> Target:
    """The gravest of several paths; `words` is not empty."""
    targets = [path_target(word, place, recursive=recursive) for word in words]
    gravest = max(targets, key=lambda target: target.weight)
    if len(targets) > 1 and gravest.scope is Scope.ONE:
        gravest = replace(gravest, scope=Scope.SOME)
    return replace(gravest, text=" ".join(target.text for target in targets[:6]))


def path_target(word: Word, place: Place, *, recursive: bool) -> Target:
    """What one path is."""
    text = re.sub(r"(?<!:)/{2,}", "/", word.text)
    target = _broad(text, word, place) or _unknown(text, word) or _known(text, word, place, recursive=recursive)
    return _with_notes(target, text, place)


def _with_notes(target: Target, text: str, place: Place) -> Target:
    lines = [line for line in place.comments.splitlines() if len(text) > 3 and text in line]
    if any(only_copy_stated(line) for line in lines):
        return replace(target, only_copy=True, sensitivity=max(target.sensitivity, 0.9), grave=True, disposable=False)
    if target.unbounded and not text.startswith("/dev/"):
        return target
    if any(emptiness_stated(line) for line in lines):
        return replace(target, disposable=True, sensitivity=0.05, unbounded=False)
    return replace(target, disposable=True) if place.disposable and not target.unbounded and not target.grave else target


def _broad(text: str, word: Word, place: Place) -> Target | None:
    paths = commands().paths
    bare = text.rstrip("/*") or "/"
    if text in paths["root"]:
        return _everything(text, "data_store", 0.95, 0.9)
    if text in paths["home"]:
        return _everything(text, "personal_data", 0.9, 0.4)
    if bare in paths["system"] or text in paths["system"]:
        return _everything(text, "data_store", 0.9, 0.8)
    if text in paths["here"] or (word.glob and re.fullmatch(r"[*?.]+/?[*?]*", text)):
        if place.folder and place.folder_certain and not text.startswith(".."):
            return path_target(Word(f"{place.folder}/*", glob=True), replace(place, folder=""), recursive=True)
        return Target(text=text, object="file", sensitivity=0.6, blast=0.3, scope=Scope.ALL, unbounded=True, grave=True, certainty=0.8)
    return None


def _everything(text: str, kind: str, sensitivity: float, blast: float) -> Target:
    return Target(text=text, object=kind, sensitivity=sensitivity, blast=blast, scope=Scope.WILDCARD, unbounded=True, grave=True)


def _unknown(text: str, word: Word) -> Target | None:
    if UNKNOWN not in text:
        return None
    prefix, _, rest = text.partition(UNKNOWN)
    shown = text.replace(UNKNOWN, "?")
    if word.maybe_empty and prefix in ("", "/") and (rest.startswith("/") or prefix):
        return Target(
            text=shown, object="file", sensitivity=0.8, blast=0.7, scope=Scope.WILDCARD, unbounded=True, grave=True, certainty=0.4
        )
    if is_scratch(prefix):
        return Target(text=shown, object="artefact", sensitivity=0.05, blast=0.05, disposable=True, scope=Scope.SOME)
    if rest and _named_build(rest):
        return Target(text=shown, object="artefact", sensitivity=0.1, blast=0.05, disposable=True)
    kind = kind_of(text)
    return Target(
        text=shown, object=kind.id, sensitivity=max(0.5, kind.sensitivity), blast=max(0.4, kind.blast), scope=Scope.UNKNOWN, certainty=0.4
    )


def _known(text: str, word: Word, place: Place, *, recursive: bool) -> Target:
    full = text if text.startswith(("/", "~")) or not (place.folder and place.folder_certain) else f"{place.folder}/{text}"
    scope = Scope.SOME if word.glob else Scope.ONE
    if is_scratch(full) or _made_here(text, place.created) or _named_build(text):
        return Target(text=text, object="artefact", sensitivity=0.05, blast=0.05, scope=scope, disposable=True)
    return _precious(text, full, scope) or _by_its_name(text, full, scope) or _ordinary(text, full, scope, recursive=recursive)


def _precious(text: str, full: str, scope: Scope) -> Target | None:
    if full.startswith("/dev/") and not full.startswith("/dev/null"):
        return Target(text=text, object="file", sensitivity=0.8, blast=0.5, scope=Scope.ALL, grave=True)
    if full.startswith(("/var/lib/", "/var/backups/")) and not full.startswith(("/var/lib/apt", "/var/lib/dpkg")):
        return Target(text=text, object="data_store", sensitivity=0.85, blast=0.7, scope=scope, grave=True)
    if is_secret(text):
        return Target(text=text, object="secret", sensitivity=0.9, blast=0.5, scope=scope, grave=True)
    return None


def _by_its_name(text: str, full: str, scope: Scope) -> Target | None:
    kind = kind_of(full)
    if kind.id != "unknown" and kind.sensitivity > 0.3:
        grave = kind.sensitivity >= 0.75
        return Target(text=text, object=kind.id, sensitivity=kind.sensitivity, blast=kind.blast, scope=scope, grave=grave)
    if text.rstrip("/*").rsplit("/", 1)[-1].lower() in ("test", "tests", "spec", "testes"):
        return Target(text=text, object="test_thing", sensitivity=0.3, blast=0.2, scope=scope)
    if names_disposable(text):
        return Target(text=text, object="test_thing", sensitivity=0.15, blast=0.05, scope=scope, disposable=True)
    return None


def _ordinary(text: str, full: str, scope: Scope, *, recursive: bool) -> Target:
    absolute = full.startswith("/") and not full.startswith(("/home/", "/Users/"))
    sensitivity = 0.3 + 0.1 * absolute + 0.05 * recursive
    shallow = full.startswith(("/etc/", "/usr/", "/boot/", "/lib", "/bin/", "/sbin/"))
    if shallow:
        return Target(text=text, object="config", sensitivity=0.65, blast=0.5, scope=scope)
    return Target(text=text, object="file", sensitivity=sensitivity, blast=0.3 if absolute else 0.15, scope=scope)


def is_scratch(path: str) -> bool:
    """Whether a path lies in a directory for temporary files."""
    return any(path.startswith(f"{root}/") and len(path) > len(root) + 1 for root in commands().paths["scratch"])


def is_secret(path: str) -> bool:
    """Whether a path is that of keys, passwords or credentials."""
    lowered = path.lower()
    return any(_holds(lowered, name) for name in commands().paths["secret"])


def _holds(path: str, name: str) -> bool:
    at = path.find(name)
    if at < 0:
        return False
    before, after = path[at - 1 : at], path[at + len(name) : at + len(name) + 1]
    return (name.startswith(".") or not before.isalnum()) and not after.isalpha()


def _named_build(path: str) -> bool:
    parts = [part for part in path.strip("/*").split("/") if part not in (".", "*")]
    if not parts:
        return False
    paths = commands().paths
    if path.startswith("/") and len(parts) < 3:
        return False
    if any(part in paths["build"] for part in parts[-2:] if part != "target" or len(parts) < 4):
        return True
    return any(parts[-1].endswith(suffix) for suffix in paths["build_suffixes"])


def _made_here(path: str, created: frozenset[str]) -> bool:
    bare = path.rstrip("/*")
    return bool(bare) and any(bare == made or bare.startswith(f"{made}/") for made in created)


_NAMING = re.compile(r"(?i)--?(?:[\w-]*(?:name|identifier|ids?|bucket|app|topic|table|stack|queue|cluster|service|namespace|group)|n|g)$")


def named_by_options(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The things that options name: `--instance-ids i-1`, `-Name Spooler`, `--bucket=x`."""
    found = [words[at + 1] for at, word in enumerate(words[:-1]) if _NAMING.match(word.text) and not words[at + 1].text.startswith("-")]
    found += [
        replace(word, text=word.text.partition("=")[2]) for word in words if "=" in word.text and _NAMING.match(word.text.partition("=")[0])
    ]
    return tuple(found)


def named_target(words: tuple[Word, ...], sensitivity: float, blast: float, *, fixed_object: str, place: Place) -> Target:
    """What one or several named things (services, hosts, databases, buckets) are."""
    text = " ".join(word.text for word in words[:6])
    shown = text.replace(UNKNOWN, "?")
    if not words:
        return Target(text="", object=fixed_object, sensitivity=sensitivity, blast=blast, scope=Scope.UNKNOWN)
    if any(word.text.strip(UNKNOWN) == "" for word in words):
        return Target(text=shown, object=fixed_object, sensitivity=max(sensitivity, 0.5), blast=blast, scope=Scope.UNKNOWN, certainty=0.4)
    scope = Scope.SOME if len(words) > 1 or any(word.glob for word in words) else Scope.ONE
    if text in ("*", "all"):
        scope = Scope.ALL
    production = environment_named(text) is Environment.PRODUCTION
    made = all(word.text in place.created for word in words)
    if not production and (made or place.disposable or all(names_disposable(word.text) for word in words)):
        return Target(text=shown, object=fixed_object, sensitivity=min(sensitivity, 0.15), blast=0.05, scope=scope, disposable=True)
    kind = kind_of(text)
    if fixed_object in ("unknown", "") and kind.id != "unknown":
        fixed_object = kind.id
    return Target(
        text=shown,
        object=fixed_object,
        sensitivity=max(sensitivity, kind.sensitivity),
        blast=max(blast, kind.blast if kind.id != "unknown" else 0.0),
        scope=scope,
        unbounded=scope is Scope.ALL,
    )
