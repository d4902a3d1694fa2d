"""What can be read out of a set of sizes: its members, and the comparisons that make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import islpy as isl

from shapelint.lengths.diagrams import Order, order_of
from shapelint.lengths.effort import charged
from shapelint.lengths.nodes import Diagram, boxes, has
from shapelint.lengths.periodic import Periodic
from shapelint.lengths.points import (
    Group,
    Points,
    box,
    closest,
    embedded,
    everything,
    joined,
    met,
    rest,
    to_isl,
)
from shapelint.lengths.reading import pieces_of
from shapelint.lengths.search import all_members, ends, greatest, least, nearest, several

if TYPE_CHECKING:
    from shapelint.lengths.conditions import Compare
    from shapelint.lengths.expr import Interval


class Members:
    """Points over ``symbols``, each at least 1, given by a decision diagram."""

    __slots__ = ("_diagram", "symbols")

    symbols: tuple[str, ...]

    def __init__(self, symbols: Sequence[str], diagram: Diagram) -> None:
        self.symbols = tuple(symbols)
        self._diagram = diagram

    @property
    def _order(self) -> Order:
        return order_of(self.symbols)

    def __bool__(self) -> bool:
        return not self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether there is no member."""
        return self._diagram is False

    def __contains__(self, sizes: object) -> bool:
        if not isinstance(sizes, Mapping):
            return False
        return all(sizes[s] > 0 for s in self.symbols) and has(self._diagram, sizes)

    def lexmin(self) -> dict[str, int] | None:
        """The lexicographically smallest member, in the order of ``symbols``; None if empty."""
        return least(self._diagram, self.symbols)

    def lexmax(self) -> dict[str, int] | None:
        """The lexicographically largest member; None if the set is empty or has no end."""
        return greatest(self._diagram, self.symbols)

    def smallest(self) -> dict[str, int] | None:
        """The member whose sizes add up to the least; None if the set is empty."""
        return self.nearest(dict.fromkeys(self.symbols, 1))

    def bounds(self) -> dict[str, Interval]:
        """The least and the greatest size of each symbol, None where there is no greatest."""
        return {s: ends(self._diagram, s) for s in self.symbols}

    def _along(self, symbol: str, held: Mapping[str, int]) -> Members:
        """Which values of one symbol occur, where others are held."""
        points: dict[Group, Points] = {(s,): box({s: (n, n)}, s) for s, n in held.items()}
        line = self._order.meet(self._diagram, self._order.product(points))
        return Members((symbol,), self._order.projected(line, (symbol,)))

    def nearest(self, near: Mapping[str, int]) -> dict[str, int] | None:
        """A member close to ``near``, or None if the set is empty.

        It is at or above ``near`` in every symbol if there is such a member, else at or below it
        in every symbol, else on mixed sides; on its side the sum of the distances is smallest,
        and among equals the lexicographically smallest is taken.
        """
        return nearest(self._diagram, self.symbols, near)

    def below_above(
        self, symbol: str, value: int, others: Mapping[str, int] | None = None
    ) -> tuple[int | None, int | None]:
        """The greatest member ``<= value`` and the least ``>= value`` along one symbol.

        ``others`` fixes the remaining symbols.
        """
        held = {s: v for s, v in (others or {}).items() if s != symbol and s in self.symbols}
        line = self._along(symbol, held)._points
        sides = (closest(line, (symbol,), {symbol: value}, (sign,)) for sign in (-1, 1))
        below, above = (found[symbol] if found else None for found in sides)
        return below, above

    def sample(self, count: int, near: Mapping[str, int]) -> list[dict[str, int]]:
        """Up to ``count`` different members: near, small, large and off the beaten residues."""
        return several(self._diagram, self.symbols, near, count)

    def members(self, limit: int) -> list[dict[str, int]] | None:
        """All members in lexicographic order, or None if there are more than ``limit``."""
        return all_members(self._diagram, self.symbols, limit)

    @property
    def _points(self) -> Points:
        """The set in one piece: every product of its diagram is written out."""
        if self._diagram is True:
            return everything(self.symbols)
        cut = map(self._multiplied, boxes(self._diagram))
        return reduce(joined, cut, self._nothing)

    @property
    def _nothing(self) -> Points:
        return rest(everything(self.symbols), everything(self.symbols))

    def _multiplied(self, parts: Mapping[Group, Points]) -> Points:
        whole = everything(self.symbols)
        return reduce(met, (embedded(p, group, self.symbols) for group, p in parts.items()), whole)

    def pieces(self, known: Members | None = None) -> list[list[Compare]]:
        """The set as alternatives, each a list of comparisons; sizes are at least 1 besides.

        Among the members of ``known``, if given: what holds for all of these is not repeated.
        """
        cut = map(self._multiplied, self._order.wide_boxes(self._diagram))
        points = reduce(isl.Set.union, map(to_isl, cut), to_isl(self._nothing))
        if known is not None:
            context = to_isl(known._points)
            points = charged(lambda: points.coalesce().gist(context).coalesce())
        return charged(lambda: pieces_of(points, self.symbols))

    def row(self) -> Periodic | None:
        """For one symbol: its members as a row of bits, unless that would be too long."""
        points = self._points
        return points if isinstance(points, Periodic) else None
