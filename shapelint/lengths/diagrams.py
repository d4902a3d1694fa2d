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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from weakref import WeakValueDictionary

from shapelint.lengths.effort import charge
from shapelint.lengths.periodic import Periodic
from shapelint.lengths.points import (
    Group,
    Points,
    contains,
    covers,
    embedded,
    everything,
    is_empty,
    joined,
    met,
    rest,
    same,
    shadow,
)

__all__ = ["Box", "Diagram", "Node", "Order", "boxes", "has", "order_of"]


class Node:
    """Slices of one group; a slice that is not there has no member."""

    __slots__ = ("__weakref__", "group", "groups", "interned", "slices")

    group: Group
    groups: frozenset[Group]
    """This group and those below it."""
    slices: tuple[tuple[Points, Diagram], ...]
    interned: bool
    """Whether no other node means the same set, which holds where isl has no part in it."""

    def __init__(self, group: Group, slices: Slices, interned: bool) -> None:
        self.group = group
        self.slices = tuple(slices)
        self.interned = interned
        below = (d.groups for _, d in self.slices if isinstance(d, Node))
        self.groups = frozenset({group}).union(*below)


Diagram = Node | bool
"""``True`` is every size, ``False`` is none."""

Box = Mapping[Group, Points]
"""A product; groups that are missing are free."""

_STEPS = 20
"""What it costs, in steps of isl, to bring two nodes together."""

Slices = Sequence[tuple[Points, Diagram]]


class _Op(enum.Enum):
    MEET = enum.auto()
    JOIN = enum.auto()
    LESS = enum.auto()


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
        return self._applied(op, self.regrouped(a, groups), self.regrouped(b, groups), {})

    def _applied(
        self, op: _Op, a: Diagram, b: Diagram, known: dict[tuple[int, int], Diagram]
    ) -> Diagram:
        settled = _settled(op, a, b)
        if settled is not None:
            return settled
        key = (id(a), id(b))
        if key not in known:
            charge(_STEPS)
            group = min((d.group for d in (a, b) if isinstance(d, Node)), key=self._place)
            known[key] = _node(group, self._pieces(op, group, a, b, known))
        return known[key]

    def _pieces(
        self, op: _Op, group: Group, a: Diagram, b: Diagram, known: dict[tuple[int, int], Diagram]
    ) -> Iterator[tuple[Points, Diagram]]:
        """The slices of both cut into each other, and what only one of them has."""
        whole = everything(group)
        ours, theirs = _slices(a, group), _slices(b, group)
        for mine, x in ours:
            for other, y in theirs:
                below = self._applied(op, x, y, known)
                if below is not False:
                    yield _met(mine, other, whole), below
        if op is not _Op.MEET:
            yield from _beside(ours, theirs)
        if op is _Op.JOIN:
            yield from _beside(theirs, ours)

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
            found = self._applied(_Op.JOIN, found, self.product(larger), {})
        return found

    def projected(self, a: Diagram, names: Sequence[str]) -> Diagram:
        """Which values of ``names`` occur."""
        if isinstance(a, bool):
            return a
        below = [(points, self.projected(d, names)) for points, d in a.slices]
        own = tuple(s for s in a.group if s in names)
        if own == a.group:
            return _node(own, below)
        found: Diagram = False
        for points, d in below:
            left = _node(own, [(shadow(points, a.group, own), d)]) if own else d
            found = self.join(found, left)
        return found

    def product(self, box: Box) -> Diagram:
        """The sizes that are in every part of a box."""
        found: Diagram = True
        for group in sorted(box, key=self._place, reverse=True):
            found = _node(group, [(box[group], found)])
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


def boxes(a: Diagram) -> Iterator[dict[Group, Points]]:
    """The set as disjoint products."""
    if a is True:
        yield {}
    elif isinstance(a, Node):
        for points, below in a.slices:
            for box in boxes(below):
                yield {a.group: points, **box}


def has(a: Diagram, sizes: Mapping[str, int]) -> bool:
    """Whether these sizes are a member."""
    while isinstance(a, Node):
        group = a.group
        a = next((below for points, below in a.slices if contains(points, group, sizes)), False)
    return a


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


def _node(group: Group, pieces: Iterable[tuple[Points, Diagram]]) -> Diagram:
    """The diagram of disjoint slices, in its normal form."""
    kept: list[tuple[Points, Diagram]] = []
    position: dict[int, int] = {}
    for points, below in pieces:
        if below is False or is_empty(points):
            continue
        at = _position(below, kept, position)
        if at < len(kept):
            kept[at] = (joined(kept[at][0], points), below)
        else:
            position[id(below)] = at
            kept.append((points, below))
    if len(kept) == 1 and covers(kept[0][0], everything(group)):
        return kept[0][1]
    return _interned(group, kept) if kept else False


def _position(below: Diagram, kept: Slices, position: Mapping[int, int]) -> int:
    """The place of the slice that has this below it; one past the last if none has."""
    if id(below) in position or not isinstance(below, Node) or below.interned:
        return position.get(id(below), len(kept))
    same = (i for i, (_, d) in enumerate(kept) if _same(below, d))
    return next(same, len(kept))


_NODES: WeakValueDictionary[object, Node] = WeakValueDictionary()


def _interned(group: Group, slices: Slices) -> Node:
    """The one node with these slices, if they can be told apart by looking at them."""
    if any(isinstance(d, Node) and not d.interned for _, d in slices):
        return Node(group, slices, interned=False)
    if not all(isinstance(points, Periodic) for points, _ in slices):
        return Node(group, slices, interned=False)
    key = group, frozenset((points, id(below)) for points, below in slices)
    return _NODES.setdefault(key, Node(group, slices, interned=True))


def _same(a: Diagram, b: Diagram) -> bool:
    if a is b:
        return True
    if not isinstance(a, Node) or not isinstance(b, Node) or (a.interned and b.interned):
        return False
    if a.group != b.group or len(a.slices) != len(b.slices):
        return False
    return all(any(_same(x, y) and same(p, q) for q, y in b.slices) for p, x in a.slices)
