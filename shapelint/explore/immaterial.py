"""Branches that make no difference: ``if x.numel() > 2**31: x = x.contiguous()``.

Such a test multiplies sizes or compares doubles, and no set that isl can represent describes its
sides. But if the model has the same needs, takes the same other branches and returns the same
shapes on all paths through such tests, then it does so at every size, because each size takes one
of these paths. So the tests can be dropped.

Which sizes take a path, if any, need not be known: a run is forced to take it.
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
"""The most tests in a run: ``n`` of them make ``2**n`` paths."""

_MANY = 16
"""The most comparisons in a run: whether isl can represent one takes long to find out."""

Forced = Callable[[tuple[int, ...]], Trace]
"""Runs the model, forced to the other side of the branches with these indices in its events."""


def without_immaterial(trace: Trace, forced: Forced) -> Trace:
    """The trace without the branches that make no difference, if all of them make none."""
    if len(list(_comparisons(trace.events))) > _MANY:
        return trace
    tests = _tests(trace.events)
    if not 0 < len(tests) <= _MOST or not all(
        _alike(trace, path) for path in _paths(trace, forced)
    ):
        return trace
    return replace(trace, events=_others(trace))


def _paths(trace: Trace, forced: Forced, crossed: tuple[int, ...] = ()) -> Iterator[Trace | None]:
    """The runs of all other paths; None for one that could not be taken.

    ``trace`` is the run that was forced at the branches ``crossed``.
    """
    last = crossed[-1] if crossed else -1
    for place in _tests(trace.events):
        if place <= last:
            continue
        if len(crossed) == _MOST:
            yield None
            return
        places = (*crossed, place)
        other = forced(places)
        yield other if _has_left(other, trace, place) else None
        yield from _paths(other, forced, places)


def _has_left(other: Trace, trace: Trace, place: int) -> bool:
    there, here = other.events[place : place + 1], trace.events[place]
    return [(e.condition, e.holds) for e in there] == [(here.condition, not here.holds)]


def _alike(one: Trace, other: Trace | None) -> bool:
    return other is not None and _effect(one) == _effect(other)


def _effect(trace: Trace) -> tuple[object, ...]:
    """All that a run shows about sizes, but for the tests that may make no difference."""
    failed = trace.failure and (trace.failure.error, trace.failure.explained)
    events = [(e.kind, e.condition, e.holds, e.certain) for e in _others(trace)]
    return failed, trace.outputs, events, trace.checked, trace.lax


def _others(trace: Trace) -> tuple[Event, ...]:
    tests = _tests(trace.events)
    return tuple(e for i, e in enumerate(trace.events) if i not in tests)


def _tests(events: Iterable[Event]) -> tuple[int, ...]:
    """Indices of the comparisons made by the model that isl cannot represent."""
    return tuple(i for i, c in _comparisons(events) if not _is_a_set(c))


def _comparisons(events: Iterable[Event]) -> Iterator[tuple[int, Condition]]:
    """Indices and conditions of the comparisons of products or doubles made by the model."""
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
