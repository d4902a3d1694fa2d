"""Sets of sizes as people write them: ``H=1..4096``, ``L % 320 == 0``, ``H == W``.

==================================  =====================================================
``H=224``  ``H=32..``  ``H=1..512``  one size, an open range, a range (ends included)
``H=256, 512, 1024``                one of several sizes
``H=multiple of 32, 256..1024``     both
``H % 32 == 0 and 256 <= H``        comparisons of ``+ - * // %``, ``floor(a/b)``, ``ceil(a/b)``
``H % 8 in (0, 7)``  ``H not in {1, 2}``   membership in a list of numbers
``(H, W) in {(224, 224)}``          membership in a list of sizes
``every size``  ``no size``         everything, nothing
==================================  =====================================================

Text that :mod:`.words` writes about an exact set reads back as the same set. It is parsed as
Python and never evaluated.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

from shapelint.lengths.conditions import (
    FALSE,
    TRUE,
    Condition,
    all_of,
    any_of,
    at_least,
    divides,
    equal,
    negate,
    unequal,
)
from shapelint.lengths.expr import Expr, as_expr, floordiv, symbol
from shapelint.lengths.sets import SizeSet

_ASSIGNED = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*")
_RANGE = re.compile(r"(\d*)\s*\.\.\s*(\d*)")
_MULTIPLE = re.compile(r"(?:a )?multiples? of (\d+)")
_PARITY = {"even": 0, "odd": 1}
_WHOLE = {"every size": TRUE, "no size": FALSE}


class DomainError(ValueError):
    """A text that does not describe sizes; says where and what was expected.

    ``column`` counts from 1.
    """

    def __init__(self, text: str, column: int, problem: str) -> None:
        super().__init__(f"{text!r}, column {column}: {problem}")
        self.text = text
        self.column = column
        self.problem = problem


def domain_of(lengths: Mapping[str, str] | Iterable[str], symbols: Iterable[str]) -> SizeSet:
    """The sizes that fulfil every text.

    Args:
        lengths: texts, or texts about one symbol each: ``{"H": "multiple of 32, 256..1024"}``.
        symbols: the symbols of the result; the texts may mention no other.

    Raises:
        DomainError: a text is not understood, mentions another symbol, or leaves no size.
        NotPresburger: a text multiplies sizes in a way that cannot be decided.
    """
    names = tuple(symbols)
    domain = SizeSet.universe(names)
    items = lengths.items() if isinstance(lengths, Mapping) else ((None, t) for t in lengths)
    for name, text in items:
        condition = condition_of(text, name)
        for stranger in sorted(condition.symbols - set(names)):
            known = ", ".join(names) or "none"
            raise DomainError(text, 1, f"there is no symbol {stranger} here; known: {known}")
        domain = SizeSet.of(condition, names, within=domain)
        if domain.is_empty and text.strip() != "no size":
            raise DomainError(text, 1, "no size fulfils this")
    return domain


def condition_of(text: str, name: str | None = None) -> Condition:
    """The condition a text stands for; with ``name``, a text about that symbol alone.

    Raises DomainError.
    """
    if text.strip() in _WHOLE:
        return _WHOLE[text.strip()]
    assigned = _ASSIGNED.match(text)
    if name is None and assigned:
        return _short(text, assigned.end(), symbol(assigned[1]))
    if name is not None and not re.search(rf"\b{re.escape(name)}\b", text):
        return _short(text, 0, symbol(name))
    return _Parser(text).condition(_Parser(text).tree)


def expression_of(text: str) -> Expr:
    """The length a formula stands for: the inverse of :func:`shapelint.lengths.formulas.formula`.

    Raises DomainError.
    """
    parser = _Parser(text)
    return parser.number(parser.tree)


# -- ranges and multiples -------------------------------------------------------------------------


def _short(text: str, start: int, x: Expr) -> Condition:
    """``multiple of 32, 256..1024``: every part holds, but of plain numbers one is enough."""
    numbers, conditions = [], []
    for match in re.finditer(r"[^,]+", text[start:]):
        part = match[0].strip()
        column = start + match.start() + len(match[0]) - len(match[0].lstrip()) + 1
        if part.isdecimal():
            numbers.append(_at_least_one(text, column, int(part)))
        else:
            conditions.append(_part(text, column, part, x))
    if numbers:
        conditions.append(any_of(equal(x, n) for n in numbers))
    if not conditions:
        raise DomainError(text, start + 1, _EXPECTED)
    return all_of(conditions)


_EXPECTED = "expected a number, a range such as 1..512, or 'multiple of 32'"


def _part(text: str, column: int, part: str, x: Expr) -> Condition:
    if part in _PARITY:
        return equal(x % 2, _PARITY[part])
    multiple = _MULTIPLE.fullmatch(part)
    if multiple:
        return divides(_at_least_one(text, column, int(multiple[1])), x)
    ends = _RANGE.fullmatch(part)
    if not ends or part.strip(" ") == "..":
        raise DomainError(text, column, f"{_EXPECTED}, found {part!r}")
    low, high = (int(end) if end else None for end in ends.groups())
    if low is not None and high is not None and low > high:
        raise DomainError(text, column, f"the range {part} is empty")
    tests = [at_least(x, low)] if low is not None else []
    return all_of([*tests, at_least(high, x)] if high is not None else tests)


def _at_least_one(text: str, column: int, value: int) -> int:
    if value < 1:
        raise DomainError(text, column, "sizes are at least 1")
    return value


# -- comparisons ----------------------------------------------------------------------------------

_COMPARED: dict[type[ast.cmpop], Callable[[Expr, Expr], Condition]] = {
    ast.Eq: equal,
    ast.NotEq: unequal,
    ast.GtE: at_least,
    ast.LtE: lambda a, b: at_least(b, a),
    ast.Gt: lambda a, b: at_least(a, b + 1),
    ast.Lt: lambda a, b: at_least(b, a + 1),
}

_COMPUTED: dict[type[ast.operator], Callable[[Expr, Expr], Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class _Parser:
    """One text, read as a Python expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.indent = len(text) - len(text.lstrip())
        try:
            self.tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as exc:
            column = self.indent + (exc.offset or 1)
            raise DomainError(text, column, "expected a comparison of sizes") from None

    def fail(self, node: ast.AST, problem: str) -> NoReturn:
        # ast counts columns in UTF-8 bytes
        before = self.text.strip().encode()[: getattr(node, "col_offset", 0)]
        raise DomainError(self.text, self.indent + len(before.decode()) + 1, problem)

    def condition(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            combine = all_of if isinstance(node.op, ast.And) else any_of
            return combine(map(self.condition, node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negate(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            return all_of(map(self.compared, sides, node.ops, sides[1:]))
        self.fail(node, "expected a comparison such as H >= 16 or H % 16 == 0")

    def compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Condition:
        if isinstance(op, (ast.In, ast.NotIn)):
            found = self.member(left, right)
            return found if isinstance(op, ast.In) else negate(found)
        if type(op) not in _COMPARED:
            self.fail(left, "expected ==, !=, <, <=, >, >= or in")
        return _COMPARED[type(op)](self.number(left), self.number(right))

    def member(self, left: ast.expr, right: ast.expr) -> Condition:
        values = self.sequence(left) if isinstance(left, ast.Tuple) else [self.number(left)]
        choices = []
        for item in self.elements(right):
            parts = self.sequence(item) if isinstance(left, ast.Tuple) else [self.number(item)]
            if len(parts) != len(values):
                self.fail(item, f"expected {len(values)} numbers")
            choices.append(all_of(map(equal, values, parts)))
        return any_of(choices)

    def elements(self, node: ast.expr) -> list[ast.expr]:
        if not isinstance(node, (ast.Tuple, ast.Set, ast.List)):
            self.fail(node, "expected a list of numbers such as {1, 2}")
        return node.elts

    def sequence(self, node: ast.expr) -> list[Expr]:
        return [self.number(item) for item in self.elements(node)]

    def number(self, node: ast.expr) -> Expr:
        if isinstance(node, ast.Name):
            return symbol(node.id)
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return as_expr(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.number(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
            left, right = self.number(node.left), self.number(node.right)
            if isinstance(node.op, (ast.FloorDiv, ast.Mod)):
                self.divisor(node.right, right)
            return _COMPUTED[type(node.op)](left, right)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.rounded(node, node.func.id)
        self.fail(node, "expected a whole number, a symbol, or a sum, product, // or % of them")

    def divisor(self, node: ast.expr, value: Expr) -> None:
        if value.is_const and value.const <= 0:
            self.fail(node, "expected a positive divisor")

    def rounded(self, node: ast.Call, name: str) -> Expr:
        args = node.args
        if name not in ("floor", "ceil") or len(args) != 1 or node.keywords:
            self.fail(node, "expected floor(a/b) or ceil(a/b)")
        (ratio,) = args
        if not isinstance(ratio, ast.BinOp) or not isinstance(ratio.op, ast.Div):
            self.fail(ratio, f"expected a quotient: {name}(a/b)")
        num, den = self.number(ratio.left), self.number(ratio.right)
        self.divisor(ratio.right, den)
        return floordiv(num, den) if name == "floor" else -floordiv(-num, den)
