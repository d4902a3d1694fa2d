"""Values that can be read off the source without running it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping

__all__ = ["NotLiteral", "literal"]

_ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}
_DEEPEST = 8
_LARGEST = 10**9


class NotLiteral(ValueError):
    """The expression says something that only running it would tell."""


def literal(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 0) -> object:
    """The value of literals, containers of literals, named constants and plain arithmetic.

    ``constants`` maps names, dotted ones too, to the expressions they stand for. Raises NotLiteral.
    """
    if depth > _DEEPEST:
        raise NotLiteral("nested too deep")
    named = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
    if named and ast.unparse(node) in constants:
        return literal(constants[ast.unparse(node)], constants, depth + 1)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        values = [literal(e, constants, depth + 1) for e in node.elts]
        kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
        return kind(values)
    if isinstance(node, ast.Dict):
        return _dict(node, constants, depth)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and not node.args:
        keys = [ast.Constant(k.arg) if k.arg else None for k in node.keywords]
        return _dict(ast.Dict(list(keys), [k.value for k in node.keywords]), constants, depth)
    if isinstance(node, ast.Subscript):
        return _item(node, constants, depth)
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, constants, depth)
    return _plain(node)


def _plain(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError) as exc:
        raise NotLiteral(ast.unparse(node)) from exc
    return value


def _dict(node: ast.Dict, constants: Mapping[str, ast.expr], depth: int) -> dict[object, object]:
    out: dict[object, object] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        said = literal(value, constants, depth + 1)
        if key is not None:
            out[literal(key, constants, depth + 1)] = said
        elif isinstance(said, dict):
            out |= said
        else:
            raise NotLiteral(f"** of {said!r}")
    return out


def _item(node: ast.Subscript, constants: Mapping[str, ast.expr], depth: int) -> object:
    owner = literal(node.value, constants, depth + 1)
    key = literal(node.slice, constants, depth + 1)
    try:
        value: object = owner[key]  # type: ignore[index]
    except (TypeError, LookupError) as exc:
        raise NotLiteral(ast.unparse(node)) from exc
    return value


def _arithmetic(node: ast.BinOp, constants: Mapping[str, ast.expr], depth: int) -> object:
    left = literal(node.left, constants, depth + 1)
    right = literal(node.right, constants, depth + 1)
    apply = _ARITHMETIC.get(type(node.op))
    numbers = all(isinstance(v, (int, float)) and abs(v) < _LARGEST for v in (left, right))
    if apply is None or not numbers:
        raise NotLiteral(ast.unparse(node))
    try:
        value: object = apply(left, right)
    except ArithmeticError as exc:
        raise NotLiteral(ast.unparse(node)) from exc
    return value
