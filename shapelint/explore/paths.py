"""One run, read as a statement about many sizes.

A run that took certain branches and met certain needs speaks for every size that would take the
same branches: in the order of the events, a size leaves at the first branch it would take the other
way, fails at the first need it does not meet, and otherwise does what the run did. :func:`follow`
asks this for one size, :func:`read` for all sizes at once.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce

from shapelint.lengths.conditions import All, Any, Compare, Condition, holds, negate, substituted
from shapelint.lengths.expr import Interval, Sym, as_expr
from shapelint.lengths.sets import NotPresburger, SizeSet
from shapelint.trace import Event, Trace

WINDOW = {1: 1024, 2: 128, 3: 24}
"""Largest size looked at, by the number of symbols, where a condition can only be enumerated."""

_TOP = 8
"""The same for more symbols."""


class Outcome(enum.Enum):
    """What a run says about another size."""

    RUNS = "runs"
    FAILS = "fails"
    """It raises; for every input, or where values matter (indices to unpool) for some."""
    ELSEWHERE = "elsewhere"
    """It takes another path, about which this run says nothing."""


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
    elsewhere: SizeSet
    """The sizes about which the run says nothing: they leave it at a branch."""


def follow(
    trace: Trace, sizes: Mapping[str, int], symbols: Iterable[str] | None = None
) -> tuple[Outcome, Event | None]:
    """What the run says about ``sizes``, and the need they break, if that is why they fail.

    With ``symbols`` only events on these are looked at; all others count as in the run.
    """
    events = trace.events if symbols is None else _events_on(trace, frozenset(symbols))
    for event in events:
        if event.kind == "need" and not holds(event.condition, sizes):
            return Outcome.FAILS, event
        if not holds(event.relied, sizes):
            return Outcome.ELSEWHERE, None
    if trace.failure is None:
        return Outcome.RUNS, None
    failed_here = dict(sizes) == trace.hints and not wants_values(trace)
    if raised_by_forward(trace) or failed_here:
        return Outcome.FAILS, None
    return Outcome.ELSEWHERE, None


_TOO_LARGE = (
    "Storage size calculation",
    "can't allocate memory",
    "Overflow when unpacking",
    "MemoryError",
)
"""Texts in errors for want of memory."""

_READS_VALUES = "meta tensor"
_WITHOUT_VALUES = (
    "NotImplementedError",
    _READS_VALUES,
    "device meta",
    "meta device",
    "data is not allocated",  # what compiled code is told
    "RecursionError",  # a traced run is deeper than a plain one
    *_TOO_LARGE,
)
"""Texts in errors that are no fact about the model: elsewhere, or with more memory, it may run."""


def raised_by_forward(trace: Trace) -> bool:
    """Whether the code of the model raised: then every size on the same path raises.

    Not if PyTorch missed the values of a tensor, which is no fact about the model.
    """
    failure = trace.failure
    if failure is None or failure.node >= 0 or failure.explained:
        return False
    return not wants_values(trace)


def raising(trace: Trace, domain: SizeSet, known: Iterable[Trace]) -> Iterator[Trace]:
    """The runs that leave this one at a branch and then raise, if no ``known`` run covers them."""
    told = [*known]
    for other in trace.raising:
        outcomes = [follow(t, other.hints)[0] for t in told]
        if other.hints not in domain or any(o is not Outcome.ELSEWHERE for o in outcomes):
            continue
        events = zip(trace.events, other.events)
        left = next(((a, b) for a, b in events if _answer(a) != _answer(b)), None)
        if left is not None and left[0].condition == left[1].condition:
            yield other


def _answer(event: Event) -> tuple[str, Condition, bool]:
    return event.kind, event.condition, event.holds


def wants_values(trace: Trace) -> bool:
    """Whether the run ended because tensors had no values, which says nothing about the model."""
    return trace.failure is not None and lacks_values(trace.failure.error)


def reads_values(trace: Trace) -> bool:
    """Whether the run ended where elements are read: ``x.item()``."""
    return trace.failure is not None and _READS_VALUES in trace.failure.error


def lacks_values(error: str) -> bool:
    """Whether this is what PyTorch says of tensors that have no values."""
    return any(words in error for words in _WITHOUT_VALUES)


def too_large(trace: Trace) -> bool:
    """Whether the run ended at a tensor that no machine can hold: smaller sizes may run."""
    return trace.failure is not None and any(words in trace.failure.error for words in _TOO_LARGE)


_REFUSALS = re.compile(r"TypeCheckError:|BeartypeCallHint\w*Violation:")


def refused(trace: Trace) -> bool:
    """Whether a type checker that runs with the model (jaxtyping, beartype) ended the run."""
    return trace.failure is not None and _REFUSALS.match(trace.failure.error) is not None


def read(trace: Trace, domain: SizeSet) -> Path:
    """What the run says about every size in ``domain``.

    Events on other symbols than those of the domain are taken to go as they went in the run. The
    three parts are disjoint and make up the domain. A condition that follows from those before it
    changes nothing.
    """
    nothing = SizeSet.empty(domain.symbols)
    here, elsewhere, fails = domain, nothing, []
    known = domain.bounds()
    for event in _events_on(trace, frozenset(domain.symbols)):
        as_stated = event.kind == "need" or event.holds
        taken = event.condition if as_stated else negate(event.condition)
        if taken.decide(known):
            continue
        staying = set_of(taken, here)
        leaving = here - staying
        if not leaving and staying.window == here.window:  # else no size was seen to leave
            continue
        here = staying
        _raise_least(known, taken)
        if event.kind == "branch":
            elsewhere = elsewhere | leaving
        else:
            fails.append(Failing(trace, event, leaving))
    if trace.failure is None:
        return Path(trace, here, tuple(fails), elsewhere)
    if raised_by_forward(trace):
        return Path(trace, nothing, (*fails, Failing(trace, None, here)), elsewhere)
    if not trace.failure.explained:
        seen = here & SizeSet.points(domain.symbols, [trace.hints])
        if not wants_values(trace):
            fails.append(Failing(trace, None, seen))
        here = here - seen
    return Path(trace, nothing, tuple(fails), elsewhere | here)


def as_far(trace: Trace, domain: SizeSet) -> SizeSet | None:
    """The sizes that get as far as a run that ended for want of values; None for other runs."""
    if not wants_values(trace):
        return None
    events = _events_on(trace, frozenset(domain.symbols))
    return reduce(lambda here, event: set_of(event.relied, here), events, domain)


def without_wanting(sizes: SizeSet, traces: Iterable[Trace]) -> SizeSet:
    """Without those that get as far as a run that wanted values: there they want them as well."""
    for trace in traces:
        far = None if too_large(trace) else as_far(trace, sizes)
        sizes = sizes if far is None else sizes - far
    return sizes


def _raise_least(known: dict[str, Interval], condition: Condition) -> None:
    """``H >= 16`` spares every later question that follows from it."""
    if isinstance(condition, Compare) and condition.op == ">=" and len(condition.expr.terms) == 1:
        ((atom, c),) = condition.expr.terms.items()
        if isinstance(atom, Sym) and c == 1:
            low, high = known[atom.name]
            known[atom.name] = (max(low or 1, -condition.expr.const), high)


def _events_on(trace: Trace, symbols: frozenset[str]) -> Iterator[Event]:
    return (e for e in trace.events if e.condition.symbols <= symbols)


def set_of(condition: Condition, within: SizeSet) -> SizeSet:
    """The sizes in a set that meet a condition: exact, or listed on a window if isl has no word."""
    symbols = within.symbols
    try:
        return SizeSet.of(condition, symbols, within=within)
    except NotPresburger:
        if isinstance(condition, All):
            return reduce(lambda sizes, part: set_of(part, sizes), condition.parts, within)
        if isinstance(condition, Any):
            return reduce(SizeSet.__or__, (set_of(part, within) for part in condition.parts))
    own = tuple(s for s in symbols if s in condition.symbols)
    found = None if _inside(within, own) else _value_by_value(condition, own, within)
    return within & _in_window(condition, own).over(symbols) if found is None else found


def _inside(within: SizeSet, own: Sequence[str]) -> bool:
    """Whether no member of a set is outside the window where a condition is enumerated."""
    top = WINDOW.get(len(own), _TOP)
    known = within.window or {}
    return all(s in known and known[s][1] <= top for s in own)


_FEW = 64
"""Values that are tried one by one; every size of a window is asked where there are more."""


def _value_by_value(condition: Condition, own: Sequence[str], within: SizeSet) -> SizeSet | None:
    """Where sizes have few values left (``H == 256``), the condition for each of these is simpler.

    It may be one that isl can take. None where it is not, or there are more values.
    """
    few = [s for s in own if within.project((s,)).members(_FEW) is not None]
    values = within.project(few).members(_FEW) if few else None
    if values is None:
        return None
    if len(few) == len(own):
        holding = [sizes for sizes in values if holds(condition, sizes)]
        return within & SizeSet.points(few, holding).over(within.symbols)
    found = SizeSet.empty(within.symbols)
    for sizes in values:
        here = within & SizeSet.points(few, [sizes]).over(within.symbols)
        try:
            simpler = substituted(condition, {s: as_expr(n) for s, n in sizes.items()})
            found = found | SizeSet.of(simpler, within.symbols, within=here)
        except (NotPresburger, NotImplementedError, ZeroDivisionError):
            return None
    return found


@lru_cache(maxsize=256)
def _in_window(condition: Condition, symbols: tuple[str, ...]) -> SizeSet:
    """The members of a window, asked one by one; several runs meet the same condition."""
    window = dict.fromkeys(symbols, (1, WINDOW.get(len(symbols), _TOP)))
    return SizeSet.enumerated(partial(holds, condition), symbols, window)
