"""Values that a call takes from a dict, a config class or a table, and where these are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shapelint.model import Edit
from shapelint.source.calls import Slot, call_at, replaced
from shapelint.source.texts import Texts
from shapelint.trace import Span


def values_of_key(files: Texts, path: str, key: str) -> list[ast.expr]:
    """Every literal that a file gives a key of a dict or a field of a class, in its order."""
    found = [value for name, value in _entries(files.tree(path)) if name == key]
    return sorted(filter(_is_literal, found), key=lambda v: (v.lineno, v.col_offset))


def dict_values(files: Texts, span: Span, key: str) -> Iterator[ast.expr]:
    """Where the dicts that the call at ``span`` unpacks, ``**options``, give a key its value."""
    call = call_at(files, span)
    for unpacked in [k.value for k in call.keywords if k.arg is None] if call else ():
        places = [unpacked, *_assigned_to(files.tree(span.path), ast.unparse(unpacked))]
        values = [v for place in places for name, v in _items(place) if name == key]
        if len(values) == 1:
            yield values[0]


def row_edits(files: Texts, slot: Slot, values: Sequence[str | None]) -> list[Edit]:
    """The edits of a table whose rows a loop hands to the call.

    ``values`` are one for each row, None for one that stays as it is.
    ``for row in TABLE: Conv1d(*row)`` and ``for cin, cout, k in TABLE: Conv1d(cin, cout, k)``;
    none if the call is not in such a loop, or the table is not written out.
    """
    path = slot.span.path
    for target, table in _loops_around(files, slot.span):
        column, rows = _column(files, slot, target), _rows(files.tree(path), table)
        widths = [len(row.elts) for row in rows]
        if column is not None and len(rows) == len(values) and min(widths) >= max(1, column):
            return [_in_row(path, row, column, v) for row, v in zip(rows, values) if v]
    return []


def _loops_around(files: Texts, span: Span) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What each loop around a place assigns, and what it goes through."""
    for node in files.nodes(span.path):
        if isinstance(node, _LOOPS) and node.lineno <= span.line <= (node.end_lineno or 0):
            loops = [node] if isinstance(node, ast.For) else node.generators
            yield from ((loop.target, loop.iter) for loop in loops)


_LOOPS = (ast.For, ast.ListComp, ast.GeneratorExp)


def _column(files: Texts, slot: Slot, target: ast.expr) -> int | None:
    """Which entry of a row becomes the argument."""
    call, value = call_at(files, slot.span), slot.value(files)
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Name):
        names = [getattr(e, "id", "") for e in target.elts]
        return names.index(value.id) if value.id in names else None
    starred = [ast.unparse(a) for a in call.args] if call else []
    row = f"*{ast.unparse(target)}"
    if slot.position is None or row not in starred:
        return None
    return slot.position - starred.index(row)


def _rows(tree: ast.Module, table: ast.expr) -> list[ast.Tuple | ast.List]:
    for written in (table, *_assigned_to(tree, ast.unparse(table))):
        entries = written.elts if isinstance(written, (ast.Tuple, ast.List)) else []
        rows = [e for e in entries if isinstance(e, (ast.Tuple, ast.List))]
        if rows and len(rows) == len(entries):
            return rows
    return []


def _in_row(path: str, row: ast.Tuple | ast.List, column: int, value: str) -> Edit:
    if column < len(row.elts):
        return replaced(path, row.elts[column], value)
    last = replaced(path, row.elts[-1], f", {value}")
    end = replace(last.span, line=last.span.end_line, column=last.span.end_column)
    return replace(last, span=end)


def _assigned_to(tree: ast.Module, target: str) -> Iterator[ast.expr]:
    """``self.options`` may also be an attribute of the class."""
    names = {target, target.removeprefix("self.")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and not names.isdisjoint(map(ast.unparse, node.targets)):
            yield node.value


def _entries(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            yield from _items(node)
        elif isinstance(node, ast.ClassDef):
            yield from _fields(node)


def _items(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The entries of ``{"a": 1}`` and ``dict(a=1)``."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value), value
    elif isinstance(node, ast.Call) and _makes_record(node.func):
        yield from ((k.arg, k.value) for k in node.keywords if k.arg)


def _makes_record(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and (called.id == "dict" or called.id[:1].isupper())


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield ast.unparse(statement.target), statement.value
        elif isinstance(statement, ast.Assign):
            yield from ((ast.unparse(t), statement.value) for t in statement.targets)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
