"""Sets of sizes of one symbol as rows of bits that are all of one length.

What two of them have in common is then one operation of Python's integers. Sets that each have a
start and a period of their own are brought to common ones again for every pair.
"""

from __future__ import annotations

import math

from shapelint.lengths.effort import charge
from shapelint.lengths.nodes import Slices
from shapelint.lengths.periodic import Periodic, periodic

_LONGEST = 2**12
"""Bits in a row; with longer ones it pays to look at each pair of sets alone."""
_STEP = 1024
"""Bits that take a step of isl, about a microsecond."""


class Aligned:
    """Slices of one symbol, all of which repeat from ``start`` on with ``period``."""

    def __init__(self, start: int, period: int) -> None:
        self._start, self._period = start, period

    @classmethod
    def of(cls, slices: Slices) -> Aligned | None:
        """Common ends of the rows of these slices; None if there are none, or they are long."""
        starts, period = [1], 1
        for points, _ in slices:
            if not isinstance(points, Periodic):
                return None
            starts.append(points.start)
            period = math.lcm(period, points.period)
            if period > _LONGEST:
                return None
        start = -(-max(starts) // period) * period  # a multiple: then remainders are places
        return cls(start, period) if start <= _LONGEST else None

    def rows(self, slices: Slices) -> list[int]:
        """A bit for each member below ``start + period``."""
        end = self._start + self._period
        return [points.up_to(end) for points, _ in slices if isinstance(points, Periodic)]

    def points(self, row: int) -> Periodic:
        """The set of which this is the row."""
        head = row & (1 << self._start) - 1
        return periodic(self._start, head, self._period, row >> self._start)

    def charge(self, pairs: int) -> None:
        """Charge for an operation on each of so many pairs."""
        charge(1 + pairs * (self._start + self._period + _STEP // 16) // _STEP)
