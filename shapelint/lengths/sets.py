"""Exact sets of sizes.

A :class:`SizeSet` is a set of integer points over named symbols, each at least 1. It is given by a
condition that isl can express, or listed inside a window where none can be given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import islpy as isl

from shapelint.lengths.conditions import Compare, Condition, all_of, at_least, products_in
from shapelint.lengths.diagrams import order_of
from shapelint.lengths.effort import TooHard, at_most
from shapelint.lengths.expr import Interval, symbol
from shapelint.lengths.factors import factors
from shapelint.lengths.members import Members
from shapelint.lengths.nodes import Diagram, boxes, of_members
from shapelint.lengths.points import (
    Group,
    Points,
    box,
    embedded,
    of_isl,
    to_isl,
)
from shapelint.lengths.presburger import NotPresburger as NotPresburger
from shapelint.lengths.solving import solved
from shapelint.lengths.space import Window as Window
from shapelint.lengths.space import narrower, window_of

_MAX_BOXES = 128
"""A set is not cut into more products than this."""
_WORDS = 4_000_000
"""Steps that finding words for one set may take."""

TOO_LONG = "sizes that take too many words"


class SizeSet(Members):
    """An immutable set of sizes over ``symbols``, each at least 1.

    Where ``window`` is None the set is exact everywhere. Otherwise nothing is known outside the
    window, and no member lies there.
    """

    __slots__ = ("_text", "said", "window")

    window: Window | None
    said: tuple[Compare, ...]
    """Comparisons of products that it was made with: words for it may be found among these."""

    def __init__(
        self,
        symbols: Sequence[str],
        diagram: Diagram,
        window: Window | None = None,
        said: tuple[Compare, ...] = (),
    ):
        super().__init__(symbols, diagram)
        self.window = window
        self.said = said
        self._text: str | None = None

    # -- where sets come from -------------------------------------------------------------------

    @classmethod
    def universe(cls, symbols: Iterable[str]) -> SizeSet:
        """All sizes from 1 up."""
        return cls(tuple(symbols), True)

    @classmethod
    def empty(cls, symbols: Iterable[str]) -> SizeSet:
        """No size."""
        return cls(tuple(symbols), False)

    @classmethod
    def of(
        cls, condition: Condition, symbols: Iterable[str], *, within: SizeSet | None = None
    ) -> SizeSet:
        """The sizes at which ``condition`` holds, exactly.

        With ``within`` the answer covers that set alone, and more products can be decided: a
        factor that is positive there needs no second thought.

        Raises:
            NotPresburger: isl cannot express the condition; the exception carries the expression.
            ValueError: the condition mentions a symbol that is not in ``symbols``.
        """
        names = tuple(symbols)
        strangers = condition.symbols - set(names)
        if strangers:
            raise ValueError(f"{', '.join(sorted(strangers))}: not among the symbols {names}")
        base = cls.universe(names) if within is None else within
        said = tuple(dict.fromkeys((*base.said, *products_in(condition))))
        return cls(names, solved(condition, base._diagram, names), base.window, said)

    @classmethod
    def inside(cls, window: Mapping[str, Interval], symbols: Iterable[str]) -> SizeSet:
        """The sizes between these ends, which belong to it; None stands for no end."""
        names = tuple(symbols)
        ends = [at_least(symbol(s), low) for s, (low, _) in window.items() if low]
        ends += [at_least(high, symbol(s)) for s, (_, high) in window.items() if high]
        return cls.of(all_of(ends), names)

    @classmethod
    def enumerated(
        cls, holds: Callable[[dict[str, int]], bool], symbols: Iterable[str], window: Window
    ) -> SizeSet:
        """The sizes inside ``window`` at which ``holds`` says True; it is asked at each of them."""
        names = tuple(symbols)
        ranges = [range(max(window[s][0], 1), window[s][1] + 1) for s in names]
        members = [p for p in itertools.product(*ranges) if holds(dict(zip(names, p, strict=True)))]
        return cls(names, of_members(names, members), {s: window[s] for s in names})

    @classmethod
    def points(cls, symbols: Iterable[str], sizes: Iterable[Mapping[str, int]]) -> SizeSet:
        """Exactly the given sizes."""
        names = tuple(symbols)
        return cls(names, of_members(names, (tuple(p[s] for s in names) for p in sizes)))

    # -- algebra ----------------------------------------------------------------------------------

    def __and__(self, other: SizeSet) -> SizeSet:
        return self._combined(other, self._order.meet)

    def __or__(self, other: SizeSet) -> SizeSet:
        return self._combined(other, self._order.join)

    def __sub__(self, other: SizeSet) -> SizeSet:
        return self._combined(other, self._order.less)

    def _combined(self, other: SizeSet, how: Callable[[Diagram, Diagram], Diagram]) -> SizeSet:
        """Both combined, each cut to the window of both first: less is left to combine."""
        window = narrower(self.window, other.window)
        ours, theirs = self._cut_to(window), self._same(other)._cut_to(window)
        said = tuple(dict.fromkeys((*self.said, *other.said)))
        return SizeSet(self.symbols, how(ours, theirs), window, said)

    def _cut_to(self, window: Window | None) -> Diagram:
        """What lies inside a window that is no wider than the own one."""
        if self.window == window:
            return self._diagram
        return self._order.meet(self._diagram, self._boxed(window))

    def _boxed(self, window: Window | None) -> Diagram:
        parts: dict[Group, Points] = {(s,): box({s: ends}, s) for s, ends in (window or {}).items()}
        return self._order.product(parts)

    def _same(self, other: SizeSet) -> SizeSet:
        if self.symbols != other.symbols:
            raise ValueError(f"sets over different symbols: {self.symbols} and {other.symbols}")
        return other

    def __le__(self, other: SizeSet) -> bool:
        """Whether every member is one of ``other``; judged where both are known."""
        known = self._order.meet(self._diagram, self._boxed(other.window))
        return self._order.less(known, self._same(other)._diagram) is False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SizeSet):
            return NotImplemented
        if self.symbols != other.symbols or self.window != other.window:
            return False
        a, b = self._diagram, other._diagram
        return self._order.less(a, b) is False and self._order.less(b, a) is False

    def __hash__(self) -> int:
        return hash((self.symbols, *(self.lexmin() or {}).values()))

    @property
    def is_universe(self) -> bool:
        """Whether every size (inside the window, if there is one) is a member."""
        return self._order.less(self._boxed(self.window), self._diagram) is False

    # -- symbols ----------------------------------------------------------------------------------

    def over(self, symbols: Iterable[str]) -> SizeSet:
        """The same set over more symbols, or in another order; a new symbol is free."""
        names = tuple(symbols)
        kept = [s for s in names if s in self.symbols]
        if kept == list(self.symbols):
            return SizeSet(names, self._diagram, self.window, self.said)
        order = order_of(names)
        moved: Diagram = False
        for product in boxes(self._diagram):
            turned = {tuple(s for s in names if s in g): (g, p) for g, p in product.items()}
            parts = {into: embedded(p, g, into) for into, (g, p) in turned.items()}
            moved = order.join(moved, order.product(parts))
        return SizeSet(names, moved, self.window, self.said)

    def project(self, symbols: Iterable[str]) -> SizeSet:
        """Which values of ``symbols`` occur among the members."""
        names = tuple(symbols)
        kept = [s for s in self.symbols if s in names]
        diagram = self._order.projected(self._diagram, kept)
        return SizeSet(kept, diagram, window_of(self.window, kept)).over(names)

    def split(self) -> list[SizeSet]:
        """The finest groups of symbols such that the set is the product of its projections."""
        if self.is_empty:
            return [SizeSet.empty((s,)) for s in self.symbols]
        found = list(factors(self._diagram, self.symbols))
        bound = {s for group, _ in found for s in group}
        parts = [((s,), True) for s in self.symbols if s not in bound] + found
        return [
            SizeSet(group, d, window_of(self.window, group), self._said_of(group))
            for group, d in parts
        ]

    def _said_of(self, group: Group) -> tuple[Compare, ...]:
        return tuple(test for test in self.said if test.symbols <= {*group})

    def everywhere(self) -> SizeSet:
        """Every size inside the window; without a window, every size."""
        return SizeSet(self.symbols, self._boxed(self.window), self.window)

    # -- structure --------------------------------------------------------------------------------

    def boxes(self) -> list[dict[str, SizeSet]] | None:
        """The set as products of sets of single symbols, overlapping; None if some are tied.

        Symbols that are free in a product are left out. Raises TooHard for too many products.
        """
        found = list(itertools.islice(self._order.wide_boxes(self._diagram), _MAX_BOXES + 1))
        if len(found) > _MAX_BOXES:
            raise TooHard(f"more than {_MAX_BOXES} products")
        if any(len(group) > 1 for parts in found for group in parts):
            return None
        return [
            {
                group[0]: SizeSet(group, self._order.product({group: p}))
                for group, p in parts.items()
            }
            for parts in found
        ]

    # -- words ------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The set in words, see :func:`shapelint.lengths.words.set_text`."""
        if self._text is None:
            from shapelint.lengths.words import set_text

            try:
                with at_most(_WORDS, "words"):
                    self._text = set_text(self)
            except TooHard:
                return TOO_LONG
        return self._text

    def __repr__(self) -> str:
        return f"SizeSet({self.text})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (self.symbols, str(to_isl(self._points)), self.window)


def _restored(symbols: tuple[str, ...], text: str, window: Window | None) -> SizeSet:
    return SizeSet(
        symbols, order_of(symbols).product({symbols: of_isl(isl.Set(text), symbols)}), window
    )
