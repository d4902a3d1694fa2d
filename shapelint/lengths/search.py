"""Members of a diagram: the smallest, the greatest, the nearest, all of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from shapelint.lengths.diagrams import order_of
from shapelint.lengths.expr import Interval
from shapelint.lengths.nodes import Box, Diagram, boxes, of_members
from shapelint.lengths.points import (
    Group,
    Points,
    closest,
    corner,
    count,
    is_bounded,
    listed,
    shadow,
)

Sizes = dict[str, int]


def least(a: Diagram, symbols: Sequence[str]) -> Sizes | None:
    """The lexicographically smallest member, in the order of ``symbols``."""
    return min(_corners(a, symbols), key=_values, default=None)


def greatest(a: Diagram, symbols: Sequence[str]) -> Sizes | None:
    """The lexicographically largest member; None if there is none or the set has no end."""
    if not _is_bounded(a, symbols):
        return None
    return max(_corners(a, symbols, last=True), key=_values, default=None)


def ends(a: Diagram, symbol: str) -> Interval:
    """The least and the greatest size of one symbol, None if there is no greatest.

    Whatever is below a slice has members, so only the nodes above the symbol have to be looked at.
    Of no member at all the ends are 1 and 0.
    """
    return (1, 0) if a is False else _ends(a, symbol, {})


def _ends(a: Diagram, symbol: str, known: dict[int, Interval]) -> Interval:
    if isinstance(a, bool) or not any(symbol in group for group in a.groups):
        return 1, None
    if id(a) not in known:
        if symbol in a.group:
            found = [_ends_of(points, a.group, symbol) for points, _ in a.slices]
        else:
            found = [_ends(below, symbol, known) for _, below in a.slices]
        known[id(a)] = _around(found)
    return known[id(a)]


def _ends_of(points: Points, group: Group, symbol: str) -> Interval:
    row = points if len(group) == 1 else shadow(points, group, (symbol,))
    low = corner(row, (symbol,))[symbol]
    return low, corner(row, (symbol,), last=True)[symbol] if is_bounded(row) else None


def _around(intervals: Sequence[Interval]) -> Interval:
    """The least interval around all of them."""
    lows, highs = zip(*intervals)
    return min(low or 1 for low in lows), None if None in highs else max(highs)


def all_members(a: Diagram, symbols: Sequence[str], limit: int) -> list[Sizes] | None:
    """All members in lexicographic order, or None if there are more than ``limit``."""
    if (
        not _is_bounded(a, symbols)
        or sum(math.prod(map(count, b.values())) for b in boxes(a)) > limit
    ):
        return None
    out = []
    for box in boxes(a):
        choices = [listed(points, group) for group, points in box.items()]
        for choice in itertools.product(*choices):
            found = {s: n for part in choice for s, n in part.items()}
            out.append({s: found[s] for s in symbols})
    return sorted(out, key=_values)


def nearest(a: Diagram, symbols: Sequence[str], near: Mapping[str, int]) -> Sizes | None:
    """The member closest to ``near`` on the first side that has one.

    Sides, in order: at or above in every symbol, at or below in every symbol, mixed.
    """
    known: dict[tuple[int, tuple[int, ...]], Sizes | None] = {}
    sides = itertools.product((1, -1), repeat=len(symbols))
    cut = list(boxes(a))
    for signs in sorted(sides, key=lambda s: (len(set(s)) > 1, -sum(s))):
        side = dict(zip(symbols, signs, strict=True))
        found = [m for box in cut if (m := _in_box(box, symbols, near, side, known))]
        if found:
            return min(found, key=lambda m: (sum(abs(m[s] - near[s]) for s in m), _values(m)))
    return None


def several(
    a: Diagram, symbols: tuple[str, ...], near: Mapping[str, int], count: int
) -> list[Sizes]:
    """Up to ``count`` different members: near, small, large and off the beaten residues."""
    found: list[Sizes] = []
    first = least(a, symbols)
    for target in (*_spread(near, symbols), first) if first else ():
        member = nearest(a, symbols, target)
        if member is not None and member not in found:
            found.append(member)
        if len(found) == count:
            return found
    order = order_of(symbols)
    left = order.less(a, of_members(symbols, map(_values, found)))
    while len(found) < count and left is not False:
        found.append(nearest(left, symbols, near) or {})
        left = order.less(left, of_members(symbols, [_values(found[-1])]))
    return found


def _spread(near: Mapping[str, int], symbols: Sequence[str]) -> Iterator[Sizes]:
    """Targets around ``near``: itself, a little more, about double, a half, a third, far above."""
    yield {s: near[s] for s in symbols}
    for i, (num, den, plus) in enumerate([(1, 1, 1), (2, 1, 1), (1, 2, 0), (1, 3, 1), (5, 1, 3)]):
        yield {s: near[s] * num // den + plus * (i + k + 1) for k, s in enumerate(symbols)}


def _values(sizes: Sizes) -> tuple[int, ...]:
    return tuple(sizes.values())


def _corners(a: Diagram, symbols: Sequence[str], *, last: bool = False) -> Iterator[Sizes]:
    """That corner of every product; symbols that are free are 1."""
    for box in boxes(a):
        found = dict.fromkeys(symbols, 1)
        for group, points in box.items():
            found.update(corner(points, group, last=last))
        yield found


def _is_bounded(a: Diagram, symbols: Sequence[str]) -> bool:
    return all(
        sum(map(len, box)) == len(symbols) and all(map(is_bounded, box.values()))
        for box in boxes(a)
    )


def _in_box(
    box: Box,
    symbols: Sequence[str],
    near: Mapping[str, int],
    side: Mapping[str, int],
    known: dict[tuple[int, tuple[int, ...]], Sizes | None],
) -> Sizes | None:
    """The closest member of a product on one side: each group by itself."""
    if any(near[s] < 1 and side[s] < 0 for s in symbols):
        return None
    found = {s: max(near[s], 1) for s in symbols}
    for group, points in box.items():
        signs = tuple(side[s] for s in group)
        key = (id(points), signs)
        if key not in known:
            known[key] = closest(points, group, near, signs)
        here = known[key]
        if here is None:
            return None
        found.update(here)
    return found
