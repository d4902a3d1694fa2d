"""Calls that build a class with arguments that can be read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shapelint.literals import NotLiteral, literal

__all__ = ["Construction", "constructions", "dotted"]


@dataclass(frozen=True)
class Construction:
    """A call that builds a class with arguments that can be read off the source."""

    class_name: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    path: Path
    line: int


def constructions(tree: ast.Module, path: Path, class_name: str) -> Iterator[Construction]:
    """Calls of a class in a file whose arguments are literals or constants of the file."""
    constants = _constants(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == class_name:
            try:
                args = tuple(literal(a, constants) for a in node.args)
                kwargs = {k.arg or "**": literal(k.value, constants) for k in node.keywords}
            except NotLiteral:
                continue
            if "**" not in kwargs:
                yield Construction(class_name, args, kwargs, path, node.lineno)


def _constants(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    """Names that the top of a file assigns exactly once."""
    found: dict[str, list[ast.expr]] = {}
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(statement.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def dotted(node: ast.expr) -> str:
    """``nn.Module`` as text; empty for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
