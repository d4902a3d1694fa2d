"""Branches that make no difference: ``if x.numel() > 2**31: x = x.contiguous()``.

Such a test multiplies sizes, and no set of sizes that isl knows describes its sides. But if one run
on either side meets the same needs, takes the same other branches and returns the same shapes, the
two of them speak for all sizes, and the test can be left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from shapelint.lengths.conditions import Compare
from shapelint.lengths.expr import Prod
from shapelint.trace import Event, Trace

__all__ = ["without_immaterial"]

Sizes = Mapping[str, int]

_DOUBLINGS = 24


def without_immaterial(trace: Trace, run: Callable[[Sizes], Trace]) -> Trace:
    """The trace without the branches that make no difference; ``run`` gives other traces."""
    for event in filter(_multiplies, trace.events):
        across = next(_across(trace, event), None)
        if across is not None and _same_but_for(event, trace, run(across)):
            trace = replace(trace, events=_others(trace, event))
    return trace


def _multiplies(event: Event) -> bool:
    """Whether it is a test of a product of sizes."""
    tested = event.condition
    if event.kind != "branch" or not isinstance(tested, Compare) or tested.op != ">=":
        return False
    return any(isinstance(atom, Prod) for atom in tested.expr.terms)


def _across(trace: Trace, event: Event) -> Iterator[dict[str, int]]:
    """Sizes on the other side of the test, and on the same side of all others."""
    symbols = sorted(event.condition.symbols)
    for times, count in itertools.product(range(1, _DOUBLINGS), range(1, len(symbols) + 1)):
        sizes = {**trace.hints, **{s: trace.hints[s] << times for s in symbols[-count:]}}
        if event.condition.at(sizes) == event.holds:
            continue
        if all(e.condition.at(sizes) == e.holds for e in _others(trace, event)):
            yield sizes


def _others(trace: Trace, event: Event) -> tuple[Event, ...]:
    return tuple(e for e in trace.events if e.condition != event.condition)


def _same_but_for(event: Event, one: Trace, other: Trace) -> bool:
    return (
        (one.failure is None) == (other.failure is None)
        and one.outputs == other.outputs
        and _said(one, event) == _said(other, event)
    )


def _said(trace: Trace, event: Event) -> list[object]:
    return [(e.kind, e.condition, e.holds) for e in _others(trace, event)]
