"""Branches that make no difference: ``if x.numel() > 2**31: x = x.contiguous()``.

Such a test multiplies sizes or compares doubles, and no set of sizes that isl knows describes its
sides. But if the model does the same on all ways through such tests, meets the same needs, takes
the same other branches and returns the same shapes, then it does so at every size, because each
size goes one of these ways. So the tests can be left out.

Which sizes go a way, if any, need not be known: a run is sent there against its own sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from shapelint.lengths.conditions import Compare, Condition
from shapelint.lengths.expr import Prod
from shapelint.lengths.presburger import NotPresburger
from shapelint.lengths.real_tests import RealTest
from shapelint.lengths.sets import SizeSet
from shapelint.trace import Event, Trace

_MOST = 5
"""Tests; there are two to the power of this ways through them."""

_MANY = 16
"""To tell of more tests which of them are sets takes longer than it is worth."""

Sent = Callable[[tuple[int, ...]], Trace]
"""A run that goes the other way at branches, by their places among its events."""


def without_immaterial(trace: Trace, sent: Sent) -> Trace:
    """The trace without the branches that make no difference, if all of them make none."""
    if len(list(_comparisons(trace.events))) > _MANY:
        return trace
    tests = _tests(trace.events)
    if not 0 < len(tests) <= _MOST or not all(_alike(trace, way) for way in _ways(trace, sent)):
        return trace
    return replace(trace, events=_others(trace))


def _ways(trace: Trace, sent: Sent, crossed: tuple[int, ...] = ()) -> Iterator[Trace | None]:
    """All other ways on from the last crossing of a run; None for one that could not be taken."""
    last = crossed[-1] if crossed else -1
    for place in _tests(trace.events):
        if place <= last:
            continue
        if len(crossed) == _MOST:
            yield None
            return
        places = (*crossed, place)
        other = sent(places)
        yield other if _has_left(other, trace, place) else None
        yield from _ways(other, sent, places)


def _has_left(other: Trace, trace: Trace, place: int) -> bool:
    there, here = other.events[place : place + 1], trace.events[place]
    return [(e.condition, e.holds) for e in there] == [(here.condition, not here.holds)]


def _alike(one: Trace, other: Trace | None) -> bool:
    return other is not None and _said(one) == _said(other)


def _said(trace: Trace) -> tuple[object, ...]:
    """All that a run says about sizes, but for the tests that may make no difference."""
    failed = trace.failure and (trace.failure.error, trace.failure.explained)
    events = [(e.kind, e.condition, e.holds, e.certain) for e in _others(trace)]
    return failed, trace.outputs, events, trace.checked, trace.lax


def _others(trace: Trace) -> tuple[Event, ...]:
    tests = _tests(trace.events)
    return tuple(e for i, e in enumerate(trace.events) if i not in tests)


def _tests(events: Iterable[Event]) -> tuple[int, ...]:
    """Places of the comparisons made by the code of the model that no set of sizes describes."""
    return tuple(i for i, c in _comparisons(events) if not _is_a_set(c))


def _comparisons(events: Iterable[Event]) -> Iterator[tuple[int, Condition]]:
    """Places of the comparisons of products or doubles made by the code of the model."""
    for i, event in enumerate(events):
        if event.kind == "branch" and not event.why and _orders(event.condition):
            yield i, event.condition


def _orders(condition: Condition) -> bool:
    """Whether it compares products or doubles. An equation would mislead a run sent across it."""
    if isinstance(condition, RealTest):
        return condition.op not in ("==", "!=")
    if not isinstance(condition, Compare) or condition.op != ">=":
        return False
    return any(isinstance(atom, Prod) for atom in condition.expr.terms)


@lru_cache(maxsize=256)
def _is_a_set(condition: Condition) -> bool:
    try:
        SizeSet.of(condition, sorted(condition.symbols))
    except NotPresburger:
        return False
    return True
