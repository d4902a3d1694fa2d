"""Sets over one group of symbols: rows of bits for a single symbol, isl for several.

isl also takes over where the rows would be too long, as behind strides of co-prime products. Every
operation is charged to the open budgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import islpy as isl

from shapelint.lengths.conditions import Compare
from shapelint.lengths.effort import charge, charged
from shapelint.lengths.exchange import as_isl, as_row
from shapelint.lengths.expr import Expr, Sym
from shapelint.lengths.optima import greatest, least, least_of
from shapelint.lengths.periodic import EVERY, Periodic, TooLong, interval
from shapelint.lengths.rows import row_of
from shapelint.lengths.space import DIM, Window, space_of, value_of

T = TypeVar("T")

Group = tuple[str, ...]
"""Symbols that some condition ties together, in the order of the template."""

Points = Periodic | isl.Set
Sizes = dict[str, int]

_MAX_MERGED = 64
_WORD = 64
"""Bits that Python works on at once."""


# -- where sets come from -------------------------------------------------------------------------


def everything(group: Group) -> Points:
    """All sizes from 1 up."""
    return EVERY if len(group) == 1 else space_of(group).universe


@lru_cache(maxsize=4096)
def compared(test: Compare, group: Group) -> Points:
    """The sizes at which a quasi-affine comparison of exactly these symbols holds."""
    if len(group) == 1:
        try:
            return row_of(test)
        except TooLong:
            pass
    return charged(lambda: space_of(group).where(test))


def box(window: Window, name: str) -> Points:
    """The sizes of one symbol inside a window."""
    low, high = window[name]
    try:
        return interval(low, high)
    except TooLong:
        return space_of((name,)).box(window)


def of_isl(points: isl.Set, group: Group) -> Points:
    """A set of isl in the representation that suits it."""
    if len(group) == 1:
        try:
            return as_row(points)
        except TooLong:
            pass
    return points


def to_isl(points: Points) -> isl.Set:
    """As a set of isl."""
    return as_isl(points) if isinstance(points, Periodic) else points


# -- algebra --------------------------------------------------------------------------------------


def met(a: Points, b: Points) -> Points:
    """The points of both."""
    return _combined(a, b, Periodic.__and__, isl.Set.intersect)


def joined(a: Points, b: Points) -> Points:
    """The points of either."""
    return _combined(a, b, Periodic.__or__, isl.Set.union)


def rest(a: Points, b: Points) -> Points:
    """The points of ``a`` that are not in ``b``."""
    return _combined(a, b, Periodic.__sub__, isl.Set.subtract)


def _combined(
    a: Points,
    b: Points,
    rows: Callable[[Periodic, Periodic], Periodic],
    sets: Callable[[isl.Set, isl.Set], isl.Set],
) -> Points:
    if isinstance(a, Periodic) and isinstance(b, Periodic):
        charge(1 + (a.size + b.size) // _WORD)
        try:
            return rows(a, b)
        except TooLong:
            pass
    left, right = to_isl(a), to_isl(b)
    return charged(lambda: _merged(sets(left, right)))


def _merged(points: isl.Set) -> isl.Set:
    """The same set in fewer pieces; not tried for many, as every pair of them is looked at."""
    return points.coalesce() if 1 < points.n_basic_set() <= _MAX_MERGED else points


# -- questions ------------------------------------------------------------------------------------


def is_empty(points: Points) -> bool:
    """Whether there is no point."""
    if isinstance(points, Periodic):
        return not points
    return points.plain_is_empty() or charged(lambda: bool(points.is_empty()))


def same(a: Points, b: Points) -> bool:
    """Whether they have the same points."""
    if isinstance(a, Periodic) and isinstance(b, Periodic):
        return a == b
    left, right = to_isl(a), to_isl(b)
    return charged(lambda: bool(left.is_equal(right)))


def apart(a: Points, b: Points) -> bool:
    """Whether it is seen at once that they share no point."""
    return isinstance(a, Periodic) and isinstance(b, Periodic) and a.is_apart_from(b)


def covers(a: Points, b: Points) -> bool:
    """Whether ``a`` has every point of ``b``."""
    return a is b or is_empty(rest(b, a))


def is_everything(points: Points, group: Group) -> bool:
    """Whether it has all sizes from 1 up."""
    if isinstance(points, Periodic):
        return points == EVERY
    return covers(points, everything(group))


def is_bounded(points: Points) -> bool:
    """Whether every symbol has a greatest value."""
    if isinstance(points, Periodic):
        return points.is_bounded
    return charged(lambda: bool(points.is_bounded()))


def contains(points: Points, group: Group, sizes: Mapping[str, int]) -> bool:
    """Whether the sizes of this group are a point."""
    if isinstance(points, Periodic):
        return int(sizes[group[0]]) in points
    point = isl.Point.zero(space_of(group).space)
    for i, name in enumerate(group):
        point = point.set_coordinate_val(DIM, i, value_of(int(sizes[name])))
    return bool(isl.Set.from_point(point).is_subset(points))


# -- members --------------------------------------------------------------------------------------


def corner(points: Points, group: Group, *, last: bool = False) -> Sizes:
    """The lexicographically smallest point, or the greatest; there must be one."""
    if isinstance(points, Periodic):
        found = points.greatest() if last else points.next(1)
        return {group[0]: found or 0}
    return charged(lambda: _corner(points, group, last=last))


def _corner(points: isl.Set, group: Group, *, last: bool = False) -> Sizes:
    """The same point as isl's ``lexmin``, found size by size: isl may go on cutting for ever."""
    sizes = {}
    for i, name in enumerate(group):
        sizes[name] = greatest(points, i) if last else least(points, i)
        points = points.fix_val(DIM, i, value_of(sizes[name]))
    return sizes


def count(points: Points) -> int:
    """How many points there are in a bounded set."""
    if isinstance(points, Periodic):
        return points.head.bit_count()
    return charged(lambda: int(points.count_val().to_python()))


def listed(points: Points, group: Group) -> list[Sizes]:
    """All points of a bounded set."""
    if isinstance(points, Periodic):
        return [{group[0]: x} for x in points]
    out: list[Sizes] = []
    points.foreach_point(lambda p: out.append(_coordinates(p, group)))
    return out


def closest(
    points: Points, group: Group, near: Mapping[str, int], signs: Sequence[int]
) -> Sizes | None:
    """The point with the smallest sum of distances, on one side of ``near`` in every symbol.

    Among equals the lexicographically smallest; None if there is no point on that side.
    """
    if isinstance(points, Periodic):
        start = near[group[0]]
        found = points.next(max(start, 1)) if signs[0] > 0 else points.last(start)
        return None if found is None else {group[0]: found}
    return charged(lambda: _closest(points, group, near, signs))


def _closest(
    points: isl.Set, group: Group, near: Mapping[str, int], signs: Sequence[int]
) -> Sizes | None:
    space = space_of(group)
    distance = space.zero
    for name, sign in zip(group, signs, strict=True):
        step = space.aff(Expr(-sign * near[name], {Sym(name): sign}))
        points = points.intersect(step.ge_set(space.zero))
        distance = distance.add(step)
    if points.is_empty():
        return None
    left = distance.sub(space.constant(least_of(points, distance)))
    return _corner(points.intersect(left.eq_set(space.zero)), group)


def _coordinates(point: isl.Point, group: Group) -> Sizes:
    return {s: point.get_coordinate_val(DIM, i).to_python() for i, s in enumerate(group)}


# -- symbols --------------------------------------------------------------------------------------


def shadow(points: Points, group: Group, kept: Group) -> Points:
    """Which values of ``kept``, in their order in the group, occur among the points."""

    def projected() -> isl.Set:
        left = to_isl(points)
        for i, name in reversed(list(enumerate(group))):
            if name not in kept:
                left = left.project_out(DIM, i, 1)
        return _merged(left.compute_divs())

    return of_isl(charged(projected), kept)


def embedded(points: Points, group: Group, into: Group) -> Points:
    """The same points where the other symbols of ``into`` are free."""
    if group == into:
        return points
    source, inner = space_of(into), to_isl(points)
    renamed = isl.MultiAff.zero(source.space.map_from_domain_and_range(space_of(group).space))
    for i, name in enumerate(group):
        renamed = renamed.set_aff(i, source.aff(Expr(0, {Sym(name): 1})))
    return charged(lambda: inner.preimage_multi_aff(renamed).intersect(source.universe))
