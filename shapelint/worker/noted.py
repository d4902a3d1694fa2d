"""What a call asked while it ran: all that its result depends on but its arguments."""

from __future__ import annotations

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
