"""Values that can be read off the source without running it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

_ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def _range(*ends: int) -> list[int]:
    found = range(*ends)
    if len(found) > _LONGEST:
        raise ValueError("too long to be widths or strides")
    return list(found)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (abs, bool, float, int, len, list, max, min, round, sum, tuple)},
    **{f"math.{f.__name__}": f for f in (math.ceil, math.floor, math.log2, math.sqrt)},
    "range": _range,
}
_DEEPEST = 8
_LARGEST = 10**9
_LONGEST = 64
"""Items of a list that is computed: loops in loops in loops would take for ever."""
_LOOP = 3
"""How many levels one loop counts for."""
_STEEPEST = 64


class NotLiteral(ValueError):
    """The expression says something that only running it would tell."""


def literal(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 0) -> object:
    """The value of literals, containers of literals, named constants, and what is computed of them.

    That is arithmetic, ``a if test else b``, ``[f(n) for n in range(4)]`` and a few functions.

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
    if isinstance(node, ast.IfExp):
        chosen = node.body if literal(node.test, constants, depth + 1) else node.orelse
        return literal(chosen, constants, depth + 1)
    if isinstance(node, ast.Compare):
        return _compared(node, constants, depth)
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return _each(node, constants, depth)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _FUNCTIONS:
        return _applied(node, constants, depth)
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


def _compared(node: ast.Compare, constants: Mapping[str, ast.expr], depth: int) -> bool:
    values = [literal(e, constants, depth + 1) for e in (node.left, *node.comparators)]
    try:
        pairs = zip(node.ops, values, values[1:])
        return all(_COMPARED[type(op)](left, right) for op, left, right in pairs)
    except TypeError as exc:
        raise NotLiteral(ast.unparse(node)) from exc


def _each(
    node: ast.ListComp | ast.GeneratorExp, constants: Mapping[str, ast.expr], depth: int
) -> list[object]:
    loop, *further = node.generators
    items = literal(loop.iter, constants, depth + 1)
    if further or not isinstance(loop.target, ast.Name) or not isinstance(items, (list, tuple)):
        raise NotLiteral(ast.unparse(node))
    if len(items) > _LONGEST:
        raise NotLiteral("too many items")
    known = ({**constants, loop.target.id: _written(item)} for item in items)
    taken = (k for k in known if all(literal(test, k, depth + 1) for test in loop.ifs))
    return [literal(node.elt, k, depth + _LOOP) for k in taken]


def _written(value: object) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body


def _applied(node: ast.Call, constants: Mapping[str, ast.expr], depth: int) -> object:
    name = ast.unparse(node.func)
    if node.keywords or name in constants:
        raise NotLiteral(ast.unparse(node))
    arguments = [literal(argument, constants, depth + 1) for argument in node.args]
    try:
        value: object = _FUNCTIONS[name](*arguments)
    except (TypeError, ValueError, ArithmeticError) as exc:
        raise NotLiteral(ast.unparse(node)) from exc
    return value


def _arithmetic(node: ast.BinOp, constants: Mapping[str, ast.expr], depth: int) -> object:
    left = literal(node.left, constants, depth + 1)
    right = literal(node.right, constants, depth + 1)
    apply = _ARITHMETIC.get(type(node.op))
    numbers = all(isinstance(v, (int, float)) and abs(v) < _LARGEST for v in (left, right))
    steep = isinstance(node.op, ast.Pow) and not (numbers and abs(right) <= _STEEPEST)  # type: ignore[arg-type]
    if apply is None or not numbers or steep:
        raise NotLiteral(ast.unparse(node))
    try:
        value: object = apply(left, right)
    except ArithmeticError as exc:
        raise NotLiteral(ast.unparse(node)) from exc
    return value
