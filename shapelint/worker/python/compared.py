"""Comparisons of lengths, as the code of a model sees them: each is a branch of the run."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from shapelint.lengths.conditions import Condition, at_least, equal, unequal
from shapelint.lengths.expr import Expr, constant, product
from shapelint.lengths.ratio import Ratio
from shapelint.lengths.real import Real
from shapelint.lengths.real_tests import COMPARISONS, RealTest
from shapelint.worker.recorder import current

Number = int | float
C = TypeVar("C", bound=type)


class Compared:
    """What a length and a double computed from lengths have in common."""

    __slots__ = ()
    __array_ufunc__ = None  # ``np.int64(3) * n`` is answered by ``n``
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
    """``left op right``, recorded as a branch where sizes decide it.

    NotImplemented if ``right`` is no number (a tensor, a string).
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
        return _against_whole(op, a, b) or _against_whole(_TURNED[op], b, a) or RealTest(op, a, b)
    return _compare(op, p.num.scaled(q.den), q.num.scaled(p.den))


def _in_order(p: Ratio, q: Ratio) -> bool:
    """Whether the doubles compare as the ratios do.

    Where one was rounded the other has to be an integer: floor and ceiling say on which side of it.
    """
    if p.exact and q.exact:
        return True
    return any(whole.exact and whole.den == 1 for whole in (p, q))


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _against_whole(op: str, a: Real, b: Real) -> Condition | None:
    """``n / d`` compared with an integer, for a length ``d`` that is not zero."""
    whole = b.ratio
    if a.quotient is None or whole is None or not whole.exact or whole.den != 1:
        return None
    n, d = a.quotient
    low, _ = d.bounds({})
    return _compare(op, n, product([whole.num, d])) if low is not None and low >= 0 else None


def _compare(op: str, a: Expr, b: Expr) -> Condition:
    if op in ("==", "!="):
        return (equal if op == "==" else unequal)(a, b)
    if op in ("<", "<="):
        return at_least(b, a + 1 if op == "<" else a)
    return at_least(a, b + 1 if op == ">" else b)


def fixed(value: Number, reason: str) -> Any:
    """The bare number, for code that takes no length; a branch on this one value.

    ``reason`` says why, in the report.
    """
    bare = int(value) if isinstance(value, int) else float(value)
    recorder = current()
    if recorder is not None and isinstance(value, Compared):
        recorder.branch(condition("==", value, bare), reason)
    return bare


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


_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_TESTS = ("eq", "ne", "lt", "le", "gt", "ge")


def meeting_numpy(kind: C) -> C:
    """A class decorator: integers of NumPy are ints, whatever else is NumPy's gets a bare number.

    Left alone, NumPy would take a length for a bare number, and nobody would notice.
    """
    for name in (*_ARITHMETIC, *_TESTS):
        for method in (f"__{name}__", f"__r{name}__"):
            if hasattr(kind, method):
                setattr(kind, method, _meeting(getattr(kind, method), name, method))
    return kind


def _meeting(own: Callable[..., Any], name: str, method: str) -> Callable[..., Any]:
    plain = getattr(operator, name)

    @wraps(own)
    def answer(self: Any, other: Any, *rest: Any) -> Any:
        result = own(self, other, *rest)
        if result is not NotImplemented or type(other).__module__ != "numpy":
            return result
        if isinstance(other, numbers.Integral):
            return own(self, int(other))
        bare = fixed(self, "a length meets an array of NumPy")
        return plain(other, bare) if method == f"__r{name}__" else plain(bare, other)

    return answer
