"""Chooses the size that is run next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from shapelint.lengths.expr import Expr, Sizes
from shapelint.lengths.sets import SizeSet
from shapelint.trace import Trace

_FAR = 8
"""How many times as large as usual a size may be for the sake of lengths of at least 2."""


def following(
    left: SizeSet, near: Sizes, small: bool, ran: Trace, counted: Collection[str] = ()
) -> dict[str, int] | None:
    """The size of ``left`` to run next; None if there is none.

    Close to ``near``, where most sizes are, or a ``small`` one. Runs in which a length is 1 hold
    for fewer sizes, as it broadcasts and any order in memory fits it. So lengths that are at least
    2 in the run ``ran`` stay so if possible; not for symbols that are ``counted`` by a loop, of
    which each size takes its own path and small ones matter most, nor where the sizes would be far
    from those that are in use: a loop that halves takes another path at each doubling.
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
        if fewer and wanted is least:
            break
    others = _one_of(left, near, small)
    return sizes if others is None or _is_far(others, near, sizes) else others


def _is_far(sizes: Sizes, near: Sizes, instead: Sizes) -> bool:
    return any(n > _FAR * max(near[s], instead[s]) for s, n in sizes.items())


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
