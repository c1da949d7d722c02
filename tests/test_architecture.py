"""What the repository promises about its own shape.

Layers are import-linter contracts in pyproject.toml; the rest is here because no tool checks it.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from statistics import median

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "neural_hive"
CODE = tuple(ROOT / folder for folder in ("src", "tests", "benchmarks", "evals", ".ci"))

# Driver -> the files (or folders, ending in "/") of the package that may import it.
DRIVERS = {
    "cryptography": ("ledger/signing.py", "ledger/leaf.py", "ledger/independent.py"),
    "fastapi": ("gateway/",),
    "faststream": ("bulk/consumer.py",),
    "grpc": ("transport/",),
    "httptools": (),
    "jwt": ("tokens/jose.py",),
    "mlflow": ("models/mlflow.py",),
    "neo4j": ("graph/neo4j.py", "graph/neo4j_search.py", "graph/neo4j_writer.py"),
    "opentelemetry": ("tracing.py",),
    "platformdirs": ("settings.py",),
    "prometheus_client": ("telemetry.py", "ops.py"),
    "pymongo": ("ledger/mongo_log.py", "ledger/mongo_audit.py"),
    "redis": ("cache/redis.py", "bulk/streams.py", "bulk/consumer.py"),
    "rich": ("cli/", "cli.py"),
    "spacy": ("understanding/",),
    "sqlglot": ("planning/sql.py", "planning/sql/"),
    "starlette": ("gateway/", "station/"),
    "tree_sitter": ("planning/shell/",),
    "tree_sitter_bash": ("planning/shell/",),
    "typer": ("cli/", "cli.py"),
    "unidiff": ("planning/diff.py", "planning/diff/"),
    "uvicorn": ("cli/", "cli.py", "gateway/", "station/"),
    "uvloop": ("cli/", "cli.py", "gateway/"),
}

ROOT_ENTRIES = {
    *(".ci", ".dockerignore", ".editorconfig", ".gitattributes", ".github", ".gitignore", ".pre-commit-config.yaml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "Makefile", "README.md", "README.pt-BR.md", "SECURITY.md"),
    *("compose.yaml", "mkdocs.yml", "pyproject.toml", "requirements.lock"),
    *("benchmarks", "deploy", "docs", "evals", "proto", "src", "tests"),
}

# The brackets keep this file from holding what it forbids.
FORBIDDEN = re.compile(
    r"pypi[.]org|python[h]osted|registry[.]npmjs|crates[.]io|repo1?[.]maven|proxy[.]golang|(?<![\w./$}])/(?:work|[U]sers)/\w",
)

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_MEDIAN_FUNCTION_LINES = 12
MAX_BASE_PACKAGES = 30
MAX_SETTINGS = 45
MAX_VERIFIER_LINES = 200

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def length(node: Function) -> int:
    """Lines of a function without its decorators and docstring."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


@cache
def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_is_imported_only_in_its_own_file(driver: str) -> None:
    homes = DRIVERS[driver]
    users = [path.relative_to(PACKAGE).as_posix() for path in python_files(PACKAGE) if driver in imported(path)]
    strays = [name for name in users if not at_home(name, homes)]
    assert not strays, f"{driver} belongs in {homes}"


def at_home(name: str, homes: tuple[str, ...]) -> bool:
    return any(name.startswith(home) if home.endswith("/") else name == home for home in homes)


def test_adapters_are_named_only_in_bootstrap() -> None:
    adapters = {
        f"neural_hive.{name_of(path).removeprefix('src/neural_hive/').removesuffix('.py').replace('/', '.')}" for path in adapter_files()
    }
    strays = [
        f"{name_of(path)}: {node.module}"
        for path in python_files(PACKAGE)
        if path.name != "bootstrap.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module in adapters
        if path.parent != PACKAGE / (node.module or "").split(".")[1]
    ]
    assert not strays


def adapter_files() -> list[Path]:
    technologies = {"sqlite", "mongo", "neo4j", "memory", "redis", "packaged", "mlflow"}
    return [path for port in ("ledger", "graph", "cache", "models") for path in python_files(PACKAGE / port) if path.stem in technologies]


def test_a_new_dependency_gets_a_home() -> None:
    """Every driver in the base dependencies is listed above, or is one of the few that are used everywhere."""
    everywhere = {"msgspec", "pydantic", "PyYAML"}
    listed = {canonicalize_name(name) for name in DRIVERS}
    needed = {Requirement(line).name for line in project()["project"]["dependencies"]}
    assert {name for name in needed - everywhere if canonicalize_name(name) not in listed} == set()


def test_second_verifier_shares_no_code() -> None:
    """It stands alone, in under 200 lines, so that a fault of the writer cannot hide in it."""
    verifier = PACKAGE / "ledger" / "independent.py"
    assert "neural_hive" not in imported(verifier)
    assert not any(node.level for node in ast.walk(tree(verifier)) if isinstance(node, ast.ImportFrom))
    assert len(verifier.read_text(encoding="utf-8").splitlines()) < MAX_VERIFIER_LINES


def test_specialists_are_discovered_not_named() -> None:
    """A fifth specialist is one new package: no other module of the package imports one by name."""
    names = {path.name for path in (PACKAGE / "specialists").iterdir() if (path / "__init__.py").exists()}
    strays = [
        name_of(path)
        for path in python_files(PACKAGE)
        if not path.is_relative_to(PACKAGE / "specialists")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("neural_hive.specialists.")
        if (node.module or "").split(".")[2] in names
    ]
    assert not strays


def test_no_file_is_long() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*CODE)}
    assert {name: number for name, number in lines.items() if number > MAX_FILE_LINES} == {}


def test_no_function_is_long() -> None:
    lines = {f"{name_of(path)}:{node.name}": length(node) for path in python_files(*CODE) for node in functions(path)}
    assert {name: number for name, number in lines.items() if number > MAX_FUNCTION_LINES} == {}


def test_functions_are_short_in_the_middle() -> None:
    lengths = [length(node) for path in python_files(PACKAGE) for node in functions(path)]
    assert median(lengths) <= MAX_MEDIAN_FUNCTION_LINES


def undocumented(node: ast.AST, prefix: str) -> Iterator[str]:
    """Public names below `node` without a docstring; what is nested in a function is private."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            if not ast.get_docstring(child) and not is_overload(child):
                yield f"{prefix}{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from undocumented(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.If | ast.Try):
            yield from undocumented(child, prefix)


def is_overload(node: ast.ClassDef | Function) -> bool:
    return any(ast.unparse(decorator).endswith(("overload", ".setter")) for decorator in node.decorator_list)


def test_public_names_are_documented() -> None:
    missing = [name for path in python_files(PACKAGE) for name in undocumented(tree(path), f"{name_of(path)}:")]
    assert not missing


def test_modules_are_documented() -> None:
    """An empty __init__.py has nothing to say."""
    assert [name_of(path) for path in python_files(PACKAGE) if tree(path).body and not ast.get_docstring(tree(path))] == []


def test_root_is_tidy() -> None:
    """Only what is known stands in the root; what git ignores is nobody's business."""
    command = [shutil.which("git") or "git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("an unpacked archive, or no git on this machine")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    assert {line.partition("/")[0].strip('"') for line in listed} - ROOT_ENTRIES == set()


def text_files() -> Iterator[Path]:
    kinds = {
        ".py",
        ".toml",
        ".md",
        ".yaml",
        ".yml",
        ".json",
        ".jsonl",
        ".sh",
        ".sql",
        ".html",
        ".css",
        ".js",
        ".lock",
        ".txt",
        ".proto",
        "",
    }
    for entry in sorted(path for path in ROOT.iterdir() if path.name in ROOT_ENTRIES):
        for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
            if path.is_file() and path.suffix in kinds and "__pycache__" not in path.parts:
                yield path


def test_no_registry_and_no_machine_path_is_named() -> None:
    """Cases under evals/ and tests' data quote other people's commands, paths and all; hosts are forbidden there too."""
    found = [
        f"{name_of(path)}: {hit.group()}"
        for path in text_files()
        for hit in FORBIDDEN.finditer(path.read_text(encoding="utf-8", errors="replace"))
        if not (hit.group().startswith("/") and path.suffix in {".json", ".jsonl"})
    ]
    assert not found


def test_no_promise_is_left_in_the_code() -> None:
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|\bfor " + r"now\b")
    left = [f"{name_of(path)}: {hit.group()}" for path in python_files(*CODE) for hit in words.finditer(path.read_text(encoding="utf-8"))]
    assert not left


def test_nothing_is_patched() -> None:
    """The embedded adapters are the test doubles."""
    forbidden = re.compile(r"mock\.patch|from unittest import mock|import unittest\.mock|from unittest\.mock")
    here = Path(__file__)
    assert [
        name_of(path) for path in python_files(ROOT / "tests") if path != here and forbidden.search(path.read_text(encoding="utf-8"))
    ] == []


def project() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def base_packages() -> set[str]:
    """Everything that `pip install neural-hive-mind` brings here, itself left out: walked without a network."""
    found: set[str] = set()
    waiting: list[tuple[str, str]] = [("neural-hive-mind", "")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        entry = waiting.pop()
        if entry in seen:
            continue
        seen.add(entry)
        name, extra = entry
        found.add(name)
        for requirement in map(Requirement, distribution(name).requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(requirement.name), each) for each in ("", *sorted(requirement.extras))]
    return found - {"neural-hive-mind"}


def test_base_install_is_small() -> None:
    packages = base_packages()
    assert {"fastapi", "pydantic-core", "sqlglot"} <= packages
    assert len(packages) <= MAX_BASE_PACKAGES, sorted(packages)


def test_lock_covers_the_base_with_hashes_and_without_a_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {canonicalize_name(name) for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock)}
    assert base_packages() <= pinned
    assert "hatchling" in pinned, "the build backend is installed from the lock"
    for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", lock)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in lock
    assert "--index-url" not in lock


def test_lock_answers_to_pyproject() -> None:
    """Every direct requirement is pinned within its range: `make lock` was run after the last change."""
    pins = dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8")))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in map(Requirement, tables["dependencies"] + tables["optional-dependencies"]["dev"]):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_settings_are_few_and_explained() -> None:
    from neural_hive.settings import Limits, Settings, field_names

    fields = {**Settings.model_fields, **Limits.model_fields}
    assert [name for name, field in fields.items() if not (field.description or "").endswith(".")] == []
    assert len(field_names()) <= MAX_SETTINGS


def test_version_is_the_installed_one() -> None:
    from neural_hive import __version__

    assert distribution("neural-hive-mind").version == __version__
