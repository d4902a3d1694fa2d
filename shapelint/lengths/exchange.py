"""One set, two representations: rows of bits as sets of isl, and back."""

from __future__ import annotations

from functools import lru_cache, reduce

import islpy as isl

from shapelint.lengths.conditions import Compare, at_least, divides
from shapelint.lengths.effort import charged
from shapelint.lengths.expr import Expr, Sym, symbol
from shapelint.lengths.listing import progressions
from shapelint.lengths.optima import greatest
from shapelint.lengths.periodic import Periodic, TooLong, periodic
from shapelint.lengths.reading import period_of
from shapelint.lengths.space import space_of

_LONGEST = 2**14
"""Members that are read off one by one."""

_X = symbol("x")


@lru_cache(maxsize=1024)
def as_isl(row: Periodic) -> isl.Set:
    """The same sizes for isl, in one dimension."""
    residue = _X % row.period
    later = [
        [at_least(_X, row.start), at_least(residue, low), at_least(high, residue)]
        for low, high, _ in progressions((x for x in range(row.period) if row.tail >> x & 1), 1)
    ]
    sooner = [
        [at_least(_X, low), at_least(high, _X), divides(step, _X - low)]
        for low, high, step in progressions(row)
    ]
    space = space_of(("x",))
    whole = space.universe

    def built() -> isl.Set:
        pieces = (
            reduce(isl.Set.intersect, (space.where(t) for t in p if isinstance(t, Compare)), whole)
            for p in (*sooner, *later)
        )
        return reduce(isl.Set.union, pieces, whole.subtract(whole))

    return charged(built)


def as_row(points: isl.Set) -> Periodic:
    """A set of isl in one dimension as a row of bits. Raises TooLong."""
    period = period_of(points)
    if period > _LONGEST:
        raise TooLong
    space = space_of(("x",))
    ahead = isl.MultiAff.from_aff(space.aff(Expr(period, {Sym("x"): 1})))

    def last_change() -> int:
        later = points.preimage_multi_aff(ahead).intersect(space.universe)
        changes = points.subtract(later).union(later.subtract(points))
        return 0 if changes.is_empty() else greatest(changes, 0)

    start = charged(last_change) + 1
    if start + period > _LONGEST:
        raise TooLong
    head = tail = 0
    near = points.intersect(space.box({"x": (1, start + period - 1)}))
    for x in _points(near):
        if x < start:
            head |= 1 << x
        else:
            tail |= 1 << x % period
    return periodic(start, head, period, tail)


def _points(points: isl.Set) -> list[int]:
    found: list[int] = []
    points.foreach_point(
        lambda p: found.append(p.get_coordinate_val(isl.dim_type.set, 0).to_python())
    )
    return found
