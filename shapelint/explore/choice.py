"""Chooses the size that is run next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from shapelint.lengths.expr import Expr, Sizes
from shapelint.lengths.sets import SizeSet
from shapelint.trace import Trace


def following(
    left: SizeSet, near: Sizes, small: bool, ran: Trace, counted: Collection[str] = ()
) -> dict[str, int] | None:
    """A size to run: close to the ones known, where most sizes are, or a small one.

    At a length of 1 any order in memory fits, and PyTorch stretches it: a run there speaks for
    fewer sizes. So lengths that are more in ``ran`` are left at 2 or more where that can be. Where
    every size takes its own way, as a loop is ``counted`` by it, the smallest matter most.
    """
    sizes = _one_of(left, near, small)
    if sizes is None:
        return None
    least = {s: n for s, n in _ordinary(ran).items() if s in left.symbols and s not in counted}
    if all(sizes[s] >= n for s, n in least.items()):
        return sizes
    for wanted in (least, *({s: least[s]} for s in left.symbols if s in least)):
        fewer = left & SizeSet.inside({s: (n, None) for s, n in wanted.items()}, left.symbols)
        left = fewer or left
    return _one_of(left, near, small)


def _one_of(left: SizeSet, near: Sizes, small: bool) -> dict[str, int] | None:
    return left.lexmin() if small else left.nearest(near)


def _ordinary(ran: Trace) -> dict[str, int]:
    """For each symbol the size from which on all lengths are at least 2 that are so in this run."""
    least: dict[str, int] = {}
    lengths = {n for node in ran.nodes for shape in node.shapes for n in shape}
    for length in lengths:
        if length.is_quasi_affine and len(length.symbols) == 1 and length.at(ran.hints) > 1:
            (name,) = length.symbols
            least[name] = max(least.get(name, 1), _least(length, name, ran.hints[name]))
    return least


def _least(length: Expr, name: str, hint: int) -> int:
    """The size from which on a length is 2 or more, if it grows with its symbol."""
    return 1 + bisect_left(range(1, hint), 2, key=lambda n: length.at({name: n}))
