"""Members of a set close to given sizes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from shapelint.lengths.expr import Expr, Sym
from shapelint.lengths.space import space_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import islpy as isl

__all__ = ["nearest_point", "spread"]


def nearest_point(
    points: isl.Set, symbols: tuple[str, ...], near: Mapping[str, int]
) -> isl.Point | None:
    """The point closest to ``near`` on the first side that has one.

    Sides, in order: at or above in every symbol, at or below in every symbol, mixed.
    """
    sides = itertools.product((1, -1), repeat=len(symbols))
    for signs in sorted(sides, key=lambda s: (len(set(s)) > 1, -sum(s))):
        found = _nearest_on(points, symbols, near, signs)
        if found is not None:
            return found
    return None


def _nearest_on(
    points: isl.Set, symbols: tuple[str, ...], near: Mapping[str, int], signs: Sequence[int]
) -> isl.Point | None:
    space = space_of(symbols)
    distance = space.zero
    for name, sign in zip(symbols, signs, strict=True):
        step = space.aff(Expr(-sign * near[name], {Sym(name): sign}))
        points = points.intersect(step.ge_set(space.zero))
        distance = distance.add(step)
    if points.is_empty():
        return None
    closest = distance.sub(space.constant(points.min_val(distance).to_python()))
    return points.intersect(closest.eq_set(space.zero)).lexmin().sample_point()


def spread(near: Mapping[str, int], symbols: Sequence[str]) -> Iterator[dict[str, int]]:
    """Targets around ``near``: itself, a little more, about double, a half, a third, far above."""
    yield {s: near[s] for s in symbols}
    for i, (num, den, plus) in enumerate([(1, 1, 1), (2, 1, 1), (1, 2, 0), (1, 3, 1), (5, 1, 3)]):
        yield {s: near[s] * num // den + plus * (i + k + 1) for k, s in enumerate(symbols)}
