"""Makes the Python code of the wire contract anew: `python proto/generate.py [--check]`.

The same compiler (grpcio-tools, pinned by requirements.lock) gives the same bytes, so `--check` needs
nothing but a comparison. Services are served and called by name; only messages are generated.
"""  # noqa: INP001 -- a script beside what it reads, not a package

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "neural_hive/v1/specialist.proto"
TARGET = ROOT / "src" / "neural_hive" / "transport" / "generated"
NAMES = ("specialist_pb2.py", "specialist_pb2.pyi")


def generated() -> dict[str, str]:
    """The text of every generated file by name.

    Raises:
        SystemExit: The contract does not compile; the compiler said why.
    """
    with TemporaryDirectory() as folder:
        known = files("grpc_tools") / "_proto"
        arguments = ["protoc", f"--proto_path={ROOT / 'proto'}", f"--proto_path={known}", f"--python_out={folder}", f"--pyi_out={folder}"]
        if protoc.main([*arguments, SOURCE]):
            raise SystemExit(1)
        made = (Path(folder) / SOURCE).parent
        return {name: (made / name).read_text(encoding="utf-8") for name in NAMES}


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` only say which differ; 1 when one does."""
    texts = generated()
    if "--check" in arguments:
        stale = [name for name, text in texts.items() if not _is(TARGET / name, text)]
        sys.stdout.writelines(f"{TARGET.relative_to(ROOT) / name} does not answer to proto/: run `make generate`\n" for name in stale)
        return 1 if stale else 0
    for name, text in texts.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
