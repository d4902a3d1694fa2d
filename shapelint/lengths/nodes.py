"""Nodes of decision diagrams in their normal form: the laws are in :mod:`.diagrams`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from weakref import WeakValueDictionary

from shapelint.lengths.conditions import Compare
from shapelint.lengths.expr import symbol
from shapelint.lengths.periodic import Periodic, TooLong, finite
from shapelint.lengths.points import (
    Group,
    Points,
    compared,
    contains,
    is_empty,
    is_everything,
    joined,
    same,
)


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

Slices = Sequence[tuple[Points, Diagram]]


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


def node(group: Group, pieces: Iterable[tuple[Points, Diagram]]) -> Diagram:
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
    if len(kept) == 1 and is_everything(kept[0][0], group):
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
    known = _NODES.get(key)
    if known is None:
        known = _NODES[key] = Node(group, slices, interned=True)
    return known


def _same(a: Diagram, b: Diagram) -> bool:
    if a is b:
        return True
    if not isinstance(a, Node) or not isinstance(b, Node) or (a.interned and b.interned):
        return False
    if a.group != b.group or len(a.slices) != len(b.slices):
        return False
    return all(any(_same(x, y) and same(p, q) for q, y in b.slices) for p, x in a.slices)


def of_members(symbols: Sequence[str], members: Iterable[tuple[int, ...]]) -> Diagram:
    """Exactly these sizes, given in the order of ``symbols``."""
    points = frozenset(members)
    if not points or not symbols:
        return bool(points)
    behind: dict[int, set[tuple[int, ...]]] = defaultdict(set)
    for first, *others in points:
        behind[first].add(tuple(others))
    alike: dict[frozenset[tuple[int, ...]], list[int]] = defaultdict(list)
    for first, rest in behind.items():
        alike[frozenset(rest)].append(first)
    name, *names = symbols
    slices = [(_row(name, sizes), of_members(names, rest)) for rest, sizes in alike.items()]
    return node((name,), slices)


def _row(name: str, sizes: Sequence[int]) -> Points:
    try:
        return finite(sizes)
    except TooLong:
        each = (Compare("==", symbol(name) - size) for size in sizes)
        return reduce(joined, (compared(test, (name,)) for test in each))
