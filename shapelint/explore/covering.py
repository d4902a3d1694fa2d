"""Covers every size of the domain, path by path.

One run speaks for the sizes that take the same branches (:mod:`.paths`). The explorer picks a size
nobody has spoken for, runs the model there, and goes on until none is left or the budget is spent.

Symbols that never meet in a condition are explored apart: with ``if size % 2`` at five levels on
two axes that is 32 + 32 runs, not 1,024. It is right only if the way one group of symbols takes has
no influence on the other. Every run is therefore checked against the first one: it may differ only
in what depends on the symbols it varied. Where it differs elsewhere the groups are merged, and at
the end runs that vary all groups at once must agree with the prediction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from shapelint.explore.choice import following
from shapelint.explore.doubts import doubts, fixing, is_one_point, stuck, unexplained
from shapelint.explore.exploration import Component, Conflict, Exploration, combined
from shapelint.explore.immaterial import without_immaterial
from shapelint.explore.independence import conditions, crossings, refused_by, stopped, together
from shapelint.explore.paths import (
    Outcome,
    follow,
    raising,
    read,
    too_large,
    without_wanting,
)
from shapelint.lengths.expr import Sizes
from shapelint.lengths.phrases import size_text
from shapelint.lengths.ratio import MAX_LENGTH
from shapelint.lengths.sets import SizeSet
from shapelint.session import Patch, Session
from shapelint.trace import Event, Trace


@dataclass(frozen=True)
class Budget:
    """How much may be spent on one model before the rest is called not checked."""

    runs: int = 160
    first: int = 24
    """Runs to find a size that works at all."""
    crossings: int = 6
    """Runs that vary all groups of symbols at once."""
    fixed: int = 24
    """Runs of a model that makes an ordinary number of a length: each speaks for one value."""
    unexplained: int = 3
    """Runs that may fail for a reason no rule knows before the search is given up."""


def explore(
    session: Session,
    domain: SizeSet,
    hints: Sizes,
    patches: Sequence[Patch] = (),
    budget: Budget = Budget(),
) -> Exploration:
    """Cover ``domain``, starting at ``hints``. At most ``budget.runs`` runs are made."""
    return _Explorer(session, domain, hints, patches, budget).explore()


def _progress(trace: Trace) -> tuple[int, bool]:
    """How far a run came; of two that ended at one place that with no need unmet came further."""
    return len(trace.nodes), trace.failure is not None and not trace.failure.explained


class _Explorer:
    def __init__(
        self,
        session: Session,
        domain: SizeSet,
        hints: Sizes,
        patches: Sequence[Patch],
        budget: Budget,
    ) -> None:
        self.session = session
        self.domain = domain
        self.hints = domain.nearest(hints) or dict(hints)
        self.patches = patches
        self.budget = budget
        self.traces: dict[tuple[int, ...], Trace] = {}
        self.groups = [frozenset(s.symbols) for s in domain.split()]
        self.doubts: dict[str, None] = {}

    def trace(self, sizes: Sizes) -> Trace:
        key = tuple(sizes[s] for s in self.domain.symbols)
        if key not in self.traces:
            run = self._run(sizes)
            for made in (run, *raising(run, self.domain, self.traces.values())):
                at = tuple(made.hints[s] for s in self.domain.symbols)
                self.traces[at] = without_immaterial(made, partial(self._run, made.hints))
        return self.traces[key]

    def _run(self, sizes: Sizes, crossed: tuple[int, ...] = ()) -> Trace:
        across = [{"kind": "cross", "events": list(crossed)}] if crossed else []
        return self.session.trace(sizes, patches=[*self.patches, *across])

    def explore(self) -> Exploration:
        base, rest = self._base()
        if base.failure is not None:
            return self._hopeless(base, rest)
        while True:
            self._group(base.events)
            try:
                components = tuple(self._component(g, base) for g in self._ordered_groups())
                found = Exploration(self.domain, base, components, tuple(self.doubts))
                self._check_combination(found)
                self._check_failures(found)
                self._cross(found)
                return found.doubted(self._all_doubts(found))
            except Conflict as conflict:
                self._merge(conflict.symbols or frozenset(self.domain.symbols))

    def _all_doubts(self, found: Exploration) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.doubts, *doubts(found, self.traces.values()))))

    def _given_up(self) -> bool:
        made = self.traces.values()
        runs = self.budget.fixed if any(fixing(made)) else self.budget.runs
        return len(made) >= runs or len(unexplained(made)) >= self.budget.unexplained

    # -- the first run that works -----------------------------------------------------------

    def _base(self) -> tuple[Trace, SizeSet]:
        """Follow the needs that fail to sizes that meet them; also the sizes not spoken for."""
        furthest = trace = self.trace(self.hints)
        rest, told = self.domain, 0
        for _ in range(self.budget.first):
            if trace.failure is None:
                return trace, rest
            if not stuck((furthest, trace)):
                furthest = max(furthest, trace, key=_progress)
            for made in [*self.traces.values()][told:]:
                rest = read(made, rest).elsewhere
            told = len(self.traces)
            small = told % 4 == 0 or too_large(trace)
            if self._given_up() or stuck(self.traces.values()):
                break
            untried = without_wanting(rest, self.traces.values())
            sizes = following(untried, trace.hints, small, trace)
            if sizes is None:
                break
            trace = self.trace(sizes)
        return furthest, rest

    def _hopeless(self, base: Trace, rest: SizeSet) -> Exploration:
        """No size was found that works: one component, every run in it."""
        left, paths = self.domain, []
        for trace in self.traces.values():
            paths.append(read(trace, left))
            left = paths[-1].elsewhere
        whole = Component(self.domain.symbols, tuple(paths), rest)
        found = Exploration(self.domain, base, (whole,))
        return found.doubted(self._all_doubts(found))

    # -- one component ----------------------------------------------------------------------

    def _component(self, group: frozenset[str], base: Trace) -> Component:
        symbols = tuple(s for s in self.domain.symbols if s in group)
        domain = self.domain.project(symbols)
        unexplored, paths = domain, []
        known = self._known(group, base)
        for trace in known:  # before any of them is read, which takes longer
            self._check_independence(group, base, trace)
        for trace in known:
            paths.append(read(trace, unexplored))
            unexplored = paths[-1].elsewhere
        while unexplored and not self._given_up() and not is_one_point(base):
            counted = frozenset[str]().union(
                *(e.condition.symbols for e in fixing(self.traces.values()))
            )
            near = {s: 1 if s in counted else base.hints[s] for s in symbols}
            untried = without_wanting(unexplored, (p.trace for p in paths))
            sizes = following(untried, near, len(paths) % 2 == 0, base, counted)
            if sizes is None or max(sizes.values()) >= MAX_LENGTH:
                break
            trace = self.trace({**base.hints, **sizes})
            self._check_independence(group, base, trace)
            paths.append(read(trace, unexplored))
            unexplored = paths[-1].elsewhere
            if sizes in unexplored:
                self.doubts[f"no rule explains what happens at {size_text(sizes)}"] = None
                break
        return Component(symbols, tuple(paths), unexplored)

    def _known(self, group: frozenset[str], base: Trace) -> list[Trace]:
        """Runs made already that tell what varying nothing but this group does, the base first."""
        others = (t for t in self.traces.values() if t is not base)
        return [base, *(t for t in others if self._varied(group, base, t))]

    def _varied(self, group: frozenset[str], base: Trace, trace: Trace) -> bool:
        """Whether the run would be the same were all symbols but this group at the base.

        So it is if all that it relies on holds there as well, and it ends for the same reason.
        """
        beside = {s: trace.hints[s] if s in group else n for s, n in base.hints.items()}
        if beside == trace.hints:
            return True
        ended = follow(trace, beside)
        if trace.checked or ended[0] is Outcome.ELSEWHERE or ended != follow(trace, trace.hints):
            return False
        try:
            self._check_independence(group, base, trace)
        except Conflict:  # a run at the base will tell
            return False
        return True

    # -- are the groups really independent? -------------------------------------------------

    def _group(self, events: Iterable[Event]) -> None:
        for event in events:
            for symbols in together(event):
                self._merge(symbols)

    def _merge(self, symbols: frozenset[str]) -> None:
        touched = [g for g in self.groups if g & symbols]
        self.groups = [g for g in self.groups if not g & symbols]
        if touched:
            self.groups.append(frozenset[str]().union(*touched))

    def _ordered_groups(self) -> list[frozenset[str]]:
        position = {s: i for i, s in enumerate(self.domain.symbols)}
        return sorted(self.groups, key=lambda g: min(position[s] for s in g))

    def _check_independence(self, group: frozenset[str], base: Trace, trace: Trace) -> None:
        """A run that varied ``group`` may differ from the base only in what depends on it."""
        for symbols in itertools.chain(*map(together, trace.events)):
            if symbols & group and not symbols <= group:
                raise Conflict(symbols)
        if not refused_by(trace) <= group:
            raise Conflict(group | refused_by(trace))
        for other in self.groups:
            if other == group:
                continue
            mine, theirs = conditions(trace, other), conditions(base, other)
            if mine != (theirs if trace.failure is None else theirs[: len(mine)]):
                raise Conflict(group | other)

    def _check_combination(self, found: Exploration) -> None:
        """No output dim may be changed by two components."""
        changed = [
            [p.trace.outputs for p in c.paths if p.runs and p.trace.outputs != found.base.outputs]
            for c in found.components
        ]
        for a, b in itertools.combinations(range(len(changed)), 2):
            for left, right in itertools.product(changed[a], changed[b]):
                try:
                    combined(found.base.outputs, [left, right])
                except Conflict:
                    both = (*found.components[a].symbols, *found.components[b].symbols)
                    raise Conflict(both) from None

    def _check_failures(self, found: Exploration) -> None:
        """What fails in one component has to fail on every path of the others.

        A need that such a path has as well fails there for the same sizes, without a run.
        """
        for one, other in itertools.permutations(found.components, 2):
            runs = [p.trace for p in other.paths if p.runs and p.trace is not found.base]
            others = [(run.hints, {e.condition for e in run.events}) for run in runs]
            for failed, (hints, shared) in itertools.product(stopped(one), others):
                if failed.events[-1].condition in shared or self._given_up():
                    continue
                own = {s: failed.hints[s] for s in one.symbols}
                elsewhere = {s: hints[s] for s in other.symbols}
                there = self.trace({**found.base.hints, **own, **elsewhere})
                if there.failure is None or refused_by(there) - frozenset(one.symbols):
                    raise Conflict((*one.symbols, *other.symbols))

    def _cross(self, found: Exploration) -> None:
        """Runs that leave the base in several components at once must agree with the prediction."""
        for sizes in crossings(found, self.budget.crossings):
            trace = self.trace(sizes)
            outcome, _, outputs = found.outcome(sizes)
            expected = [tuple(e.at(sizes) for e in s) for s in outputs]
            actual = [tuple(e.at(sizes) for e in s) for s in trace.outputs]
            failed = trace.failure is not None
            if failed != (outcome is Outcome.FAILS) or (not failed and expected != actual):
                raise Conflict(frozenset(found.symbols))
