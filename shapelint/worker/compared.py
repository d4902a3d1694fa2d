"""Comparisons of lengths, as the code of a model sees them: each is a branch of the run."""

from __future__ import annotations

from typing import Any

from shapelint.lengths.conditions import Condition, at_least, equal, unequal
from shapelint.lengths.expr import Expr, constant
from shapelint.lengths.real import COMPARISONS, Ratio, Real, RealTest
from shapelint.worker.recorder import current

__all__ = ["Compared", "Number", "condition", "expr_of", "operand"]

Number = int | float


class Compared:
    """What a length and a double computed from lengths have in common."""

    __slots__ = ()
    __hash__: Any = None  # that of int, and that of float

    def __eq__(self, other: object) -> Any:
        return _test("==", self, other)

    def __ne__(self, other: object) -> Any:
        return _test("!=", self, other)

    def __lt__(self, other: object) -> Any:
        return _test("<", self, other)

    def __le__(self, other: object) -> Any:
        return _test("<=", self, other)

    def __gt__(self, other: object) -> Any:
        return _test(">", self, other)

    def __ge__(self, other: object) -> Any:
        return _test(">=", self, other)


def _test(op: str, left: Any, right: Any) -> Any:
    """``left op right`` as the code sees it; recorded as a branch where sizes decide it.

    What is no number (a tensor, a string) is asked in its turn, as Python does.
    """
    if not isinstance(right, (int, float)):
        return NotImplemented
    recorder = current()
    if recorder is None:
        base = int if isinstance(left, int) else float
        return COMPARISONS[op](base(left), right)
    return recorder.branch(condition(op, left, right))


def condition(op: str, left: Number, right: Number) -> Condition:
    """The comparison as a condition on the input sizes."""
    if isinstance(left, int) and isinstance(right, int):
        return _compare(op, expr_of(left), expr_of(right))
    sides = map(operand, (left, right))
    a, b = (v if isinstance(v, Real) else Real("float", (v,)) for v in sides)
    p, q = a.ratio, b.ratio
    if p is None or q is None or not _in_order(p, q):
        return RealTest(op, a, b)
    return _compare(op, p.num.scaled(q.den), q.num.scaled(p.den))


def _in_order(p: Ratio, q: Ratio) -> bool:
    """Whether the doubles stand in the order of the ratios.

    Where one was rounded the other has to be an integer: floor and ceiling say on which side of it.
    """
    if p.exact and q.exact:
        return True
    return any(whole.exact and whole.den == 1 for whole in (p, q))


def _compare(op: str, a: Expr, b: Expr) -> Condition:
    if op in ("==", "!="):
        return (equal if op == "==" else unequal)(a, b)
    if op in ("<", "<="):
        return at_least(b, a + 1 if op == "<" else a)
    return at_least(a, b + 1 if op == ">" else b)


def expr_of(value: int) -> Expr:
    """The expression of a length, or a constant."""
    expr: Expr | None = getattr(value, "expr", None)
    return constant(int(value)) if expr is None else expr


def operand(value: Number) -> Real | Expr | float:
    """A length as its expression, a double of lengths as its computation, others as doubles."""
    formula: Real | None = getattr(value, "formula", None)
    if formula is not None:
        return formula
    return expr_of(value) if isinstance(value, int) and hasattr(value, "expr") else float(value)
