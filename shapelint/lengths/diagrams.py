"""Sets over several groups of symbols as decision diagrams, so that no product is multiplied out.

A :class:`Node` cuts the sizes of one group into disjoint slices and says for each of them what the
groups behind it may be. ``H % 16 == 0 and W % 16 == 0`` is one slice of ``H`` above one slice of
``W``; ``H > 1 or W > 1`` are two slices of ``H``. Groups about which nothing is said do not occur;
all slices of a node differ in what is below them. For given groups there is one diagram for a set,
as with ordered binary decision diagrams (R. E. Bryant, *Graph-Based Algorithms for Boolean Function
Manipulation*, 1986), so a set is empty, or everything, exactly where its diagram is ``False`` or
``True``.

Symbols that one comparison ties together (``H == W``) are one group, whose sets are isl's alone.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, reduce

from shapelint.lengths.aligned import Aligned
from shapelint.lengths.effort import Memory, charge, memory
from shapelint.lengths.nodes import Box, Diagram, Node, Slices, boxes, node
from shapelint.lengths.points import (
    Group,
    Points,
    apart,
    covers,
    embedded,
    everything,
    joined,
    met,
    rest,
    shadow,
)

_STEPS = 20
"""What it costs, in steps of isl, to bring two nodes together."""
_PAIR = 2
"""Slices that are brought together as they are."""

_Combined = Callable[["Diagram", "Diagram"], "Diagram"]
"""Combines what is below two slices."""


class _Op(enum.Enum):
    MEET = enum.auto()
    JOIN = enum.auto()
    LESS = enum.auto()


_ON_POINTS = {_Op.MEET: met, _Op.JOIN: joined, _Op.LESS: rest}


class Order:
    """What can be done with diagrams whose groups are in the order of ``symbols``."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self._rank = {s: i for i, s in enumerate(symbols)}

    # -- algebra ------------------------------------------------------------------------------

    def meet(self, a: Diagram, b: Diagram) -> Diagram:
        """What is in both."""
        return self._combined(_Op.MEET, a, b)

    def join(self, a: Diagram, b: Diagram) -> Diagram:
        """What is in either."""
        return self._combined(_Op.JOIN, a, b)

    def less(self, a: Diagram, b: Diagram) -> Diagram:
        """What is in ``a`` and not in ``b``."""
        return self._combined(_Op.LESS, a, b)

    def _combined(self, op: _Op, a: Diagram, b: Diagram) -> Diagram:
        groups = self._coarsest([*_groups(a), *_groups(b)])
        return self._applied(op, self.regrouped(a, groups), self.regrouped(b, groups), memory())

    def _applied(self, op: _Op, a: Diagram, b: Diagram, known: Memory) -> Diagram:
        settled = _settled(op, a, b)
        if settled is not None:
            return settled
        key = (self, op, a, b)
        found: Diagram | None = known.get(key)
        if found is None:
            charge(_STEPS)
            found = known[key] = self._together(op, a, b, known)
        return found

    def _together(self, op: _Op, a: Diagram, b: Diagram, known: Memory) -> Diagram:
        group = min((d.group for d in (a, b) if isinstance(d, Node)), key=self._place)
        ours, theirs = _slices(a, group), _slices(b, group)
        if len(ours) == len(theirs) == 1 and ours[0][1] is theirs[0][1] is True:
            return node(group, [(_ON_POINTS[op](ours[0][0], theirs[0][0]), True)])

        def below(x: Diagram, y: Diagram) -> Diagram:
            return self._applied(op, x, y, known)

        aligned = Aligned.of([*ours, *theirs]) if len(ours) + len(theirs) > _PAIR else None
        if aligned is None:
            return node(group, _cut(op, ours, theirs, everything(group), below))
        return node(group, _cut_in_rows(op, ours, theirs, aligned, below))

    def union(self, parts: Sequence[Diagram]) -> Diagram:
        """What is in any of them, joined two by two."""
        if len(parts) < 2:
            return parts[0] if parts else False
        half = len(parts) // 2
        return self.join(self.union(parts[:half]), self.union(parts[half:]))

    # -- groups -------------------------------------------------------------------------------

    def _place(self, group: Group) -> int:
        return self._rank[group[0]]

    def _coarsest(self, groups: Iterable[Group]) -> list[Group]:
        """The fewest groups such that each of those given is inside one of them."""
        apart: list[set[str]] = []
        for group in groups:
            touched = [g for g in apart if not g.isdisjoint(group)]
            if len(touched) == 1 and touched[0].issuperset(group):
                continue
            apart = [g for g in apart if g not in touched]
            apart.append(set(group).union(*touched))
        return [tuple(sorted(g, key=self._rank.__getitem__)) for g in apart]

    def regrouped(self, a: Diagram, groups: Sequence[Group]) -> Diagram:
        """The same set, over groups of which each holds some of its own."""
        if _groups(a) <= set(groups):
            return a
        found: Diagram = False
        for box in boxes(a):
            larger: dict[Group, Points] = {}
            for group, points in box.items():
                into = next(g for g in groups if group[0] in g)
                whole = larger.get(into, everything(into))
                larger[into] = met(whole, embedded(points, group, into))
            found = self._applied(_Op.JOIN, found, self.product(larger), memory())
        return found

    def projected(self, a: Diagram, names: Sequence[str]) -> Diagram:
        """Which values of ``names`` occur."""
        return self._projected(a, frozenset(names), {})

    def _projected(self, a: Diagram, names: frozenset[str], known: dict[int, Diagram]) -> Diagram:
        """The same; each node once. One that says nothing of the names has some member."""
        if isinstance(a, bool) or names.isdisjoint(itertools.chain(*a.groups)):
            return a is not False
        if id(a) not in known:
            known[id(a)] = self._shadow(a, names, known)
        return known[id(a)]

    def _shadow(self, a: Node, names: frozenset[str], known: dict[int, Diagram]) -> Diagram:
        below = [(points, self._projected(d, names, known)) for points, d in a.slices]
        own = tuple(s for s in a.group if s in names)
        if own == a.group:
            return node(own, below)
        if own:
            below = [(shadow(points, a.group, own), d) for points, d in below]
            return self.union([node(own, [piece]) for piece in below])
        return self.union([*{id(d): d for _, d in below}.values()])

    def product(self, box: Box) -> Diagram:
        """The sizes that are in every part of a box."""
        found: Diagram = True
        for group in sorted(box, key=self._place, reverse=True):
            found = node(group, [(box[group], found)])
        return found

    def wide_boxes(self, a: Diagram) -> Iterator[dict[Group, Points]]:
        """The set as products that may overlap, each as wide as its slices allow.

        A slice may be what it is in every other slice that has at least as much below.
        """
        if not isinstance(a, Node):
            yield from boxes(a)
            return
        for points, below in a.slices:
            wider = (p for p, more in a.slices if self.less(below, more) is False)
            wide = reduce(joined, wider, points)
            own = {} if covers(wide, everything(a.group)) else {a.group: wide}
            for box in self.wide_boxes(below):
                yield {**own, **box}


@lru_cache(maxsize=64)
def order_of(symbols: tuple[str, ...]) -> Order:
    """The order of these symbols."""
    return Order(symbols)


def _settled(op: _Op, a: Diagram, b: Diagram) -> Diagram | None:
    """The answer where one side is everything or nothing, or both are the same."""
    if op is _Op.LESS:
        if a is False or b is True or a is b:
            return False
        return a if b is False else None
    absorbing = op is _Op.JOIN
    if a is absorbing or b is absorbing:
        return absorbing
    if isinstance(a, bool) or a is b:
        return b
    return a if isinstance(b, bool) else None


def _groups(a: Diagram) -> frozenset[Group]:
    return a.groups if isinstance(a, Node) else frozenset()


def _slices(a: Diagram, group: Group) -> Slices:
    """The slices of one group; a single one if nothing is said about it."""
    if isinstance(a, Node) and a.group == group:
        return a.slices
    return [] if a is False else [(everything(group), a)]


def _cut(
    op: _Op, ours: Slices, theirs: Slices, whole: Points, combined: _Combined
) -> Iterator[tuple[Points, Diagram]]:
    """The slices of both cut into each other, and what only one of them has."""
    for mine, x in ours:
        for other, y in theirs:
            if apart(mine, other):
                continue
            below = combined(x, y)
            if below is not False:
                yield _met(mine, other, whole), below
    if op is not _Op.MEET:
        yield from _beside(ours, theirs)
    if op is _Op.JOIN:
        yield from _beside(theirs, ours)


def _cut_in_rows(
    op: _Op, ours: Slices, theirs: Slices, aligned: Aligned, combined: _Combined
) -> Iterator[tuple[Points, Diagram]]:
    """The same on rows of bits; what has the same below it is one slice."""
    aligned.charge(len(ours) * len(theirs))
    mine, others = aligned.rows(ours), aligned.rows(theirs)
    found: dict[int, tuple[int, Diagram]] = {}

    def add(row: int, below: Diagram) -> None:
        if row and below is not False:
            found[id(below)] = found.get(id(below), (0, below))[0] | row, below

    for row, (_, x) in zip(mine, ours):
        left = row
        for other, (_, y) in zip(others, theirs):
            if left & other:
                add(left & other, combined(x, y))
                left &= ~other
        if op is not _Op.MEET:
            add(left, x)
    if op is _Op.JOIN:
        covered = reduce(int.__or__, mine, 0)
        for other, (_, y) in zip(others, theirs):
            add(other & ~covered, y)
    return ((aligned.points(row), below) for row, below in found.values())


def _met(a: Points, b: Points, whole: Points) -> Points:
    if a is whole or a is b:
        return b
    return a if b is whole else met(a, b)


def _beside(slices: Slices, others: Slices) -> Iterator[tuple[Points, Diagram]]:
    """What remains of slices outside all others."""
    if not others:
        yield from slices
        return
    covered = reduce(joined, (points for points, _ in others))
    for points, below in slices:
        yield rest(points, covered), below
