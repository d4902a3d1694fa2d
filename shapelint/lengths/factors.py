"""Which symbols of a set have nothing to do with each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from shapelint.lengths.diagrams import order_of
from shapelint.lengths.nodes import Box, Diagram, Node, boxes, has
from shapelint.lengths.points import Group, to_isl
from shapelint.lengths.search import least

_MAX_MIXED = 6
"""So many members are tried against each other before a proof is asked for."""


def factors(a: Diagram, symbols: Group) -> Iterator[tuple[Group, Diagram]]:
    """The finest groups of symbols such that a set is the product of its projections.

    Partitions along which a set is a product are closed under refinement, so the finest one is
    unique, and splitting off the first group found leads to it.
    """
    left = a
    while isinstance(left, Node) and len(left.slices) == 1:
        ((points, below),) = left.slices
        alone = order_of(symbols).product({left.group: points})
        yield from _split(alone, left.group)
        left = below
    if isinstance(left, Node):
        names = {s for group in left.groups for s in group}
        yield from _split(left, tuple(s for s in symbols if s in names))


def _split(a: Diagram, symbols: Group) -> Iterator[tuple[Group, Diagram]]:
    order = order_of(symbols)
    for count in range(1, len(symbols) // 2 + 1):
        for group in itertools.combinations(symbols, count):
            others = tuple(s for s in symbols if s not in group)
            if not _mixes(a, symbols, group):
                continue
            part, other = order.projected(a, group), order.projected(a, others)
            if order.less(order.meet(part, other), a) is False:
                if part is not True:
                    yield group, part
                yield from _split(other, others)
                return
    if a is not True:
        yield symbols, a


def _mixes(a: Diagram, symbols: Group, group: Sequence[str]) -> bool:
    """Whether a few members may exchange their ``group``: a cheap way to refute a product."""
    order = order_of(symbols)
    cut = itertools.islice((b for box in boxes(a) for b in _cut(box)), _MAX_MIXED)
    members = [m for box in cut if (m := least(order.product(box), symbols))]
    return all(has(a, {**x, **{s: y[s] for s in group}}) for x in members for y in members)


def _cut(box: Box) -> Iterator[Box]:
    """The pieces that isl has for the groups of a product."""
    yield box
    for group, points in box.items():
        if len(group) > 1:
            pieces = to_isl(points).get_basic_sets()
            yield from ({**box, group: piece.to_set()} for piece in pieces)
