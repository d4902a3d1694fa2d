"""One run, read as a statement about many sizes.

A run that took certain branches and met certain needs speaks for every size that would take the
same branches: in the order of the events, a size leaves at the first branch it would take the other
way, fails at the first need it does not meet, and otherwise does what the run did. :func:`follow`
asks this for one size, :func:`read` for all sizes at once.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from shapelint.lengths.conditions import Condition, negate
from shapelint.lengths.sets import NotPresburger, SizeSet
from shapelint.trace import Event, Trace

__all__ = ["WINDOW", "Failing", "Outcome", "Path", "follow", "read", "set_of"]

WINDOW = {1: 1024, 2: 128, 3: 24}
"""Largest size looked at, by the number of symbols, where a condition can only be enumerated."""


class Outcome(enum.Enum):
    """What a run says about another size."""

    RUNS = "runs"
    FAILS = "fails"
    ELSEWHERE = "elsewhere"
    """It takes another way, about which this run says nothing."""


@dataclass(frozen=True)
class Failing:
    """Sizes that fail for one reason."""

    trace: Trace
    event: Event | None
    """The need they do not meet; None where ``forward`` itself raises."""
    sizes: SizeSet


@dataclass(frozen=True)
class Path:
    """All sizes that one run speaks for."""

    trace: Trace
    runs: SizeSet
    fails: tuple[Failing, ...]

    @property
    def covered(self) -> SizeSet:
        """Every size about which the run says something."""
        covered = self.runs
        for failing in self.fails:
            covered = covered | failing.sizes
        return covered


def follow(trace: Trace, sizes: Mapping[str, int]) -> tuple[Outcome, Event | None]:
    """What the run says about ``sizes``, and the need they break, if that is why they fail."""
    for event in trace.events:
        holds = event.condition.at(sizes)
        if event.kind == "need" and not holds:
            return Outcome.FAILS, event
        if holds != event.holds:
            return Outcome.ELSEWHERE, None
    if trace.failure is None:
        return Outcome.RUNS, None
    if raised_by_forward(trace) or dict(sizes) == trace.hints:
        return Outcome.FAILS, None
    return Outcome.ELSEWHERE, None


def raised_by_forward(trace: Trace) -> bool:
    """Whether the code of the model raised: then every size on the same way raises."""
    failure = trace.failure
    return failure is not None and failure.node < 0 and not failure.explained


def read(trace: Trace, domain: SizeSet) -> Path:
    """What the run says about every size in ``domain``.

    Events on other symbols than those of the domain are taken to go as they went in the run.
    """
    here, fails = domain, []
    for event in _events_on(trace, frozenset(domain.symbols)):
        opposite = negate(event.condition)
        if event.kind == "branch":
            here = set_of(event.condition if event.holds else opposite, here)
            continue
        if broken := set_of(opposite, here):
            fails.append(Failing(trace, event, broken))
        here = set_of(event.condition, here)
    nothing = SizeSet.empty(domain.symbols)
    if trace.failure is None:
        return Path(trace, here, tuple(fails))
    if raised_by_forward(trace):
        fails.append(Failing(trace, None, here))
    elif not trace.failure.explained:
        fails.append(Failing(trace, None, SizeSet.points(domain.symbols, [trace.hints])))
    return Path(trace, nothing, tuple(fails))


def _events_on(trace: Trace, symbols: frozenset[str]) -> Iterator[Event]:
    return (e for e in trace.events if e.condition.symbols <= symbols)


def set_of(condition: Condition, within: SizeSet) -> SizeSet:
    """The sizes in a set that meet a condition: exact, or listed on a window if isl has no word."""
    symbols = within.symbols
    try:
        return SizeSet.of(condition, symbols, within=within)
    except NotPresburger:
        top = WINDOW.get(len(symbols), 8)
        window = dict.fromkeys(symbols, (1, top))
        return within & SizeSet.enumerated(partial(_holds, condition), symbols, window)


def _holds(condition: Condition, sizes: Mapping[str, int]) -> bool:
    """Whether it holds; where it divides by zero the model does not get that far."""
    try:
        return condition.at(sizes)
    except ZeroDivisionError:
        return False
