"""Why the result of an exploration is checked, not proven."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator

from shapelint.explore.exploration import Exploration
from shapelint.explore.paths import raised_by_forward, reads_values, too_large, wants_values
from shapelint.lengths.conditions import Compare, Condition
from shapelint.lengths.expr import Sym
from shapelint.lengths.ratio import MAX_LENGTH
from shapelint.lengths.sets import SizeSet
from shapelint.trace import UNFOLLOWED, UNKNOWN_INDEX, Event, Trace


def doubts(found: Exploration, traces: Collection[Trace]) -> Iterator[str]:
    """The reasons why what the runs have found is not proven; none if it is."""
    for trace in traces:
        yield from trace.checked
    for trace in [t for t in unexplained(traces) if not too_large(t)][:1]:
        yield _told(trace)
    if _in_reach(found.unexplored):
        why = next((e.why for e in fixing(traces)), "") or _lacking(traces)
        because = f"{why}: " if why else ""
        runs = "1 run" if len(traces) == 1 else f"{len(traces)} runs"
        yield f"{because}{runs} did not cover every size"
    if found.valid.window is not None or found.unexplored.window is not None:
        yield "a condition on sizes is not linear; it was checked size by size"


def _in_reach(unexplored: SizeSet) -> bool:
    """Whether PyTorch could be run at any of these sizes: a loop takes other paths for ever."""
    symbols = unexplored.symbols
    return not unexplored.is_empty and bool(
        unexplored & SizeSet.inside(dict.fromkeys(symbols, (1, MAX_LENGTH - 1)), symbols)
    )


def blind(found: Exploration) -> bool:
    """Whether a window of plain runs says more than the traced ones."""
    if lost(found, UNKNOWN_INDEX) or lost(found, UNFOLLOWED):
        return True
    return is_one_point(found.base) and bool(found.unexplored)


def lost(found: Exploration, reason: str) -> bool:
    """Whether a run could not follow a length, for a reason that contains this text."""
    return any(reason in why for trace in found.traces for why in trace.checked)


def unexplained(traces: Iterable[Trace]) -> list[Trace]:
    """Runs in which an operation failed although all its needs were met."""
    failed = [t for t in traces if t.failure and not t.failure.explained]
    return [t for t in failed if not raised_by_forward(t)]


def stuck(traces: Iterable[Trace]) -> bool:
    """Whether two runs have ended at one place for want of values: so will runs of other paths."""
    failed = [t.failure for t in traces if t.failure and wants_values(t) and not too_large(t)]
    return len({(f.span, f.error) for f in failed}) < len(failed)


def fixing(traces: Iterable[Trace]) -> Iterator[Event]:
    """The branches by which a length became an ordinary number: each path holds for one value."""
    events = itertools.chain.from_iterable(t.events for t in traces)
    return (e for e in events if e.kind == "branch" and e.why)


def is_one_point(trace: Trace) -> bool:
    """Whether a run holds for one value each of several symbols: a point in a plane.

    A window of plain runs covers more than many such runs, and is faster.
    """
    taken = (e.condition for e in fixing([trace]) if e.holds)
    return len({c.symbols for c in taken if _is_one_size(c)}) > 1


def _is_one_size(condition: Condition) -> bool:
    if not isinstance(condition, Compare) or condition.op != "==":
        return False
    return len(condition.expr.terms) == 1 and isinstance(next(iter(condition.expr.terms)), Sym)


def _lacking(traces: Iterable[Trace]) -> str:
    """The error of a run that needed more memory than there is; empty if none did."""
    return next((t.failure.error for t in traces if t.failure and too_large(t)), "")


def _told(trace: Trace) -> str:
    """Why an operation failed although all its needs were met."""
    failure = trace.failure
    assert failure is not None
    if not reads_values(trace):
        return f"failed for a reason no rule knows: {failure.error}"
    place = f" (line {failure.span.line})" if failure.span else ""
    return f"reads the values of a tensor{place}, which sizes do not tell: {failure.error}"
