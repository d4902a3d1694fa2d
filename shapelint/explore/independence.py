"""Whether groups of symbols influence each other, so that they have to be explored together."""

from __future__ import annotations

from shapelint.explore.exploration import Component, Exploration
from shapelint.lengths.conditions import Any as AnyOf
from shapelint.trace import Event, Trace


def stopped(component: Component) -> list[Trace]:
    """The runs that end with a need that does not hold."""
    ended = [(p.trace, p.trace.events[-1]) for p in component.paths if p.trace.events]
    return [trace for trace, last in ended if last.kind == "need" and not last.holds]


def refused_by(trace: Trace) -> frozenset[str]:
    """The symbols of the need that ended a run; none if no need did."""
    if trace.failure is None or not trace.events:
        return frozenset()
    last = trace.events[-1]
    ended = last.kind == "need" and not last.holds
    return last.condition.symbols if ended else frozenset()


def together(event: Event) -> list[frozenset[str]]:
    """Sets of symbols, each of which has to be explored together.

    The parts of a need with alternatives, ``D != 1 or H != 1``, do not couple their symbols.
    """
    condition = event.condition
    if event.kind == "need" and isinstance(condition, AnyOf):
        return [part.symbols for part in condition.parts]
    return [condition.symbols]


def crossings(found: Exploration, limit: int) -> list[dict[str, int]]:
    """At most ``limit`` sizes that leave the base in at least two components, on varying paths."""
    off = []
    for component in found.components:
        paths = [p for p in component.paths if p.trace is not found.base and p.runs]
        off.append([{s: p.trace.hints[s] for s in component.symbols} for p in paths])
    branching = [choices for choices in off if choices]
    if len(branching) < 2:
        return []
    longest = max(map(len, branching))
    crossed = [
        {k: v for choices in branching for k, v in choices[(i * (j + 1)) % len(choices)].items()}
        for j, i in enumerate(range(min(longest, limit)))
    ]
    return [{**found.base.hints, **sizes} for sizes in crossed]


def conditions(trace: Trace, group: frozenset[str]) -> list[object]:
    """The conditions about some symbols that a run came across, in that order."""
    return [(e.condition, e.holds) for e in trace.events if e.condition.symbols & group]
