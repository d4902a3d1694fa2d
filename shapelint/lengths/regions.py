"""Sets of sizes as a row of bits for each symbol: fast, exact for conditions on one symbol.

A condition on one symbol is a row of bits (:mod:`.rows`), exact for all sizes. Conditions that
couple symbols, or multiply them, are only listed: a region is a subset of the product of its rows.
So it is empty if a row is, and what holds on the product of its rows holds on it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial, reduce

from shapelint.lengths.conditions import All, Any, Compare, Condition, holds, negate
from shapelint.lengths.expr import Expr, floordiv, symbol
from shapelint.lengths.periodic import EVERY, NONE, Periodic, TooLong, bits
from shapelint.lengths.presburger import NotPresburger
from shapelint.lengths.rows import growth, row_of

_LONGEST = 2**12
"""Sizes that are looked at one by one."""


@dataclass(frozen=True)
class Region:
    """The sizes at which a conjunction of conditions holds."""

    rows: Mapping[str, Periodic]
    others: frozenset[Condition] = frozenset()
    """The conditions that no row represents."""

    def narrowed(self, condition: Condition) -> Region:
        """The sizes of this region at which ``condition`` holds as well."""
        if isinstance(condition, All):
            return reduce(Region.narrowed, condition.parts, self)
        found = _row(condition)
        if found is None:
            return replace(self, others=self.others | {condition})
        (name,) = condition.symbols
        met = _both(self.rows.get(name, EVERY), found)
        if met is None:
            return replace(self, others=self.others | {condition})
        return replace(self, rows={**self.rows, name: met})

    @property
    def is_empty(self) -> bool:
        """Whether it is known to have no member."""
        if not all(self.rows.values()):
            return True
        return any(negate(c) in self.others or not self._allows(c) for c in self.others)

    def _allows(self, condition: Condition) -> bool:
        """Whether it may hold; where rows leave only a few sizes, each is asked."""
        rows = {name: self.rows.get(name, EVERY) for name in condition.symbols}
        bounded = all(row.is_bounded for row in rows.values())
        if not bounded or math.prod(row.head.bit_count() for row in rows.values()) > _LONGEST:
            return True
        sizes = itertools.product(*rows.values())
        return any(holds(condition, dict(zip(rows, at))) for at in sizes)

    def implies(self, condition: Condition) -> bool:
        """Whether ``condition`` is known to hold at all members."""
        if isinstance(condition, All):
            return all(map(self.implies, condition.parts))
        if condition in self.others or self.narrowed(negate(condition)).is_empty:
            return True
        return isinstance(condition, Any) and any(map(self.implies, condition.parts))

    def agree(self, a: Expr, b: Expr) -> bool:
        """Whether two formulas are known to be equal at all members."""
        return a == b or self.implies(Compare("==", a - b))

    def near(self, sizes: Mapping[str, int]) -> dict[str, int] | None:
        """A member, at or above ``sizes`` where there is one; None if none is found."""
        if self.is_empty:
            return None
        tied = self.rows.keys() | frozenset[str]().union(*(c.symbols for c in self.others))
        rows = {name: self.rows.get(name, EVERY) for name in sizes if name in tied}
        near = [_near(row, sizes[name]) for name, row in rows.items()]
        for at in itertools.product(*near):
            found = {**sizes, **dict(zip(rows, at))}
            if all(holds(c, found) for c in self.others):
                return found
        return None


def _near(row: Periodic, size: int) -> list[int]:
    """The members around a size, and the smallest."""
    found = (row.next(size), row.last(size), row.next(1), row.next(size + 1))
    return list(dict.fromkeys(n for n in found if n is not None))


def one_formula(pieces: Sequence[tuple[Region, Expr]]) -> Expr | None:
    """A formula that is equal to each of these in its region; None if none is found.

    One of them, or else one of even steps.
    """
    tried = dict.fromkeys(formula for _, formula in pieces)
    return next(filter(partial(_fits, pieces), tried), None) or even_steps(pieces)


def even_steps(pieces: Sequence[tuple[Region, Expr]]) -> Expr | None:
    """``k * floor((a*x + b) / d) + c``, equal to each of these in its region, if there is one.

    Where all values leave the remainder ``c`` by ``k``, and grow by ``k*a/d`` in the long run,
    ``b`` is the least with which no value is above.
    """
    return next(filter(partial(_fits, pieces), _steps(pieces)), None)


def _fits(pieces: Sequence[tuple[Region, Expr]], formula: Expr) -> bool:
    return all(region.agree(formula, own) for region, own in pieces)


def _steps(pieces: Sequence[tuple[Region, Expr]]) -> Iterator[Expr]:
    names = frozenset[str]().union(*(formula.symbols for _, formula in pieces))
    if len(names) != 1:
        return
    (name,) = names
    slope, *others = {formula.slope(name) for _, formula in pieces}
    if others or not slope:
        return
    values = dict(_values(pieces, name))
    first = next(iter(values.values()), 0)
    step = math.gcd(*(value - first for value in values.values()))
    if step:
        rest = first % step
        a, d = (slope / step).as_integer_ratio()
        above = max(d * (value - rest) // step - a * x for x, value in values.items())
        yield floordiv(symbol(name) * a + above, d) * step + rest


def _values(pieces: Sequence[tuple[Region, Expr]], name: str) -> Iterator[tuple[int, int]]:
    """Each size with its value, until all has repeated; none if that is too far."""
    rows = [region.rows.get(name, EVERY) for region, _ in pieces]
    if not all(formula.is_quasi_affine for _, formula in pieces):
        return
    period = math.lcm(*(r.period for r in rows), *(growth(f)[0] for _, f in pieces))
    end = max(r.start for r in rows) + 2 * period
    for row, (_, formula) in zip(rows, pieces):
        for x in bits(row.up_to(end)) if end <= _LONGEST else ():
            yield x, formula.at({name: x})


@lru_cache(maxsize=4096)
def _row(condition: Condition) -> Periodic | None:
    """Where a condition on one symbol holds; None if no row can say it."""
    if len(condition.symbols) != 1:
        return None
    try:
        return _bits(condition)
    except (NotPresburger, TooLong):
        return None


def _bits(condition: Condition) -> Periodic:
    if isinstance(condition, Compare):
        return row_of(condition)
    if isinstance(condition, All):
        return reduce(Periodic.__and__, map(_bits, condition.parts), EVERY)
    if isinstance(condition, Any):
        return reduce(Periodic.__or__, map(_bits, condition.parts), NONE)
    raise NotPresburger(condition)


def _both(a: Periodic, b: Periodic) -> Periodic | None:
    try:
        return a & b
    except TooLong:
        return None
