"""The worker runs where only torch is: it may import that, the standard library, and what it shares."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import shapelint

ROOT = Path(shapelint.__file__).parent
SHARED = {
    "shapelint",
    "shapelint.facts",
    "shapelint.lengths.conditions",
    "shapelint.lengths.expr",
    "shapelint.lengths.real",
    "shapelint.model",
    "shapelint.registry",
    "shapelint.trace",
}
FILES = sorted((ROOT / "worker").rglob("*.py"))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Modules imported at run time, in functions too; not those for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in SHARED else node.module or "" for name in inside)


def _foreign(source: str) -> list[str]:
    allowed = {*sys.stdlib_module_names, "torch"}
    return [
        name
        for name in _imported(ast.parse(source))
        if name.partition(".")[0] not in allowed
        and name not in SHARED
        and not name.startswith("shapelint.worker")
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_worker_files(path: Path) -> None:
    assert _foreign(path.read_text()) == []


def test_shared_files_share_nothing_else() -> None:
    for name in SHARED - {"shapelint"}:
        path = ROOT.parent.joinpath(*name.split(".")).with_suffix(".py")
        assert [f for f in _foreign(path.read_text()) if f != "torch"] == []


@pytest.mark.parametrize("line", ["import numpy", "from shapelint.rules import x", "import islpy"])
def test_the_test_above_can_fail(line: str) -> None:
    assert _foreign(f"def f():\n    {line}") != []
