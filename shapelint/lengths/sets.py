"""Exact sets of sizes.

A :class:`SizeSet` is a set of integer points over named symbols, each at least 1. It is given by a
condition that :mod:`.space` can hand to isl, or listed inside a window where none can be given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import islpy as isl

from shapelint.lengths.conditions import All
from shapelint.lengths.expr import Expr, Interval, Sym
from shapelint.lengths.listing import listed_at
from shapelint.lengths.presburger import NotPresburger
from shapelint.lengths.reading import period_of, pieces_of
from shapelint.lengths.search import nearest_point, spread
from shapelint.lengths.space import DIM, Window, merged, space_of, value_of

if TYPE_CHECKING:
    from shapelint.lengths.conditions import Compare, Condition

__all__ = ["NotPresburger", "SizeSet", "Window"]


_MAX_MIXED = 6
"""So many members are tried against each other before isl is asked for a proof."""


class SizeSet:
    """An immutable set of sizes over ``symbols``, each at least 1.

    Where ``window`` is None the set is exact everywhere. Otherwise nothing is known outside the
    window, and no member lies there.

    A set that came about as a product, of sets over disjoint symbols, remembers its ``_parts`` and
    is multiplied out only when that cannot be avoided: two hundred runs of sizes along ``H`` times
    two hundred along ``W`` are four hundred pieces for isl, not forty thousand.
    """

    __slots__ = ("_joined", "_parts", "symbols", "window")

    symbols: tuple[str, ...]
    window: Window | None

    def __init__(
        self,
        symbols: Sequence[str],
        points: isl.Set | None,
        window: Window | None = None,
        parts: tuple[SizeSet, ...] = (),
    ):
        self.symbols = tuple(symbols)
        self.window = window
        self._joined = points
        self._parts = parts

    @classmethod
    def _product(cls, symbols: tuple[str, ...], parts: tuple[SizeSet, ...]) -> SizeSet:
        """The sizes whose projections are in all parts; symbols of no part are free."""
        window: Window | None = None
        for part in parts:
            window = _narrower(window, part.window)
        return cls(symbols, None, window, parts)

    @property
    def _points(self) -> isl.Set:
        if self._joined is None:
            points = space_of(self.symbols).universe
            for part in self._parts:
                points = points.intersect(part._embedded(self.symbols))
            self._joined = points
        return self._joined

    # -- where sets come from -------------------------------------------------------------------

    @classmethod
    def universe(cls, symbols: Iterable[str]) -> SizeSet:
        """All sizes from 1 up."""
        names = tuple(symbols)
        if len(names) < 2:
            return cls(names, space_of(names).universe)
        return cls._product(names, tuple(map(cls.universe, zip(names))))

    @classmethod
    def empty(cls, symbols: Iterable[str]) -> SizeSet:
        """No size."""
        names = tuple(symbols)
        return cls(names, isl.Set.empty(space_of(names).space))

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
        if within is None and isinstance(condition, All):
            own = (tuple(s for s in names if s in part.symbols) for part in condition.parts)
            parts = (cls.of(p, s or names).over(names) for p, s in zip(condition.parts, own))
            return reduce(SizeSet.__and__, parts, base)
        points = space_of(names).points(condition, base._points).intersect(base._points)
        grown = points.n_basic_set() > base._points.n_basic_set()
        return cls(names, merged(points) if grown else points, base.window)

    @classmethod
    def enumerated(
        cls, holds: Callable[[dict[str, int]], bool], symbols: Iterable[str], window: Window
    ) -> SizeSet:
        """The sizes inside ``window`` at which ``holds`` says True; it is asked at each of them."""
        names = tuple(symbols)
        ranges = [range(max(window[s][0], 1), window[s][1] + 1) for s in names]
        members = [p for p in itertools.product(*ranges) if holds(dict(zip(names, p, strict=True)))]
        points = cls.of(listed_at(names, members), names)
        return cls(names, points._points, {s: window[s] for s in names})

    @classmethod
    def points(cls, symbols: Iterable[str], sizes: Iterable[Mapping[str, int]]) -> SizeSet:
        """Exactly the given sizes."""
        names = tuple(symbols)
        return cls.of(listed_at(names, (tuple(p[s] for s in names) for p in sizes)), names)

    # -- algebra ----------------------------------------------------------------------------------

    def __and__(self, other: SizeSet) -> SizeSet:
        if self._parts and other._parts and self.symbols == other.symbols:
            return SizeSet._product(self.symbols, _met(self._parts + other._parts))
        return self._combined(other, self._points.intersect(other._same(self)))

    def __or__(self, other: SizeSet) -> SizeSet:
        return self._combined(other, self._points.union(other._same(self)))

    def __sub__(self, other: SizeSet) -> SizeSet:
        if len(other._parts) > 1:  # a - (b & c) is (a - b) | (a - c)
            pieces = [self - part.over(self.symbols) for part in other._parts]
            return reduce(SizeSet.__or__, pieces)
        return self._combined(other, self._points.subtract(other._same(self)))

    @property
    def _covered(self) -> set[str]:
        """The symbols that some part speaks about."""
        return {s for part in self._parts for s in part.symbols}

    def _combined(self, other: SizeSet, points: isl.Set) -> SizeSet:
        window = _narrower(self.window, other.window)
        if window is not None:
            points = points.intersect(space_of(self.symbols).box(window))
        return SizeSet(self.symbols, merged(points), window)

    def _same(self, other: SizeSet) -> isl.Set:
        if self.symbols != other.symbols:
            raise ValueError(f"sets over different symbols: {other.symbols} and {self.symbols}")
        return self._points

    def __le__(self, other: SizeSet) -> bool:
        """Whether every member is one of ``other``; judged where both are known."""
        points = self._points
        if other.window is not None:
            points = points.intersect(space_of(self.symbols).box(other.window))
        return bool(points.is_subset(other._same(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SizeSet):
            return NotImplemented
        if self.symbols != other.symbols or self.window != other.window:
            return False
        return bool(self._points.is_equal(other._points))

    def __hash__(self) -> int:
        return hash((self.symbols, *(self.smallest() or {}).values()))

    def __bool__(self) -> bool:
        return not self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether there is no member."""
        if self._parts:
            return any(part.is_empty for part in self._parts)
        return bool(self._points.is_empty())

    @property
    def is_universe(self) -> bool:
        """Whether every size (inside the window, if there is one) is a member."""
        return bool(self.everywhere()._points.is_subset(self._points))

    def __contains__(self, sizes: object) -> bool:
        if not isinstance(sizes, Mapping):
            return False
        if self._parts:
            return all(sizes[s] > 0 for s in self.symbols) and all(sizes in p for p in self._parts)
        point = isl.Point.zero(space_of(self.symbols).space)
        for i, name in enumerate(self.symbols):
            point = point.set_coordinate_val(DIM, i, value_of(int(sizes[name])))
        return bool(isl.Set.from_point(point).is_subset(self._points))

    # -- members ----------------------------------------------------------------------------------

    def smallest(self) -> dict[str, int] | None:
        """The lexicographically smallest member, in the order of ``symbols``; None if empty."""
        return self._member(self._points.lexmin())

    def largest(self) -> dict[str, int] | None:
        """The lexicographically largest member; None if the set is empty or has no end."""
        return self._member(self._points.lexmax()) if self._points.is_bounded() else None

    def bounds(self) -> dict[str, Interval]:
        """The least and the greatest size of each symbol, None where there is no greatest."""
        if self.is_empty:
            return dict.fromkeys(self.symbols, (1, 0))
        return {s: self._bounds_of(self.project((s,))._points) for s in self.symbols}

    @staticmethod
    def _bounds_of(points: isl.Set) -> Interval:
        low = points.dim_min_val(0).to_python()
        return low, points.dim_max_val(0).to_python() if points.is_bounded() else None

    def nearest(self, near: Mapping[str, int]) -> dict[str, int] | None:
        """A member close to ``near``, or None if the set is empty.

        It is at or above ``near`` in every symbol if there is such a member, else at or below it
        in every symbol, else on mixed sides; on its side the sum of the distances is smallest,
        and among equals the lexicographically smallest is taken.
        """
        point = nearest_point(self._points, self.symbols, near)
        return None if point is None else self._coordinates(point)

    def below_above(
        self, symbol: str, value: int, others: Mapping[str, int] | None = None
    ) -> tuple[int | None, int | None]:
        """The greatest member ``<= value`` and the least ``>= value`` along one symbol.

        ``others`` fixes the remaining symbols.
        """
        fixed = {s: v for s, v in (others or {}).items() if s != symbol and s in self.symbols}
        line = self.restrict(fixed).project((symbol,))
        space = space_of((symbol,))
        step = space.aff(Expr(-value, {Sym(symbol): 1}))
        zero = space.zero
        below = line._points.intersect(step.le_set(zero))
        above = line._points.intersect(step.ge_set(zero))
        return (
            None if below.is_empty() else below.dim_max_val(0).to_python(),
            None if above.is_empty() else above.dim_min_val(0).to_python(),
        )

    def sample(self, count: int, near: Mapping[str, int]) -> list[dict[str, int]]:
        """Up to ``count`` different members: near, small, large and off the beaten residues."""
        found: list[dict[str, int]] = []
        first = self.smallest()
        if first is None or count < 1:
            return found
        for target in (*spread(near, self.symbols), first):
            member = self.nearest(target)
            if member is not None and member not in found:
                found.append(member)
            if len(found) == count:
                return found
        rest = self - SizeSet.points(self.symbols, found)
        while len(found) < count and rest:
            member = rest.nearest(near) or {}
            found.append(member)
            rest = rest - SizeSet.points(self.symbols, [member])
        return found

    def members(self, limit: int) -> list[dict[str, int]] | None:
        """All members in lexicographic order, or None if there are more than ``limit``."""
        if not self._points.is_bounded():
            return None
        if self._points.count_val() > value_of(limit):
            return None
        out: list[dict[str, int]] = []
        self._points.foreach_point(lambda p: out.append(self._coordinates(p)))
        return sorted(out, key=lambda p: tuple(p.values()))

    def _member(self, points: isl.Set) -> dict[str, int] | None:
        return None if points.is_empty() else self._coordinates(points.sample_point())

    def _coordinates(self, point: isl.Point) -> dict[str, int]:
        return {s: point.get_coordinate_val(DIM, i).to_python() for i, s in enumerate(self.symbols)}

    # -- symbols ----------------------------------------------------------------------------------

    def over(self, symbols: Iterable[str]) -> SizeSet:
        """The same set over more symbols, or in another order; a new symbol is free."""
        names = tuple(symbols)
        if names == self.symbols:
            return self
        return SizeSet._product(names, self._parts or (self,))

    def _embedded(self, names: tuple[str, ...]) -> isl.Set:
        source = space_of(names)
        into = isl.MultiAff.zero(
            source.space.map_from_domain_and_range(space_of(self.symbols).space)
        )
        for i, name in enumerate(self.symbols):
            into = into.set_aff(i, source.aff(Expr(0, {Sym(name): 1})))
        points: isl.Set = self._points.preimage_multi_aff(into).intersect(source.universe)
        return points

    def project(self, symbols: Iterable[str]) -> SizeSet:
        """Which values of ``symbols`` occur among the members."""
        names = tuple(symbols)
        kept = [s for s in self.symbols if s in names]
        if self._parts and not self.is_empty:
            touched = [p for p in self._parts if set(p.symbols) & set(kept)]
            shadows = (p.project([s for s in p.symbols if s in kept]) for p in touched)
            return SizeSet._product(names, tuple(shadows)) if touched else SizeSet.universe(names)
        points = self._points
        for i, name in reversed(list(enumerate(self.symbols))):
            if name not in kept:
                points = points.project_out(DIM, i, 1)
        points = merged(points.compute_divs())
        return SizeSet(kept, points, _window_of(self.window, kept)).over(names)

    def restrict(self, values: Mapping[str, int]) -> SizeSet:
        """The members with some symbols fixed, as a set over the remaining symbols."""
        points = self._points
        for name, value in values.items():
            points = points.fix_val(DIM, self.symbols.index(name), value_of(int(value)))
        rest = [s for s in self.symbols if s not in values]
        return SizeSet(self.symbols, points, self.window).project(rest)

    def split(self) -> list[SizeSet]:
        """The finest groups of symbols such that the set is the product of its projections.

        Partitions along which a set is a product are closed under refinement, so the finest one
        is unique, and splitting off the first group found leads to it.
        """
        if self._parts and not self.is_empty:
            alone = [SizeSet.universe((s,)) for s in self.symbols if s not in self._covered]
            return [*alone, *(group for part in self._parts for group in part.split())]
        simple = self._points.gist(self.everywhere()._points)
        free = [s for i, s in enumerate(self.symbols) if not simple.involves_dims(DIM, i, 1)]
        bound = [s for s in self.symbols if s not in free]
        groups = [self.project((s,)) for s in free]
        return [*groups, *self.project(bound)._factors()] if bound else groups

    def _factors(self) -> list[SizeSet]:
        for count in range(1, len(self.symbols) // 2 + 1):
            for group in itertools.combinations(self.symbols, count):
                if not self._mixes(group):
                    continue
                rest = [s for s in self.symbols if s not in group]
                part, other = self.project(group), self.project(rest)
                whole = part.over(self.symbols)._points.intersect(other.over(self.symbols)._points)
                if whole.is_subset(self._points):
                    return [part, *other._factors()]
        return [self]

    def _mixes(self, group: Sequence[str]) -> bool:
        """Whether a few members may exchange their ``group``: a cheap way to refute a product."""
        pieces = self._points.get_basic_sets()[:_MAX_MIXED]
        members = [m for m in (self._member(p.to_set().lexmin()) for p in pieces) if m]
        return all({**a, **{s: b[s] for s in group}} in self for a in members for b in members)

    def everywhere(self) -> SizeSet:
        """Every size inside the window; without a window, every size."""
        return SizeSet(self.symbols, space_of(self.symbols).box(self.window or {}), self.window)

    # -- structure --------------------------------------------------------------------------------

    def pieces(self) -> list[list[Compare]]:
        """The set as alternatives, each a list of comparisons; sizes are at least 1 besides."""
        return pieces_of(self._points, self.symbols)

    def given(self, known: SizeSet) -> SizeSet:
        """A simpler set with the same members among those of ``known``."""
        return SizeSet(self.symbols, merged(self._points.gist(known._same(self))), self.window)

    def period(self) -> int:
        """For one symbol: far out, ``x`` and ``x + period`` are both members or both not."""
        return period_of(self._points)

    def shifted(self, by: int) -> SizeSet:
        """For one symbol: every member plus ``by``, as far as that is at least 1."""
        space = space_of(self.symbols)
        into = isl.MultiAff.from_aff(space.aff(Expr(-by, {Sym(self.symbols[0]): 1})))
        moved = self._points.preimage_multi_aff(into).intersect(space.universe)
        return SizeSet(self.symbols, moved)

    # -- words ------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The set in words, see :func:`shapelint.lengths.words.set_text`."""
        from shapelint.lengths.words import set_text

        return set_text(self)

    def __repr__(self) -> str:
        return f"SizeSet({self.text})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (self.symbols, str(self._points), self.window)


def _restored(symbols: tuple[str, ...], text: str, window: Window | None) -> SizeSet:
    return SizeSet(symbols, isl.Set(text), window)


def _met(parts: Sequence[SizeSet]) -> tuple[SizeSet, ...]:
    """Parts over disjoint symbols with the same product: those that overlap are intersected."""
    apart: list[SizeSet] = []
    for part in parts:
        touched = [p for p in apart if set(p.symbols) & set(part.symbols)]
        names = tuple(dict.fromkeys(s for p in (*touched, part) for s in p.symbols))
        met = (
            part
            if not touched
            else reduce(
                lambda a, b: a._combined(b, a._points.intersect(b._points)),
                (SizeSet(names, p._embedded(names), p.window) for p in (*touched, part)),
            )
        )
        apart = [*(p for p in apart if all(p is not t for t in touched)), met]
    return tuple(apart)


def _narrower(a: Window | None, b: Window | None) -> Window | None:
    if a is None or b is None:
        return b if a is None else a
    out = {**a, **b}
    for name in a.keys() & b.keys():
        out[name] = (max(a[name][0], b[name][0]), min(a[name][1], b[name][1]))
    return out


def _window_of(window: Window | None, symbols: Sequence[str]) -> Window | None:
    return None if window is None else {s: window[s] for s in symbols if s in window}
