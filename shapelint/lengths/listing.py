"""A finite list of points as a short condition.

Listed sizes are rarely scattered: they come in runs and in steps. Points that share everything
but one symbol are described together, by as few arithmetic progressions as a common step allows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from shapelint.lengths.conditions import (
    FALSE,
    TRUE,
    Condition,
    all_of,
    any_of,
    at_least,
    divides,
    equal,
)
from shapelint.lengths.expr import symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Progression", "listed_at", "progressions"]

Progression = tuple[int, int, int]
"""First and last member, and the step between members."""

_MAX_STEP = 64


def listed_at(symbols: Sequence[str], points: Iterable[tuple[int, ...]]) -> Condition:
    """A condition that holds at exactly these points, given in the order of ``symbols``."""
    members = frozenset(points)
    if not members:
        return FALSE
    if not symbols:
        return TRUE
    slices: dict[int, set[tuple[int, ...]]] = defaultdict(set)
    for first, *rest in members:
        slices[first].add(tuple(rest))
    alike: dict[frozenset[tuple[int, ...]], list[int]] = defaultdict(list)
    for value, rest_points in slices.items():
        alike[frozenset(rest_points)].append(value)
    return any_of(
        all_of([_one_of(symbols[0], values), listed_at(symbols[1:], rest_points)])
        for rest_points, values in alike.items()
    )


def _one_of(name: str, values: Iterable[int]) -> Condition:
    x = symbol(name)
    return any_of(
        equal(x, first)
        if first == last
        else all_of([at_least(x, first), at_least(last, x), divides(step, x - first)])
        for first, last, step in progressions(values)
    )


def progressions(values: Iterable[int], longest: int = _MAX_STEP) -> list[Progression]:
    """Values as progressions of one common step up to ``longest``, such that they are fewest."""
    members = sorted(set(values))
    if not members:
        return []
    best = _with_step(members, 1)
    for step in range(2, min(longest, members[-1] - members[0]) + 1):
        if len(best) <= 2:
            break
        best = min(best, _with_step(members, step), key=len)
    return best


def _with_step(members: Sequence[int], step: int) -> list[Progression]:
    known, out = set(members), []
    for first in members:
        if first - step not in known:
            last = first
            while last + step in known:
                last += step
            out.append((first, last, step))
    return out
