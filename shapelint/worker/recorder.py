"""What a run finds out about sizes, in the order in which it finds it out.

The recorder of the current run is reached through :func:`current`, because a comparison of two
lengths deep inside somebody's ``forward`` has no other way to be heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce

from shapelint.lengths.conditions import All, Condition, negate
from shapelint.lengths.expr import Bounds, Expr
from shapelint.lengths.regions import Region
from shapelint.trace import Event, NeedKind, Trace
from shapelint.worker.frames import user_span
from shapelint.worker.noted import Noted, Notes
from shapelint.worker.path_condition import PathCondition


class NeedFailed(Exception):
    """A need does not hold at the hint: PyTorch is about to raise ``error``.

    ``caught``: the model catches it, so the need was recorded as a branch.
    """

    def __init__(
        self, why: str, error: type[Exception] = RuntimeError, caught: bool = False
    ) -> None:
        super().__init__(why)
        self.error, self.caught = error, caught


class _AnyError(
    RuntimeError, ValueError, IndexError, KeyError, TypeError, ArithmeticError, AssertionError
):
    """Caught by whoever catches one of these."""


class Recorder:
    """Collects the branches and needs of one run at ``sizes``.

    A condition that follows from those before it is not recorded. Branches whose indices among the
    events are in ``forced`` go to the side that ``sizes`` do not take.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        domain: Bounds | None = None,
        is_caught: Callable[[type[Exception]], bool] = lambda error: False,
        forced: Collection[int] = (),
    ) -> None:
        self.sizes = dict(sizes)
        self._forced = forced
        self._answers: dict[Condition, bool] = {}
        self._is_caught = is_caught
        self._domain = domain
        self.path = PathCondition(self.sizes, domain)
        self.checked: dict[str, None] = {}
        self.lax = False
        """Whether an op ran whose meta kernel accepts more than its CPU kernel."""
        self.replayed: list[dict[str, int]] = []
        """The sizes at which calls were replayed."""
        self.raising: list[Trace] = []
        """Runs that are known to raise, from replayed calls."""
        self.node = -1
        self._lost_if_it_runs: dict[str, None] = {}
        self.notes = Notes()

    @property
    def events(self) -> list[Event]:
        """The branches and needs so far, in order."""
        return self.path.events

    @property
    def known(self) -> Bounds:
        """What the sizes are known to be between, for all runs on the same path."""
        return self.path.known

    @property
    def domain(self) -> Bounds:
        """What the sizes were known to be between when the run began."""
        return self._domain or {}

    @property
    def has_doubts(self) -> bool:
        """Whether the run has lost sight of a length, or will have if it ends well."""
        return bool(self.checked or self._lost_if_it_runs)

    def branch(self, condition: Condition, why: str = "") -> bool:
        """Whether ``condition`` holds in this run; recorded unless it follows from what is known.

        ``why`` is the reason where no code of the model tests it: a length became a plain number.
        """
        decided = condition.decide(self.path.known)
        holds = self._answer(condition) if decided is None else decided
        self.notes.tested(condition, holds)
        if decided is not None:
            return decided
        relied = condition if holds else negate(condition)
        parts = self.path.simplified(relied)
        if parts is not relied:
            for part in parts.parts if isinstance(parts, All) else (parts,):
                self.branch(part, why)
        elif not self.path.implies(relied):
            at = user_span()
            self.path.add(Event("branch", condition, holds, self.node, why=why, span=at))
        return holds

    def _answer(self, condition: Condition) -> bool:
        """Whether it holds in this run; a branch that was forced once stays so."""
        if condition in self._answers:
            self.notes.depends_on_more()
            return self._answers[condition]
        holds = condition.at(self.sizes)
        relied = condition if holds else negate(condition)
        if len(self.events) not in self._forced or self.path.implies(relied):
            return holds
        self.notes.depends_on_more()
        self._deny(relied)
        return not holds

    def _deny(self, relied: Condition) -> None:
        """From now on take ``relied``, which holds at ``sizes``, as false."""
        self._answers = {**self._answers, relied: False, negate(relied): True}

    def need(
        self,
        condition: Condition,
        kind: NeedKind,
        why: str | Callable[[], str],
        lengths: tuple[Expr, ...] = (),
        error: type[Exception] = RuntimeError,
        certain: bool = True,
    ) -> None:
        """Record that an op works only where ``condition`` holds. Raises NeedFailed if not here.

        The parts of a conjunction become separate needs, each on as few symbols as possible. If it
        is not ``certain``, the op may still work where it does not hold, depending on values. If
        the model catches ``error``, it is recorded as a branch.
        """
        if not isinstance(condition, All):
            self.notes.tested(condition, True)
            if self.path.implies(condition):
                return
        condition = self.path.simplified(condition)
        if isinstance(condition, All):
            for part in condition.parts:
                self.need(part, kind, why, lengths, error, certain)
            return
        if self.path.implies(condition):
            return
        text = why if isinstance(why, str) else why()
        if certain and self._is_caught(error):
            if not self.branch(condition):
                raise NeedFailed(text, error, caught=True)
            return
        holds, at = condition.at(self.sizes), user_span()
        event = Event("need", condition, holds, self.node, kind, text, lengths, at, certain)
        self.path.add(event)
        if not holds:
            raise NeedFailed(text, error)

    def asks_nothing_else(self, asked: Iterable[Condition], needs: Sequence[Event]) -> bool:
        """Record the ``needs`` of a call made elsewhere, unless it would ask more here.

        That is what it ``asked`` there and what follows neither from this run nor from the needs.
        """
        new = [e for e in needs if not self.path.implies(e.relied)]
        if not all(e.relied.at(self.sizes) for e in new) or (new and self._is_caught(_AnyError)):
            return False
        path = self.path.copy() if new else self.path
        for event in new:
            path.add(replace(event, node=self.node))
        rest = [c for c in asked if not path.implies(path.simplified(c))]
        if rest and not all(map(self._region(path).implies, rest)):
            return False
        self.path = path
        return True

    def _region(self, path: PathCondition) -> Region:
        """The sizes that take a path; a branch that was forced tells nothing of them."""
        held = (e.relied for e in path.events if e.relied.at(self.sizes))
        return reduce(Region.narrowed, held, Region({}))

    @contextmanager
    def noting(self) -> Iterator[Noted]:
        """Collect all conditions tested in the body, also those that are not recorded."""
        noted = self.notes.begin()
        lax, self.lax = self.lax, False
        doubts = len(self.checked), len(self._lost_if_it_runs)
        try:
            yield noted
        finally:
            self.notes.end()
            noted.lax = self.lax
            noted.repeatable &= (len(self.checked), len(self._lost_if_it_runs)) == doubts
            self.lax |= lax

    def lost(self, reason: str) -> None:
        """A length cannot be followed any further: the run is checked, not proven."""
        span = user_span()
        where = f" ({os.path.basename(span.path)}:{span.line})" if span else ""
        self.checked[reason + where] = None

    def lost_if_it_runs(self, reason: str) -> None:
        """The same, but only if the run does not end with the error under construction."""
        self._lost_if_it_runs[reason] = None

    def ends_well(self) -> None:
        """Called when ``forward`` has returned: needs that failed were caught, so branches."""
        self.checked.update(self._lost_if_it_runs)
        self.path.events = [
            e if e.holds or e.kind == "branch" else replace(e, kind="branch") for e in self.events
        ]

    def starting_with(self, events: Iterable[Event], sizes: Mapping[str, int]) -> Recorder:
        """A new recorder, at ``sizes``, of a run that has come across these events already."""
        other = Recorder(sizes, self._domain, self._is_caught)
        other._answers = self._answers
        other.path = PathCondition(other.sizes, self._domain, events)
        return other

    def denying(self, relied: Condition, events: Iterable[Event]) -> Recorder:
        """The same at the sizes of this run, which take ``relied``; the new one does not."""
        other = self.starting_with(events, self.sizes)
        other._deny(relied)
        return other

    def keep_only(self, events: Iterable[Event]) -> None:
        """Forget all events but these, which tell of the run as much."""
        self.path = PathCondition(self.sizes, self._domain, events)

    def doubts_no_more_than(self, other: Recorder) -> bool:
        """Whether all reasons why this run is not proven are reasons of the other one, too."""
        return (
            self.checked.keys() <= other.checked.keys()
            and self._lost_if_it_runs.keys() <= other._lost_if_it_runs.keys()
        )


_recorders: list[Recorder] = []


def current() -> Recorder | None:
    """The recorder of the run under way, if any."""
    return _recorders[-1] if _recorders else None


def note_lost(reason: str) -> None:
    """As :meth:`Recorder.lost`, of the run under way."""
    recorder = current()
    if recorder is not None:
        recorder.lost(reason)


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Make ``recorder`` the current one."""
    _recorders.append(recorder)
    try:
        yield recorder
    finally:
        _recorders.pop()
