"""What a call asked while it ran: all that its result depends on but its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shapelint.lengths.conditions import TRUE, Condition, negate


@dataclass
class Noted:
    """The conditions that were tested while a call ran, in order, and how they turned out."""

    conditions: list[tuple[Condition, bool]] = field(default_factory=list)
    lax: bool = False
    repeatable: bool = True
    """Whether the call depends on nothing but the formulas of its arguments."""
    bounded: bool = False
    """Whether it depends on the bounds of lengths in :attr:`Recorder.known` as well."""
    ranged: bool = False
    """Whether it depends on the ranges of elements of tensors as well."""
    of_memory: bool = False
    """Whether it depends on how tensors lie in memory as well: see :func:`.shown.is_settled`."""

    def relied(self) -> tuple[Condition, ...]:
        """What held: each condition, or its negation, once."""
        as_stated = (c if holds else negate(c) for c, holds in self.conditions)
        return tuple(dict.fromkeys(c for c in as_stated if c is not TRUE))


class Notes:
    """What is noted of the calls under way, each of which is made by the one before."""

    def __init__(self) -> None:
        self._calls: list[Noted] = []

    def begin(self) -> Noted:
        """Note what is asked from here on, until :meth:`end`."""
        self._calls.append(Noted())
        return self._calls[-1]

    def end(self) -> None:
        """The innermost call is over."""
        self._calls.pop()

    def tested(self, condition: Condition, holds: bool) -> None:
        """A condition was tested, whether it is recorded or not."""
        for noted in self._calls:
            noted.conditions.append((condition, holds))

    def depends_on_more(self) -> None:
        """It depends on more than formulas, and what is named below."""
        for noted in self._calls:
            noted.repeatable = False

    def depends_on_bounds(self) -> None:
        """It depends on what is known of lengths."""
        for noted in self._calls:
            noted.bounded = True

    def depends_on_ranges(self) -> None:
        """It depends on the ranges of elements of tensors."""
        for noted in self._calls:
            noted.ranged = True

    def depends_on_memory(self) -> None:
        """It depends on how tensors lie in memory."""
        for noted in self._calls:
            noted.of_memory = True

    def marks(self) -> list[int]:
        """How much was tested so far, for :meth:`instead`."""
        return [len(noted.conditions) for noted in self._calls]

    def instead(self, marks: Sequence[int], relied: Iterable[Condition]) -> None:
        """These conditions, which hold, stand for all that were tested since ``marks``."""
        instead = [(condition, True) for condition in relied]
        for noted, mark in zip(self._calls, marks):
            noted.conditions[mark:] = instead

    def again(self, call: Noted) -> None:
        """A call is not made again that asked this."""
        for noted in self._calls:
            noted.conditions += call.conditions
            noted.bounded |= call.bounded
            noted.of_memory |= call.of_memory
