"""What is known about a model once its domain was covered.

The symbols fall into components that do not influence each other. Each component holds the paths
that the model takes while the other symbols stay at the base; a size takes one path in each, and
where they all run the output is the base output with what each of them changes.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from shapelint.explore.paths import Failing, Outcome, Path, follow, set_of
from shapelint.lengths.conditions import holds
from shapelint.lengths.expr import Expr, Sizes
from shapelint.lengths.sets import SizeSet
from shapelint.trace import Event, Shape, Trace


@dataclass(frozen=True)
class Component:
    """A group of symbols explored together, all others held at the base."""

    symbols: tuple[str, ...]
    paths: tuple[Path, ...]
    unexplored: SizeSet

    @cached_property
    def runs(self) -> SizeSet:
        """The sizes of this component that run."""
        runs = SizeSet.empty(self.symbols)
        for path in self.paths:
            runs = runs | path.runs
        return runs

    def path_of(self, sizes: Sizes) -> tuple[Path | None, Outcome, Event | None]:
        """The path that ``sizes`` (all symbols) take, and where it ends for them."""
        for path in self.paths:
            outcome, event = follow(path.trace, sizes, self.symbols)
            if outcome is not Outcome.ELSEWHERE:
                return path, outcome, event
        return None, Outcome.ELSEWHERE, None


@dataclass(frozen=True)
class Exploration:
    """Everything that is known about a model after its domain was covered."""

    domain: SizeSet
    base: Trace
    """The first run that succeeded, or the one that got furthest."""
    components: tuple[Component, ...]
    doubts: tuple[str, ...] = ()
    """Why the whole is checked instead of proven; empty if it is proven."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols, in the order of the input template."""
        return self.domain.symbols

    def doubted(self, doubts: tuple[str, ...]) -> Exploration:
        """The same with these doubts; the sets that were worked out are kept."""
        other = copy.copy(self)
        vars(other)["doubts"] = doubts
        return other

    @property
    def says_something(self) -> bool:
        """Whether a run was read; if none could be, no set means anything."""
        return not self.components or any(component.paths for component in self.components)

    @cached_property
    def valid(self) -> SizeSet:
        """The sizes at which the model runs."""
        return self._shared[1]

    @cached_property
    def _shared(self) -> tuple[tuple[Failing, ...], SizeSet]:
        """What fails for a need that no component speaks of, though each runs; and what is left."""
        here, fails = self.domain, []
        for component in self.components:
            here = here & component.runs.over(self.symbols)
        for event in self._shared_needs:
            staying = set_of(event.condition, here)
            fails.append(Failing(self.base, event, here - staying))
            here = staying
        return tuple(fails), here

    @cached_property
    def _shared_needs(self) -> tuple[Event, ...]:
        """Needs with alternatives about several components: every run has the same ones."""
        own = [set(c.symbols) for c in self.components]
        return tuple(
            e
            for e in self.base.events
            if e.kind == "need" and not any(e.condition.symbols <= symbols for symbols in own)
        )

    @cached_property
    def small(self) -> dict[str, int]:
        """The smallest size that runs; the base where no size of a component does.

        On the CPU a run takes the time and the memory that its sizes ask for.
        """
        least = dict(self.base.hints)
        for component in self.components:
            least.update(component.runs.lexmin() or {})
        return least if least in self.valid else self.valid.lexmin() or least

    @cached_property
    def unexplored(self) -> SizeSet:
        """The sizes about which nothing is known."""
        rest = SizeSet.empty(self.symbols)
        for component in self.components:
            rest = rest | component.unexplored.over(self.symbols)
        return rest & self.domain

    @cached_property
    def failures(self) -> tuple[Failing, ...]:
        """Why sizes fail, in the order of execution, each with the sizes of its own symbols."""
        found = [f for c in self.components for p in c.paths for f in p.fails if f.sizes]
        found += [f for f in self._shared[0] if f.sizes]
        return tuple(sorted(_distinct(found), key=lambda f: f.event.node if f.event else math.inf))

    def outcome(self, sizes: Sizes) -> tuple[Outcome, Event | None, tuple[Shape, ...]]:
        """What happens at ``sizes``: the need that breaks first, or the shapes of the outputs."""
        chosen: list[Path | None] = []
        broken: list[tuple[float, Event | None]] = []
        for component in self.components:
            held = {**self.base.hints, **{s: sizes[s] for s in component.symbols}}
            path, outcome, event = component.path_of(held)
            if outcome is Outcome.FAILS and path is not None:
                broken.append((self._along(path.trace, event), event))
            chosen.append(path)
        broken += [(e.node, e) for e in self._shared_needs if not holds(e.condition, sizes)]
        if broken:
            return Outcome.FAILS, self._first(broken, chosen, sizes), ()
        paths = [p for p in chosen if p is not None]
        if len(paths) < len(chosen):
            return Outcome.ELSEWHERE, None, ()
        return Outcome.RUNS, None, combined(self.base.outputs, [p.trace.outputs for p in paths])

    def _first(
        self, broken: list[tuple[float, Event | None]], chosen: list[Path | None], sizes: Sizes
    ) -> Event | None:
        """What raises first: as in a run that ``sizes`` follow to their end, if one of these is."""
        for path in chosen:
            outcome, event = (None, None) if path is None else follow(path.trace, sizes)
            if outcome is Outcome.FAILS and event is not None:
                return event
        return min(broken, key=itemgetter(0))[1]

    def _along(self, trace: Trace, event: Event | None) -> float:
        """How far the base has come where another run fails; loops may be longer or shorter.

        It is the place of the same op in the base, or just behind the last one that both made.
        """
        end = len(trace.nodes) if event is None else event.node + 1
        place, seen = -1.0, Counter[object]()
        for node in trace.nodes[:end]:
            key = (node.op, node.span, node.module)
            times = self._places.get(key, ())[seen[key] :]
            seen[key] += 1
            place = max(place, times[0]) if times else math.floor(place) + 0.5
        return place if event is not None else place + 0.5

    @cached_property
    def _places(self) -> dict[object, list[int]]:
        """Where the base makes each call of the source, once or in a loop."""
        places: dict[object, list[int]] = {}
        for i, node in enumerate(self.base.nodes):
            places.setdefault((node.op, node.span, node.module), []).append(i)
        return places

    def shapes(self, sizes: Sizes) -> list[tuple[int, ...]]:
        """The output shapes at sizes that run."""
        _, _, outputs = self.outcome(sizes)
        return [tuple(e.at(sizes) for e in shape) for shape in outputs]

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """Every run, the base first."""
        others = [p.trace for c in self.components for p in c.paths if p.trace is not self.base]
        return (self.base, *others)


class Conflict(Exception):
    """Two components influence each other."""

    def __init__(self, symbols: Iterable[str]) -> None:
        super().__init__("coupled symbols")
        self.symbols = frozenset(symbols)


def combined(base: Sequence[Shape], variants: Sequence[Sequence[Shape]]) -> tuple[Shape, ...]:
    """The outputs when each component takes its own path: at most one may change each dim.

    Raises Conflict where two of them change the same dim in different ways.
    """
    changed = [v for v in variants if tuple(v) != tuple(base)]
    if not changed:
        return tuple(base)
    if len(changed) == 1:
        return tuple(changed[0])
    if any([len(s) for s in v] != [len(s) for s in base] for v in changed):
        raise Conflict(())
    return tuple(
        tuple(_one_change(dims) for dims in zip(*shapes)) for shapes in zip(base, *changed)
    )


def _one_change(dims: Sequence[Expr]) -> Expr:
    different = {d for d in dims[1:] if d != dims[0]}
    if len(different) > 1:
        raise Conflict(())
    return different.pop() if different else dims[0]


def _distinct(failures: Iterable[Failing]) -> list[Failing]:
    """Failures at the same node for the same condition once, with all their sizes."""
    merged: dict[object, Failing] = {}
    for f in failures:
        reason = (f.event.condition, f.event.node) if f.event else id(f.trace)
        key = (reason, f.sizes.symbols)
        before = merged.get(key)
        merged[key] = Failing(f.trace, f.event, f.sizes | before.sizes) if before else f
    return list(merged.values())
