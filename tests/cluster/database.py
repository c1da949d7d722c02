"""FerretDB that asks its SQLite tables by the indexes that they have, as MongoDB does.

The published one makes indexes and then reads the whole collection for each search, even for a document by its `_id`: its index is
on one expression, its question on another. A ledger that gateways share stands still after some thousand records, whatever the
cluster does. Here equal strings are looked up by index; FerretDB filters what is found once more. (A string would not be found
inside an array any more. The ledger keeps none.)
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.services.ferretdb import MODULE, VERSION
from tests.services.obtain import Program, UnobtainableError, once, run, tool

_FOLDER = "internal/backends/sqlite"
_MENDED = {
    f"{_FOLDER}/metadata/metadata.go": ("\"->'$._id'\"", '`->"_id"`'),
    f"{_FOLDER}/collection.go": (
        """	q += whereClause
	q += prepareOrderByClause(params.Sort)
""",
        """	if whereClause == "" {
		whereClause, args = indexed(params.Filter)
	}

	q += whereClause
	q += prepareOrderByClause(params.Sort)
""",
    ),
}
_ADDED = """package sqlite

import (
	"regexp"
	"strings"

	"github.com/FerretDB/FerretDB/internal/backends/sqlite/metadata"
	"github.com/FerretDB/FerretDB/internal/handler/sjson"
	"github.com/FerretDB/FerretDB/internal/types"
	"github.com/FerretDB/FerretDB/internal/util/must"
)

var plain = regexp.MustCompile(`^[a-z_]+$`)

// indexed returns the part of a filter that indexes answer: fields equal to a string, or to one of several.
func indexed(filter *types.Document) (string, []any) {
	var conditions []string
	var args []any
	for _, key := range filter.Keys() {
		found := wanted(must.NotFail(filter.Get(key)))
		if !plain.MatchString(key) || len(found) == 0 {
			continue
		}
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(found)), ", ")
		conditions = append(conditions, metadata.DefaultColumn+`->"`+key+`" IN (`+marks+`)`)
		args = append(args, found...)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}

func wanted(value any) []any {
	switch value := value.(type) {
	case string:
		return []any{string(must.NotFail(sjson.MarshalSingleValue(value)))}
	case *types.Document:
		list, err := value.Get("$in")
		array, ok := list.(*types.Array)
		if err != nil || !ok || value.Len() != 1 {
			return nil
		}
		var found []any
		for i := range array.Len() {
			text, ok := must.NotFail(array.Get(i)).(string)
			if !ok {
				return nil
			}
			found = append(found, string(must.NotFail(sjson.MarshalSingleValue(text))))
		}
		return found
	}
	return nil
}
"""


def obtain() -> Program:
    """The program, built once.

    Raises:
        UnobtainableError: It cannot be built.
    """
    return Program((str(once(f"ferretdb-{VERSION}-indexed-1", _build) / "ferretdb"),))


def _build(folder: Path) -> None:
    go = tool("go", "install Go 1.24 or newer")
    told = json.loads(run(go, "mod", "download", "-json", f"{MODULE}@{VERSION}", cwd=folder))
    source = folder / "source"
    shutil.copytree(told["Dir"], source, copy_function=shutil.copyfile)
    for path, _, _ in os.walk(source):
        Path(path).chmod(0o755)  # Go's own copy is read-only
    (source / "build/version/version.txt").write_text(f"{VERSION}\n")
    for name, (before, after) in _MENDED.items():
        _mend(source / name, before, after)
    (source / _FOLDER / "indexed.go").write_text(_ADDED)
    run(go, "build", "-trimpath", "-ldflags=-s -w", "-o", folder / "ferretdb", "./cmd/ferretdb", cwd=source)
    shutil.rmtree(source)


def _mend(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    if text.count(before) != 1:
        raise UnobtainableError(f"{path.name} of FerretDB {VERSION} is not the one that is mended here")
    path.write_text(text.replace(before, after))
