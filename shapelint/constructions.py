"""Calls that build a class with arguments that can be read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shapelint.literals import NotLiteral, literal

__all__ = ["Construction", "constructions", "dotted"]

_PARSED = ("args", "opt", "opts", "options", "flags", "FLAGS")
"""What people call the result of ``parse_args``."""


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
    constants = {**_constants(tree), **_command_line(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == class_name:
            try:
                args = tuple(literal(a, constants) for a in node.args)
                kwargs = {k.arg or "**": literal(k.value, constants) for k in node.keywords}
            except NotLiteral:
                continue
            if "**" not in kwargs:
                yield Construction(class_name, args, kwargs, path, node.lineno)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that the top of a file assigns exactly once, and that no function assigns."""
    found: dict[str, list[ast.expr]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(statement.value)
    changed = {n for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names}
    return {n: v[0] for n, v in found.items() if len(v) == 1 and n not in changed}


def _command_line(tree: ast.Module) -> dict[str, ast.expr]:
    """``args.width`` for ``add_argument("--width", default=8)``, under the usual names."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".add_argument"):
            default = _default(node)
            for flag in node.args:
                if default is not None and isinstance(flag, ast.Constant):
                    name = str(flag.value).lstrip("-").replace("-", "_")
                    found.update({f"{args}.{name}": default for args in _PARSED})
    return found


def _default(call: ast.Call) -> ast.expr | None:
    keywords = {k.arg: k.value for k in call.keywords}
    action = keywords.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return ast.Constant(action.value == "store_false")
    return keywords.get("default")


def dotted(node: ast.expr) -> str:
    """``nn.Module`` as text; empty for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
