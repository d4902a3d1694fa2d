"""Blocks whose paths agree at their end: ``if h % 2: x = F.pad(x, (0, 0, 0, 1))`` before a stride.

Five such blocks in a row make 32 paths through a model, and there is one formula for all of them.
So where the call of a module has tested sizes, the same call is made again at sizes that take its
other paths, the rest of the model left alone.

The law: let ``R1 … Rk`` be the sizes that take the paths ``1 … k`` of a call, and let them be all
sizes that come to it. Let a formula ``f`` be what way ``i`` returns, for all sizes in ``Ri`` and
for every ``i``, and let the call leave nothing behind but its result. Then ``f`` is what the call
returns at any size, and what comes after it cannot know which way was taken: no branch is left.

That the paths are all there are is known because every test on every way was followed to its other
side, or has none. Which sizes go a way, if any, need not be known: where none is found a run is
sent there against its own. That formulas are equal on ``Ri`` is decided exactly
(:mod:`..lengths.regions`). What a call leaves behind is looked for in the attributes of its
modules, in the containers that code shares, in its arguments; and results are equal if their dtype
and their order in memory are, too, and nothing else is known of them. A way that loses sight of a
length proves nothing. Needs have to be the same on all paths, or to follow from the tests; a test
whose other side raises is one of them. Where any of this cannot be shown, the tests stay in the
run, and what calls the module, or the explorer, goes through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import Condition, negate
from shapelint.lengths.expr import Expr
from shapelint.lengths.regions import Region, one_formula
from shapelint.trace import Event, Node, Trace
from shapelint.worker.claim import ShapeMismatch
from shapelint.worker.nested import tensors_in
from shapelint.worker.python.length import length
from shapelint.worker.recorder import Recorder
from shapelint.worker.replay import CannotMerge, Replay, Returned
from shapelint.worker.shapes import Shape, shape_of
from shapelint.worker.tensor import ShapeTensor

if TYPE_CHECKING:
    from shapelint.worker.tracer import ShapeTracer

_MOST = 16
"""Paths through one call that are tried."""

Formulas = list[tuple[Expr, ...]]


@dataclass(frozen=True)
class Path:
    """One way through a call."""

    region: Region
    """The sizes that take it, and meet what it demands."""
    demands: list[Event]
    """Without which it raises, as far as that does not follow from the tests on the path."""
    returned: Returned


class PathMerger:
    """The calls of modules in one run."""

    def __init__(self, tracer: ShapeTracer) -> None:
        self._tracer = tracer
        self._apart = tracer.caches.apart
        self._left: set[Condition] = set()
        """Tests that stay in the run, whatever is called around them."""

    def through(self, module: nn.Module, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a module, and take out of the run what makes no difference behind the call."""
        recorder, given = self._tracer.recorder, tensors_in((args, kwargs))
        first = len(recorder.events), len(self._tracer.nodes)
        before = Recorder(recorder.sizes, recorder.known)
        shapes = [shape_of(t) for t in given]
        result = call(module, *args, **kwargs)
        tests = [e for e in recorder.events[first[0] :] if e.kind == "branch"]
        if not self._may_agree(module, tests) or [shape_of(t) for t in given] != shapes:
            return result
        try:
            replay = Replay(self._tracer, before, module, call, (args, kwargs))
            return _Merge(self._tracer, replay, first, self._left).agreed(result, given)
        except CannotMerge as exc:
            self._apart[id(module)] = exc.only_here
            self._stay(exc.only_here, tests)
            return result
        except Exception as exc:  # the model has returned: what raises here is ours
            raise ShapeMismatch(f"paths through a {type(module).__name__}: {exc!r}") from exc

    def _may_agree(self, module: nn.Module, tests: Sequence[Event]) -> bool:
        seen = self._apart.get(id(module))
        if seen is not None:
            self._stay(seen, tests)
        if any(e.why for e in tests) or all(e.relied in self._left for e in tests):
            return False
        return seen is None and not self._tracer.patches

    def _stay(self, only_here: bool, tests: Sequence[Event]) -> None:
        if not only_here:
            self._left.update(e.relied for e in tests)


class _Merge:
    """A call that tested sizes, beside the run up to it."""

    def __init__(
        self, tracer: ShapeTracer, replay: Replay, first: tuple[int, int], left: set[Condition]
    ) -> None:
        self._tracer, self._replay, self._left = tracer, replay, left
        self._before, self._called = tracer.recorder.events[: first[0]], first[1]
        self._runs: list[Recorder] = []
        self._tried = 0

    def agreed(self, result: Any, given: Sequence[Any]) -> Any:
        """What is returned on every way, in formulas that hold on all. Raises CannotMerge."""
        returned = Returned.of(result, self._tracer.recorder)
        sizes = self._tracer.recorder.sizes
        before = (e.relied for e in self._before)  # some may not hold: see crossings
        region = reduce(Region.narrowed, (c for c in before if c.at(sizes)), Region({}))
        paths = self._from(region, [], self._tracer.recorder, 0, returned)
        formulas = _common(paths)
        self._take_back(_demanded(paths))
        return result if formulas == returned.formulas else self._said_as(returned, formulas, given)

    def _from(
        self, region: Region, asked: list[Event], run: Recorder, start: int, result: Returned
    ) -> list[Path]:
        """The way of a run, and those that leave it from its event ``start`` on.

        A test stays where its other side raises: then it is a demand.
        """
        sides: list[tuple[int, Region, Recorder | None]] = []
        events = run.events[len(self._before) :]
        for i, event in enumerate(events[start:], start):
            taken = event.relied
            other = region.narrowed(negate(taken))
            if not other.is_empty:
                stays = event.kind == "need" or taken in self._left
                sides.append((i, other, None if stays else self._sent(other, run, taken)))
            region = region.narrowed(taken)
        beside: list[Path] = []
        for i, other, sent in sides:
            found = [] if sent is None else self._beside(other, sent, asked, events[: i + 1])
            asked = asked if found else [*asked, events[i]]
            beside += found
        return [Path(region, asked, result), *beside]

    def _sent(self, region: Region, run: Recorder, taken: Condition) -> Recorder:
        """A run in a region; where no size of it is found, one that goes against its own sizes."""
        sizes = region.near(self._tracer.recorder.sizes)
        if sizes is None:
            return run.across(self._before, taken)
        return self._tracer.recorder.after(self._before, sizes)

    def _beside(
        self, region: Region, run: Recorder, asked: list[Event], until: list[Event]
    ) -> list[Path]:
        """The paths of the sizes in a region, which leave others at their last event.

        None if it raises. Raises CannotMerge if that is not seen.
        """
        if self._tried == _MOST:
            raise CannotMerge
        result, self._tried = self._replay.at(run), self._tried + 1
        if not isinstance(result, Returned):
            self._tracer.recorder.raising += [] if result is None else self._known(result)
            return []
        if not run.doubts_no_more_than(self._tracer.recorder):
            raise CannotMerge
        self._runs.append(run)
        if not self._leaves(run, until):
            raise CannotMerge
        return self._from(region, asked, run, len(until) - 1, result)

    def _known(self, raising: Trace) -> Iterator[Trace]:
        """The whole run that raises in this call, if until then it makes the calls of this one."""
        end = self._called + len(raising.nodes)
        nodes = self._tracer.nodes[:end]
        same = [*map(_call_of, raising.nodes)] == [*map(_call_of, nodes[self._called :])]
        if same and _at_home(raising):
            own = raising.events[len(self._before) :]
            events = (*self._before, *(replace(e, node=e.node + self._called) for e in own))
            yield replace(raising, nodes=tuple(nodes), events=events)

    def _leaves(self, run: Recorder, until: list[Event]) -> bool:
        """Whether it came as far as others did, and then went the other way, sent or not."""
        *before, taken = (e.relied for e in until)
        events = [e.relied for e in run.events[len(self._before) :]]
        left = events[len(before) : len(until)] == [negate(taken)]
        return events[: len(before)] == before and (left or not taken.at(run.sizes))

    def _take_back(self, demanded: Sequence[Event]) -> None:
        """Let the run have asked nothing in this call but what all paths demand."""
        recorder = self._tracer.recorder
        recorder.turn_back(recorder.after([*self._before, *demanded], recorder.sizes))
        self._left.update(e.relied for e in demanded if e.kind == "branch")
        recorder.lax |= any(run.lax for run in self._runs)
        known = [recorder.sizes, *recorder.beside]
        recorder.beside += (r.sizes for r in self._runs if r.sizes not in known)

    def _said_as(self, returned: Returned, formulas: Formulas, given: Sequence[Any]) -> Any:
        """What the run returned, in other formulas."""
        leaves = [
            leaf if old == new else self._in_words_of(leaf, new, given)
            for leaf, old, new in zip(returned.leaves, returned.formulas, formulas)
        ]
        return pytree.tree_unflatten(leaves, returned.spec)

    def _in_words_of(self, leaf: Any, formulas: tuple[Expr, ...], given: Sequence[Any]) -> Any:
        sizes = self._tracer.recorder.sizes
        lengths = Shape(length(e.at(sizes), e) for e in formulas)
        if type(leaf) is not ShapeTensor:
            return lengths[0]
        self._tracer.records.put_right(leaf, lengths)
        if not any(leaf is tensor for tensor in given):
            return ShapeTensor.wrap(leaf, lengths, leaf.node)
        with torch._C.DisableTorchFunction():
            return ShapeTensor.wrap(leaf.view(leaf.shape), lengths, leaf.node)


def _call_of(node: Node) -> object:
    return node.op, node.span, node.module


def _at_home(run: Trace) -> bool:
    """Whether its own code raised, and nothing went against its sizes."""
    code = run.failure is not None and run.failure.node < 0 and not run.failure.explained
    return code and all(e.condition.at(run.hints) == e.holds for e in run.events)


def _demanded(paths: Sequence[Path]) -> list[Event]:
    """What every way demands, which is what the first does. Raises CannotMerge if that differs."""
    stated = [{e.relied for e in path.demands} for path in paths]
    for path, own in zip(paths, stated):
        if not own <= stated[0] or not all(map(path.region.implies, stated[0] - own)):
            raise CannotMerge
    return paths[0].demands


def _common(paths: Sequence[Path]) -> Formulas:
    """For every length that is returned a formula that holds on all paths. Raises CannotMerge."""
    if any(path.returned.kinds != paths[0].returned.kinds for path in paths[1:]):
        raise CannotMerge(only_here=True)
    regions = [path.region for path in paths]
    leaves = zip(*(path.returned.formulas for path in paths))
    return [tuple(_one(zip(regions, each)) for each in zip(*leaf)) for leaf in leaves]


def _one(pieces: Iterable[tuple[Region, Expr]]) -> Expr:
    formula = one_formula(list(pieces))
    if formula is None:
        raise CannotMerge(only_here=True)
    return formula
