"""Lengths as ordinary Python numbers.

A :class:`Length` is an ``int`` whose value is the size in this run; beside it stands the
expression in the input sizes. Because it is an int it goes anywhere an int can go, C++ argument
parsers included. A :class:`LengthFloat` is its counterpart for ``h / 2`` and ``n * 0.5``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from shapelint.lengths.expr import Expr, Rounded, product
from shapelint.lengths.real import Real
from shapelint.worker.python.compared import (
    Compared,
    Number,
    meeting_numpy,
    operand,
)
from shapelint.worker.python.compared import expr_of as expr_of
from shapelint.worker.python.compared import fixed as fixed
from shapelint.worker.python.double import Double, sizes_of_run
from shapelint.worker.python.escapes import became_float, became_key, became_text
from shapelint.worker.python.repeated import Repeated
from shapelint.worker.recorder import note_lost

OfTwo = Callable[[Any, Any], Any]


@meeting_numpy
class Length(Compared, int):
    """A size with its expression in the input sizes."""

    expr: Expr

    def __new__(cls, value: int, expr: Expr) -> Length:
        """``value`` is what ``expr`` is in this run."""
        self = super().__new__(cls, value)
        self.expr = expr
        return self

    def __add__(self, other: Any) -> Any:
        return _of_two(self, other, operator.add)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _of_two(self, other, operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return _of_two(other, self, operator.sub)

    def __mul__(self, other: Any) -> Any:
        if type(other) is list and other:
            return Repeated.of(other, self)
        if isinstance(other, (str, bytes, list, tuple)):
            return fixed(self, "a sequence is repeated as often as a length says") * other
        return _of_two(self, other, operator.mul)

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Any:
        return _divided(self, other, operator.floordiv)

    def __rfloordiv__(self, other: Any) -> Any:
        return _divided(other, self, operator.floordiv)

    def __mod__(self, other: Any) -> Any:
        return _divided(self, other, operator.mod)

    def __rmod__(self, other: Any) -> Any:
        if isinstance(other, str):
            return other % int(self)
        return _divided(other, self, operator.mod)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __truediv__(self, other: Any) -> Any:
        return as_float(self) / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / as_float(self)

    def __pow__(self, other: Any, mod: Any = None) -> Any:
        if mod is not None:
            return self**other % mod
        if type(other) is int and other >= 0:
            return length(int(self) ** other, product([self.expr] * other))
        return as_float(self) ** other

    def __rpow__(self, other: Any, mod: Any = None) -> Any:
        if isinstance(other, int) and self >= 0:  # a branch: else Python makes a float of it
            return whole("**", other, self)
        return other ** as_float(self)

    def __rshift__(self, other: Any) -> Any:
        return self // 2**other

    def __lshift__(self, other: Any) -> Any:
        return self * 2**other

    def __rlshift__(self, other: Any) -> Any:
        return other * 2**self

    def __rrshift__(self, other: Any) -> Any:
        return other // 2**self

    def __and__(self, other: Any) -> Any:
        if type(other) is int and other >= 0 and other & (other + 1) == 0:
            return self % (other + 1)
        return whole("&", self, other) if isinstance(other, int) else NotImplemented

    def __or__(self, other: Any) -> Any:
        return whole("|", self, other) if isinstance(other, int) else NotImplemented

    def __xor__(self, other: Any) -> Any:
        return whole("^", self, other) if isinstance(other, int) else NotImplemented

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Any:
        return -self - 1

    def bit_count(self) -> Any:
        """How many of its binary digits are 1."""
        return fixed(self, "bit_count of a length").bit_count()

    def to_bytes(self, *args: Any, **kwargs: Any) -> Any:
        """Its bytes."""
        return fixed(self, "to_bytes of a length").to_bytes(*args, **kwargs)

    def conjugate(self) -> Length:
        """Itself."""
        return self

    real = property(conjugate)
    __pos__ = __floor__ = __ceil__ = __trunc__ = __copy__ = conjugate

    def bit_length(self) -> int:
        """How many binary digits it has."""
        return whole("bit_length", self)

    def __neg__(self) -> Any:
        return length(-int(self), -self.expr)

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    def __round__(self, ndigits: Any = None) -> Length:
        return self

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __hash__(self) -> int:
        became_key()
        return int.__hash__(self)

    def __repr__(self) -> str:
        became_text()
        return int.__repr__(self)

    def __format__(self, spec: str) -> str:
        became_text()
        return int.__format__(self, spec)

    def __float__(self) -> float:
        became_float()
        return float(int(self))

    def __index__(self) -> Any:
        return fixed(self, "operator.index of a length")

    @property
    def numerator(self) -> Any:
        """The bare number: fractions are reduced in C."""
        return fixed(self, "a length in a fraction")

    def __deepcopy__(self, memo: object) -> Length:
        return self

    def __reduce__(self) -> Any:
        return int, (int(self),)


@meeting_numpy
class LengthFloat(Double):
    """A double computed from lengths; rounded, it is a length again."""

    def __floor__(self) -> Any:
        return self._rounded("floor", math.floor(float(self)))

    def __ceil__(self) -> Any:
        return self._rounded("ceil", math.ceil(float(self)))

    def __trunc__(self) -> Any:
        if self.formula.ratio is None:
            return self._rounded("trunc", math.trunc(float(self)))
        return math.floor(self) if self >= 0 else math.ceil(self)

    def __round__(self, ndigits: Any = None) -> Any:
        if ndigits is not None:
            return computed("round", self, int(ndigits))
        ratio = self.formula.ratio
        if ratio is None or not ratio.exact:
            return self._rounded("round", round(float(self)))
        return _half_to_even(_now(ratio.num), ratio.den)

    def _rounded(self, mode: str, value: int) -> Any:
        if self.formula.cancelled is not None:
            whole, one, other = map(_now, self.formula.cancelled)
            if one == other:
                return whole
        expr = self.formula.rounded(mode)
        if any(isinstance(a, Rounded) for a in expr.terms):
            note_lost("a float is rounded to a length")
        return length(value, expr)

    def is_integer(self) -> bool:
        """Whether the double is a whole number; a branch like any other test."""
        return bool(math.floor(self) == self)


def _half_to_even(num: Any, den: int) -> Any:
    """Python's ``round(num / den)``: ties go to the even neighbour."""
    below = num // den
    twice = 2 * (num - below * den)
    if twice != den:
        return below + (1 if twice > den else 0)
    return below + below % 2


def _of_two(a: Any, b: Any, op: OfTwo) -> Any:
    """``op`` of two numbers, and of their expressions; a double where one of them is one."""
    if isinstance(a, int) and isinstance(b, int):
        return length(op(int(a), int(b)), op(expr_of(a), expr_of(b)))
    if isinstance(a, float) or isinstance(b, float):
        return op(as_float(a), as_float(b))
    return NotImplemented


def _divided(a: Any, b: Any, op: OfTwo) -> Any:
    """The same, after a branch on whether the divisor is zero. Raises ZeroDivisionError."""
    if isinstance(b, Length) and isinstance(a, int) and b == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    return _of_two(a, b, op)


def _now(expr: Expr) -> int:
    """The length that it is in this run."""
    return length(expr.at(sizes_of_run()), expr)


def length(value: int, expr: Expr) -> int:
    """A Length, or a plain int where the expression is constant."""
    return Length(value, expr) if expr.terms else int(value)


def as_float(value: Number) -> float:
    """``float(value)``, symbolic if ``value`` is."""
    if isinstance(value, Length):
        return LengthFloat(float(int(value)), Real("float", (value.expr,)))
    return value if isinstance(value, LengthFloat) else float(value)


# -- functions of lengths -------------------------------------------------------------------


def computed(op: str, *args: Number) -> float:
    """A double computed from lengths; it remembers the computation, for other sizes."""
    real = Real(op, tuple(map(_exact, args)))
    return LengthFloat(float(real.at(sizes_of_run())), real)


def whole(op: str, *args: int) -> int:
    """An int computed from lengths by a function isl does not know: checked, not proven."""
    note_lost(f"{op} of a length")
    real = Real(op, tuple(map(expr_of, args)))
    return length(int(real.at(sizes_of_run())), Expr(0, {Rounded("trunc", real): 1}))


def _exact(value: Number) -> Real | Expr | float:
    """As an operand, ints as ints: some functions take no floats."""
    return expr_of(value) if isinstance(value, int) else operand(value)
