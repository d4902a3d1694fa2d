"""Sets of sizes of one symbol: from some size on they repeat.

Every set of integers that conditions on sums of a size and its floor divisions by constants can
describe is of this kind (M. Presburger, 1929). It is kept as two rows of bits, so that algebra is
that of Python's integers, and in one normal form, so that equal sets are equal objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_LONGEST = 2**20
"""Bits in a row; beyond that other representations are better."""


class TooLong(Exception):
    """The rows of bits would be too long."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Members below ``start`` are bits of ``head``, the remainders of the others of ``tail``.

    0 is no member. Made by :func:`periodic`.
    """

    start: int
    head: int
    period: int
    tail: int

    def __contains__(self, size: int) -> bool:
        if size < self.start:
            return size > 0 and bool(self.head >> size & 1)
        return bool(self.tail >> size % self.period & 1)

    def __bool__(self) -> bool:
        return bool(self.head or self.tail)

    def __and__(self, other: Periodic) -> Periodic:
        return self._with(other, int.__and__)

    def __or__(self, other: Periodic) -> Periodic:
        return self._with(other, int.__or__)

    def __sub__(self, other: Periodic) -> Periodic:
        return self._with(other, lambda a, b: a & ~b)

    def _with(self, other: Periodic, op: Callable[[int, int], int]) -> Periodic:
        if not self.tail and not other.tail:
            return _bounded(op(self.head, other.head))
        period = math.lcm(self.period, other.period)
        start = max(self.start, other.start)
        if period > _LONGEST:
            raise TooLong
        tails = (_repeated(s.tail, s.period, period) for s in (self, other))
        return periodic(start, op(self.up_to(start), other.up_to(start)), period, op(*tails))

    def is_apart_from(self, other: Periodic) -> bool:
        """Whether they share no member, where one of them has a greatest."""
        if self.tail:
            return not other.tail and not self.up_to(other.start) & other.head
        return not other.up_to(self.start) & self.head

    @property
    def is_bounded(self) -> bool:
        """Whether there is a greatest member, or none at all."""
        return not self.tail

    @property
    def size(self) -> int:
        """How many bits it takes to write it down."""
        return self.start + self.period

    def up_to(self, end: int) -> int:
        """A bit for each member below ``end``."""
        if end <= self.start:
            return self.head & ((1 << end) - 1)
        repeated = _repeated(self.tail, self.period, end)
        return self.head | repeated >> self.start << self.start

    def next(self, size: int) -> int | None:
        """The smallest member that is at least ``size``; None if there is none."""
        ahead = self.up_to(max(size, self.start) + self.period) >> max(size, 0)
        return _lowest(ahead) + max(size, 0) if ahead else None

    def last(self, size: int) -> int | None:
        """The greatest member that is at most ``size``; None if there is none."""
        end = min(size, self.start + (size - self.start) % self.period + self.period)
        found = (self.up_to(end + 1) if size > 0 else 0).bit_length() - 1
        return None if found < 0 else found + (size - end) * (found >= self.start)

    def greatest(self) -> int | None:
        """The greatest member; None if there is none."""
        return self.head.bit_length() - 1 if self.head and not self.tail else None

    def breaks(self, step: int) -> int:
        """A bit for each size that is a member where ``x + step`` is none, or the other way round.

        ``step`` is a multiple of the period.
        """
        row = self.up_to(self.start + step)
        return (row ^ row >> step) & (1 << self.start) - 1 & ~1

    def __iter__(self) -> Iterator[int]:
        """The members below ``start``: all of them, if the set is bounded."""
        return bits(self.head)


def periodic(start: int, head: int, period: int, tail: int) -> Periodic:
    """The set in its normal form: the shortest period, then the smallest start.

    Raises TooLong.
    """
    if start > _LONGEST or period > _LONGEST:
        raise TooLong
    if not tail:
        return _bounded(head)
    for p, _ in prime_powers(period):
        while period % p == 0 and tail == _repeated(
            tail & (1 << period // p) - 1, period // p, period
        ):
            period //= p
            tail &= (1 << period) - 1
    head &= ~1
    start = (head ^ _repeated(tail, period, max(start, 1))).bit_length()
    return Periodic(start, head & ((1 << start) - 1), period, tail)


def _bounded(head: int) -> Periodic:
    """The set with these members and no others, in its normal form."""
    head &= ~1
    return Periodic(head.bit_length(), head, 1, 0)


def finite(members: Iterable[int]) -> Periodic:
    """Exactly these sizes, of those from 1 up. Raises TooLong."""
    sizes = {x for x in members if x > 0}
    end = max(sizes, default=0) + 1
    if end > _LONGEST:
        raise TooLong
    row = bytearray(b"0") * end
    for x in sizes:
        row[-1 - x] = 49
    return periodic(end, int(row, 2), 1, 0)


def interval(low: int, high: int) -> Periodic:
    """The sizes from ``low`` to ``high``, both inclusive. Raises TooLong."""
    if high < low:
        return NONE
    if high >= _LONGEST:
        raise TooLong
    return periodic(high + 1, (1 << high + 1) - (1 << max(low, 1)), 1, 0)


def _repeated(row: int, period: int, length: int) -> int:
    """``length`` bits that repeat the first ``period`` ones."""
    while row and period < length:
        row |= row << period
        period *= 2
    return row & (1 << length) - 1


def bits(row: int) -> Iterator[int]:
    """The places of the bits that are set, rising."""
    text = bin(row)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def _lowest(row: int) -> int:
    return (row & -row).bit_length() - 1


def prime_powers(k: int) -> Iterator[tuple[int, int]]:
    """The primes that divide a positive number, rising, each with its exponent."""
    p = 2
    while k > 1:
        if p * p > k:
            p = k
        e = 0
        while k % p == 0:
            k, e = k // p, e + 1
        if e:
            yield p, e
        p += 1


EVERY = periodic(0, 0, 1, 1)
NONE = periodic(0, 0, 1, 0)
