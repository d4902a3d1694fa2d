"""isl sets read back: as conditions, and for their period."""

from __future__ import annotations

import math
from collections.abc import Sequence

import islpy as isl

from shapelint.lengths.conditions import Compare
from shapelint.lengths.expr import Expr, floordiv, symbol


def pieces_of(points: isl.Set, symbols: Sequence[str]) -> list[list[Compare]]:
    """The set as alternatives of conjunctions; that sizes are at least 1 is left out."""
    names = [symbol(s) for s in symbols]
    pieces = []
    for basic in points.compute_divs().get_basic_sets():
        read = [_comparison(c, names) for c in basic.remove_redundancies().get_constraints()]
        pieces.append([c for c in read if c is not None and c.decide({}) is not True])
    return pieces


def _comparison(constraint: isl.Constraint, names: Sequence[Expr]) -> Compare | None:
    if constraint.is_div_constraint():
        return None
    expr, _ = _scaled(constraint.get_aff(), names)
    return Compare("==" if constraint.is_equality() else ">=", expr)


def _scaled(aff: isl.Aff, names: Sequence[Expr]) -> tuple[Expr, int]:
    """An affine function as an integer expression over a common denominator."""
    den = aff.get_denominator_val().to_python()

    def times(value: isl.Val) -> int:
        return int(value.mul(isl.Val(den)).to_python())

    total = Expr(times(aff.get_constant_val()))
    for i, name in enumerate(names):
        total = total + name.scaled(times(aff.get_coefficient_val(isl.dim_type.in_, i)))
    for i in range(aff.dim(isl.dim_type.div)):
        c = times(aff.get_coefficient_val(isl.dim_type.div, i))
        if c:
            total = total + floordiv(*_scaled(aff.get_div(i), names)).scaled(c)
    return total, den


def period_of(points: isl.Set) -> int:
    """A period of a set over one symbol: far out, ``x`` and ``x + period`` belong or both do not.

    Every floor division by ``d`` of something that repeats after ``p`` repeats after ``d*p``, so
    this is a multiple of the smallest period.
    """
    period = 1
    for basic in points.compute_divs().get_basic_sets():
        local = basic.get_local_space()
        periods: list[int] = []
        for i in range(local.dim(isl.dim_type.div)):
            div = local.get_div(i)
            inner = [
                p
                for j, p in enumerate(periods)
                if not div.get_coefficient_val(isl.dim_type.div, j).is_zero()
            ]
            periods.append(div.get_denominator_val().to_python() * math.lcm(*inner))
        period = math.lcm(period, *periods)
    return period
