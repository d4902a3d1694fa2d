"""Float computations on lengths, remembered so that they can be repeated to the last bit.

``x.shape[-1] / 2``, ``n * 0.7`` and ``float(want) / have`` are doubles. Where the double provably
rounds like the rational number it stands for, :meth:`Real.rounded` gives an integer expression and
everything stays exact. Otherwise the computation itself is kept: predictions repeat it with
Python's own floats, and what is claimed about all sizes becomes "checked".

Laws used, for IEEE doubles and lengths below ``MAX_LENGTH``:

* sums, differences and products of dyadic rationals with few bits are exact;
* the correctly rounded quotient of two integers below 2**52 never reaches the next integer:
  ``n/k`` is at least ``1/k`` away from it, and half an ulp is smaller, whether ``k`` is a
  constant or a length;
* so with ``n * 1.2``, where 1.2 stands for 6/5: where ``n*6/5`` is an integer, the product is
  rounded to it if 1.2 differs from 6/5 by no more than 2**-54 of it, a quarter of an ulp of 1.0.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Union

from shapelint.lengths.expr import (
    Expr,
    RealLike,
    Rounded,
    Sizes,
    as_expr,
    factors,
    floordiv,
    product,
)
from shapelint.lengths.ratio import MAX_DENOMINATOR, MAX_LENGTH, Ratio, combined, is_below

_FAR, _SIMPLE = 2**20, 64
_QUARTER_ULP = Fraction(1, 2**54)
_MAX_DIVIDED = 2**52

MATH = """
    acos asin atan atan2 copysign cos erf exp expm1 fabs fmod gcd hypot isqrt lcm log log10 log1p
    log2 pow sin sqrt tan tanh
""".split()  # noqa: SIM905
"""Functions of :mod:`math` that can be repeated at any other size."""

Operand = Union["Real", Expr, float]


def _power(base: float, exponent: float) -> float:
    """Raises ArithmeticError where Python makes a complex number: of that is no length."""
    power: float | complex = operator.pow(base, exponent)
    if isinstance(power, complex):
        raise ArithmeticError(f"{base} ** {exponent} is not real")
    return power


OPERATIONS: dict[str, Callable[..., float]] = {
    "float": float,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
    "neg": operator.neg,
    "abs": abs,
    "round": round,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "bit_length": int.bit_length,
    "max": max,
    "min": min,
    **{name: getattr(math, name) for name in MATH},
}


@dataclass(frozen=True, eq=False)
class Real(RealLike):
    """One float operation on operands that are lengths, doubles or other float operations."""

    op: str
    args: tuple[Operand, ...]

    @cached_property
    def _key(self) -> object:
        return (self.op, self.args)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Real) and self._key == other._key)

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def symbols(self) -> frozenset[str]:  # type: ignore[override]
        """The input sizes it depends on."""
        return frozenset[str]().union(*(a.symbols for a in self.args if not isinstance(a, float)))

    def at(self, sizes: Sizes) -> float:
        """The double that Python computes at these sizes."""
        return OPERATIONS[self.op](*(a if isinstance(a, float) else a.at(sizes) for a in self.args))

    def slope(self, name: str) -> Fraction | None:
        """Growth per unit of one symbol in the long run; measured where it is not a ratio."""
        ratio = self.ratio
        if ratio is None:
            return self._measured_slope(name)
        inner = ratio.num.slope(name)
        return None if inner is None else inner / ratio.den

    def _measured_slope(self, name: str) -> Fraction | None:
        """The difference quotient far out, as a simple fraction."""
        sizes = dict.fromkeys(self.symbols, _FAR)
        try:
            rise = self.at({**sizes, name: 2 * _FAR}) - self.at(sizes)
            return Fraction(rise / _FAR).limit_denominator(_SIMPLE) if math.isfinite(rise) else None
        except ArithmeticError:
            return None

    @cached_property
    def ratio(self) -> Ratio | None:
        """The rational number it stands for, if floor, ceiling and order agree with it."""
        parts = [_ratio(a) for a in self.args]
        known = [p for p in parts if p is not None]
        ratio = combined(self.op, known) if len(known) == len(parts) else None
        if ratio is None and len(self.args) == 2:
            return _nothing(self.op, *self.args) or _scaled(self.op, *self.args)
        return ratio

    @cached_property
    def quotient(self) -> tuple[Expr, Expr] | None:
        """The lengths ``a`` and ``b`` of ``a / b``, if floor and ceiling agree with those."""
        parts = [_ratio(a) for a in self.args] if self.op == "/" else []
        whole = [p.num for p in parts if p is not None and p.exact and p.den == 1]
        few = len(whole) == 2 and all(is_below(n, _MAX_DIVIDED) for n in whole)
        return (whole[0], whole[1]) if few else None

    @cached_property
    def cancelled(self) -> tuple[Expr, Expr, Expr] | None:
        """``q``, ``m*k`` and ``n`` of ``q*m / (n/k)``, which is ``q`` where ``m*k`` is ``n``.

        All doubles in it are whole there, and below 2**53, as what a tensor has elements: it is a
        number of windows over that of one sample.
        """
        if self.op != "/":
            return None
        above, below = _ratio(self.args[0]), _ratio(self.args[1])
        if above is None or above.den != 1 or below is None or below.num.is_const:
            return None
        top, parts = factors(above.num)
        shared = [p for p in parts if p.symbols & below.num.symbols]
        apart = [p for p in parts if p not in shared]
        return product([top, *apart]), product([below.den, *shared]), below.num

    @cached_property
    def is_natural(self) -> bool:  # type: ignore[override]
        """Whether it is never negative, as far as that is plain to see."""
        if self.op in ("abs", "exp", "hypot", "sqrt"):
            return True
        keeping = ("float", "+", "*", "/", "**", "max", "min")
        return self.op in keeping and all(map(_is_natural, self.args))

    def rounded(self, mode: str) -> Expr:
        """The length that ``math.floor``, ``math.ceil``, ``int`` or ``round`` makes of it."""
        ratio = self.ratio
        if ratio is not None:
            if mode == "floor":
                return floordiv(ratio.num, ratio.den)
            if mode == "ceil":
                return -floordiv(-ratio.num, ratio.den)
            if ratio.den == 1:
                return ratio.num
            low, _ = ratio.num.bounds({})
            if mode == "trunc" and low is not None and low >= 0:
                return floordiv(ratio.num, ratio.den)
        return self._rounded_quotient(mode) or Expr(0, {Rounded(mode, self): 1})

    def _rounded_quotient(self, mode: str) -> Expr | None:
        if self.quotient is None or mode == "round":
            return None
        a, b = self.quotient
        if mode == "ceil":
            return -floordiv(-a, b)
        return floordiv(a, b) if mode == "floor" or self.is_natural else None

    def __repr__(self) -> str:
        if len(self.args) == 1 or self.op.isalpha():
            return f"{self.op}({', '.join(map(repr, self.args))})"
        return f"({self.args[0]!r} {self.op} {self.args[1]!r})"


def _is_natural(value: Operand) -> bool:
    if isinstance(value, Real):
        return value.is_natural
    low = value if isinstance(value, float) else value.bounds({})[0]
    return low is not None and low >= 0


def _ratio(value: Operand) -> Ratio | None:
    if isinstance(value, Real):
        return value.ratio
    if isinstance(value, Expr):
        return Ratio(value, 1, True)
    num, den = value.as_integer_ratio() if abs(value) < MAX_LENGTH else (0, 0)
    return Ratio(as_expr(num), den, True) if 0 < den <= MAX_DENOMINATOR else None


def _nothing(op: str, a: Operand, b: Operand) -> Ratio | None:
    """``0.0 / n`` for what is always more than zero."""
    divisor = _ratio(b) if op == "/" and isinstance(a, float) and a == 0 else None
    low = divisor.num.bounds({})[0] if divisor is not None else None
    return Ratio(as_expr(0), 1, True) if low is not None and low > 0 else None


def _scaled(op: str, a: Operand, b: Operand) -> Ratio | None:
    """``n * c``, ``c * n``, ``n / c``, ``n // c`` for a double ``c`` next to a simple fraction."""
    if op == "*" and isinstance(a, float):
        a, b = b, a
    n = None if isinstance(a, float) else _ratio(a)
    if n is None or n.den != 1 or not n.exact or not isinstance(b, float) or not 0 < b < _SIMPLE:
        return None
    simple, real = Fraction(b).limit_denominator(_SIMPLE), Fraction(b)
    if not _is_natural(n.num) or not is_below(n.num, _SIMPLE * MAX_LENGTH):
        return None
    if not 0 < simple.numerator <= _SIMPLE:
        return None
    by, off = (simple, real / simple - 1) if op == "*" else (1 / simple, simple / real - 1)
    num, den = n.num.scaled(by.numerator), by.denominator
    if op == "//":  # the floor of the exact quotient, which is no less than the simple one
        return Ratio(floordiv(num, den), 1, True) if off >= 0 else None
    return Ratio(num, den, False) if op in ("*", "/") and abs(off) <= _QUARTER_ULP else None
