"""Values that a call takes from a dict or a config class, and where these are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.calls import call_at
from shapelint.texts import Texts
from shapelint.trace import Span

__all__ = ["dict_values", "values_of_key"]


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
