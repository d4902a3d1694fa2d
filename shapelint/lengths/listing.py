"""Listed sizes in short: they are rarely scattered, and come in runs and in steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Progression = tuple[int, int, int]
"""First and last member, and the step between members."""

_MAX_STEP = 64


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
