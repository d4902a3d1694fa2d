"""Sets over one symbol as stretches in which the same remainders are members.

Every set that isl can express is of this kind (Presburger sets of one variable are eventually
periodic). For people a stretch is ``256 <= H <= 1024 and H % 32 == 0``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapelint.lengths.periodic import Periodic, bits

if TYPE_CHECKING:
    from shapelint.lengths.sets import SizeSet

_MAX_PERIOD = 2**14
_MAX_POINTS = 2**12
_MAX_STEP = 64
_MAX_SEARCHED = 512


@dataclass(frozen=True)
class Stretch:
    """All ``x`` with ``low <= x <= high`` whose remainder modulo ``period`` is one of ``residues``.

    ``low`` and ``high`` are members themselves; ``high`` is None if there is no end.
    """

    low: int
    high: int | None
    period: int
    residues: tuple[int, ...]

    def first(self, lowest: int = 1) -> int:
        """The smallest size from ``lowest`` up that has one of the remainders."""
        return min(lowest + (r - lowest) % self.period for r in self.residues)

    def points(self, limit: int) -> list[int] | None:
        """The members if there are at most ``limit``."""
        span = None if self.high is None else (self.high - self.low) // self.period
        if span is None or span * len(self.residues) > limit:
            return None
        end = self.high or 0
        found = [x for x in range(self.low, end + 1) if x % self.period in self.residues]
        return found if len(found) <= limit else None


def stretches(sizes: SizeSet) -> list[Stretch] | None:
    """A set over one symbol as a union of stretches, or None if it takes too many."""
    row = sizes.row()
    if row is None or row.period > _MAX_PERIOD:
        return None
    period = _best_period(row)
    breaks = row.breaks(period)
    if breaks.bit_count() > _MAX_POINTS:
        return None
    return _joined(_runs(period, 1, row.__contains__, bits(breaks)), period)


def _best_period(row: Periodic) -> int:
    """The multiple of the period after which most begins that goes on up to some size."""
    longest = min(row.start, _MAX_SEARCHED)
    periods = range(row.period, max(longest, row.period) + 1, row.period)
    return min(periods, key=lambda p: _complexity(p, row.breaks(p).bit_count()))


def _complexity(period: int, changes: int) -> int:
    return period + 4 * changes


def stretches_inside(members: Sequence[int], low: int, high: int) -> list[Stretch]:
    """Listed members of ``low..high``, continued beyond ``high`` as they go on up to there."""
    known = set(members)
    best: tuple[int, int, list[int]] | None = None
    for period in range(1, max(1, min((high - low + 1) // 3, _MAX_SEARCHED)) + 1):
        changes = [
            x for x in range(low, high - period + 1) if (x in known) != (x + period in known)
        ]
        if best is None or _complexity(period, len(changes)) < best[0]:
            best = (_complexity(period, len(changes)), period, changes)
        if not changes:
            break
    assert best is not None
    _, period, changes = best
    return _joined(_runs(period, low, known.__contains__, changes), period)


def _runs(
    period: int, start: int, holds: Callable[[int], bool], changes: Iterable[int]
) -> Iterator[tuple[int, int | None]]:
    """First and last member of every unbroken run ``x, x + period, x + 2*period, ...``."""
    by_residue: dict[int, list[int]] = {}
    for x in sorted(changes):
        by_residue.setdefault(x % period, []).append(x)
    for x in range(start, start + period):
        inside, begin = holds(x), x
        for last in by_residue.get(x % period, []):
            if inside:
                yield begin, last
            inside, begin = not inside, last + period
        if inside:
            yield begin, None


class _Group:
    """Runs that begin, and end, within one period of each other."""

    def __init__(self, low: int, high: int | None) -> None:
        self.low = low
        self.ends = None if high is None else (high, high)
        self.residues: set[int] = set()

    def takes(self, low: int, high: int | None, period: int) -> bool:
        """Whether a run belongs here; runs come sorted by their beginning."""
        if low - self.low >= period or (high is None) != (self.ends is None):
            return False
        if high is None or self.ends is None:
            return True
        ends = min(self.ends[0], high), max(self.ends[1], high)
        if ends[1] - ends[0] < period:
            self.ends = ends
            return True
        return False

    def stretch(self, period: int) -> Stretch:
        """The group with the smallest period that describes it."""
        steps = (p for p in range(1, period + 1) if period % p == 0)
        step = next(p for p in steps if _repeats(self.residues, p, period))
        residues = tuple(sorted({r % step for r in self.residues}))
        return Stretch(self.low, self.ends and self.ends[1], step, residues)


def _joined(runs: Iterable[tuple[int, int | None]], period: int) -> list[Stretch]:
    groups: list[_Group] = []
    for low, high in sorted(runs, key=lambda run: run[0]):
        group = next((g for g in groups if g.takes(low, high, period)), None)
        if group is None:
            group = _Group(low, high)
            groups.append(group)
        group.residues.add(low % period)
    return sorted(_finite([g.stretch(period) for g in groups]), key=lambda s: s.low)


def _repeats(residues: set[int], step: int, period: int) -> bool:
    return all((r + step) % period in residues for r in residues)


def _finite(found: Sequence[Stretch]) -> Iterator[Stretch]:
    """Short stretches as unbroken runs or with the smallest period that describes them."""
    for stretch in found:
        points = stretch.points(_MAX_POINTS)
        yield from (
            [stretch]
            if points is None or len(stretch.residues) == stretch.period
            else (_simplest(points, stretch.period))
        )


def _simplest(points: Sequence[int], period: int) -> list[Stretch]:
    """One stretch with few remainders if there is one, else runs of neighbours."""
    low, high = points[0], points[-1]
    for step in [s for s in (*range(1, _MAX_STEP), period) if 2 * s <= high - low] or [1]:
        residues = {x % step for x in points}
        if sum(x % step in residues for x in range(low, high + 1)) == len(points):
            return [Stretch(low, high, step, tuple(sorted(residues)))]
    runs = [
        [x for _, x in run]
        for _, run in itertools.groupby(enumerate(points), key=lambda item: item[1] - item[0])
    ]
    return [Stretch(run[0], run[-1], 1, (0,)) for run in runs]
