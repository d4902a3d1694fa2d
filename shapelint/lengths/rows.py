"""Comparisons of one size as sets that repeat.

A sum of a size and its floor divisions grows by the same amount in every period: ``f(x + p) = f(x)
+ d``. So its values over one period are all there is to know.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from shapelint.lengths.conditions import Compare, negate
from shapelint.lengths.expr import Atom, Div, Expr, Sym
from shapelint.lengths.periodic import EVERY, Periodic, TooLong, finite, periodic
from shapelint.lengths.presburger import NotPresburger

_LONGEST = 2**16
"""Values that are computed one by one."""


def row_of(test: Compare) -> Periodic:
    """Where a quasi-affine comparison of one symbol holds. Raises TooLong."""
    if test.op == "!=":
        return EVERY - row_of(Compare("==", test.expr))
    period, gain = growth(test.expr)
    if test.op == ">=" and gain < 0:
        opposite = negate(test)
        assert isinstance(opposite, Compare)
        return EVERY - row_of(opposite)
    if period > _LONGEST:
        raise TooLong
    values = _values(test.expr, range(1, period + 1))
    if gain == 0:
        holds = (x for x, v in enumerate(values, 1) if (v == 0 if test.op == "==" else v >= 0))
        return _repeating(holds, period)
    steps = [-(v // gain) for v in values]  # f(x + k*period) >= 0 from k = ceil(-f(x)/gain) on
    if test.op == "==":
        roots = zip(values, (-v // gain for v in values), strict=True)
        return finite(
            x + k * period for x, (v, k) in enumerate(roots, 1) if not v % gain and k >= 0
        )
    return _from([x + max(k, 0) * period for x, k in enumerate(steps, 1)], period)


def growth(expr: Expr) -> tuple[int, int]:
    """A period of the differences of ``expr``, and how much it grows in it.

    ``floor(f/d)`` repeats once ``f`` has grown by a multiple of ``d``. Raises NotPresburger.
    """
    parts = [(c, *_growth(atom, expr)) for atom, c in expr.terms.items()]
    period = math.lcm(*(p for _, p, _ in parts))
    return period, sum(c * gain * (period // p) for c, p, gain in parts)


def _growth(atom: Atom, whole: Expr) -> tuple[int, int]:
    if isinstance(atom, Sym):
        return 1, 1
    if isinstance(atom, Div) and isinstance(atom.den, int):
        period, gain = growth(atom.num)
        times = atom.den // math.gcd(gain, atom.den)
        return period * times, gain * times // atom.den
    raise NotPresburger(whole)


def _values(expr: Expr, sizes: Sequence[int]) -> list[int]:
    """The values of an expression at successive sizes."""
    out = [expr.const] * len(sizes)
    for atom, c in expr.terms.items():
        if isinstance(atom, Div):
            den = atom.den
            assert isinstance(den, int)
            column: Iterable[int] = (v // den for v in _values(atom.num, sizes))
        else:
            column = sizes
        out = [total + c * v for total, v in zip(out, column, strict=True)]
    return out


def _repeating(members: Iterable[int], period: int) -> Periodic:
    row = bytearray(b"0") * period
    for x in members:
        row[-1 - x % period] = 49
    return periodic(0, 0, period, int(row, 2))


def _from(first: Sequence[int], period: int) -> Periodic:
    """Every period has as many members as ``first``, which gives the first of each remainder."""
    start = max(first)
    if start > 16 * _LONGEST:
        raise TooLong
    row = bytearray(b"0") * (start + 1)
    for x in first:
        row[x::period] = b"1" * len(range(x, start + 1, period))
    return periodic(start + 1, int(row[::-1], 2), period, (1 << period) - 1)
