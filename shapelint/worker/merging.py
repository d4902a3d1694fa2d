"""Path merging: a module call whose paths all return the same formulas is explored as one path.

``if h % 2: x = F.pad(x, (0, 0, 0, 1))`` before a stride is such a call. Five of them in a row make
32 paths through a model, with one formula for all. So where the call of a module has branched on
sizes, it is replayed on its own at sizes that take its other paths. This is what symbolic
execution knows as state merging (Kuznetsov et al., "Efficient State Merging in Symbolic
Execution", PLDI 2012).

The law: let ``R1 … Rk`` be the sets of sizes that take the paths ``1 … k`` of a call, and let them
cover all sizes that reach it. Let a formula ``f`` equal what path ``i`` returns for all sizes in
``Ri``, for every ``i``, and let the call have no side effects. Then ``f`` is what the call returns
at every size, and nothing after it can depend on the path taken: its branches can be dropped.

How each premise is established:

* The paths cover everything: both sides of every branch on every path were run, unless one side is
  empty. Where no size of a side is found, a run is forced to take it (:meth:`Recorder.across`).
* ``f`` equals the result on ``Ri``: decided exactly, see :mod:`shapelint.lengths.regions`. Dtype
  and order in memory have to be the same as well. A path that loses sight of a length that the
  first one does not proves nothing.
* No side effects: looked for in the attributes of the modules, in containers that code shares, and
  in the arguments.
* Needs: the same on all paths, or implied by the path's region. A branch one side of which raises
  is a need, too.

Where a premise cannot be shown the branches stay in the run. Then the call of an enclosing module
may still be merged; if not, the explorer covers the paths one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from torch import nn

from shapelint.lengths.conditions import Condition, negate
from shapelint.lengths.expr import Expr
from shapelint.lengths.regions import Region, one_formula
from shapelint.trace import Event, Node, Trace
from shapelint.worker.claim import ShapeMismatch
from shapelint.worker.merged import Formulas, Merged, way_to
from shapelint.worker.nested import tensors_in
from shapelint.worker.recorder import Recorder
from shapelint.worker.replay import CannotMerge, Replay, Returned
from shapelint.worker.shapes import shape_of

if TYPE_CHECKING:
    from shapelint.worker.tracer import ShapeTracer

_MOST = 16
"""How many paths through one call are run; a call with more is not merged."""


@dataclass(frozen=True)
class Path:
    """One path through a call."""

    region: Region
    """The sizes that take it and do not raise on it: its path condition."""
    needs: list[Event]
    """Where one does not hold the path raises; without those that its branches imply."""
    returned: Returned


class PathMerger:
    """Merges the paths through the module calls of one run, where that is sound."""

    def __init__(self, tracer: ShapeTracer) -> None:
        self._tracer = tracer
        self._refused, self._merges = tracer.caches.not_merged, tracer.caches.merged
        self._unmerged: set[Condition] = set()
        """Branches that stay in the run: no enclosing call can merge them either."""
        self._calls = 0
        """How many calls the run has made, whichever path those took that were merged."""

    def call(self, module: nn.Module, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a module, unless a replay has done so with arguments of the same formulas."""
        cache = self._tracer.replay_cache
        if cache is None:
            return self._merged(module, call, args, kwargs)
        made = partial(self._merged, module, call, args, kwargs)
        return cache.call(self._tracer, module, made, args, kwargs)

    def _merged(self, module: nn.Module, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a module, and drop from the run the branches that make no difference after it."""
        recorder, given = self._tracer.recorder, tensors_in((args, kwargs))
        first = len(recorder.events), len(self._tracer.nodes)
        before, marks = Recorder(recorder.sizes, recorder.known), recorder.notes.marks()
        shapes = [shape_of(t) for t in given]
        self._calls += 1
        number = self._calls
        result = call(module, *args, **kwargs)
        branches = [e for e in recorder.events[first[0] :] if e.kind == "branch"]
        if not self._may_merge(module, branches) or [shape_of(t) for t in given] != shapes:
            return result
        way = way_to(self._tracer, (number, module), args, kwargs, self._unmerged)
        made = self._calls
        try:
            merged = self._merges.get(way)
            if merged is None:
                replay = Replay(self._tracer, before, module, call, (args, kwargs))
                merged = self._found(
                    way, _Merge(self._tracer, replay, first, self._unmerged), result
                )
            stay, common = merged.put_into(self._tracer, first[0], result, given)
            self._unmerged.update(stay)
            made = number
            if merged.replayed or common is not result:
                # it holds wherever the call was reached, whatever it has tested on this path
                recorder.notes.instead(marks, (e.relied for e in recorder.events[: first[0]]))
            return common
        except CannotMerge as exc:
            self._refused[id(module)] = exc.only_here
            self._stay(exc.only_here, branches)
            return result
        except Exception as exc:  # the model has returned: what raises here is ours
            raise ShapeMismatch(f"paths through a {type(module).__name__}: {exc!r}") from exc
        finally:
            self._calls = made  # replays make none

    def _found(self, way: object, merge: _Merge, result: Any) -> Merged:
        """What merging finds; kept for runs that come the same way. Raises CannotMerge."""
        merged, raising = merge.merged(result), self._tracer.recorder.raising
        if way is not None and not raising:
            self._merges[way] = merged
        return merged

    def _may_merge(self, module: nn.Module, branches: Sequence[Event]) -> bool:
        """Whether there is something to merge, and no earlier run has failed to."""
        refused = self._refused.get(id(module))
        if refused is not None:
            self._stay(refused, branches)
        if any(e.why for e in branches) or all(e.relied in self._unmerged for e in branches):
            return False
        return refused is None and not self._tracer.patches

    def _stay(self, only_here: bool, branches: Sequence[Event]) -> None:
        if not only_here:
            self._unmerged.update(e.relied for e in branches)


class _Merge:
    """The paths through one call.

    ``first`` is the number of events, and of nodes, that the run had before the call.
    """

    def __init__(
        self, tracer: ShapeTracer, replay: Replay, first: tuple[int, int], unmerged: set[Condition]
    ) -> None:
        self._tracer, self._replay, self._unmerged = tracer, replay, unmerged
        self._before, self._first_node = tracer.recorder.events[: first[0]], first[1]
        self._runs: list[Recorder] = []
        self._tried = 0

    def merged(self, result: Any) -> Merged:
        """What is common to all paths of the call that returned ``result``. Raises CannotMerge."""
        recorder = self._tracer.recorder
        before = (e.relied for e in self._before)  # some may not hold: see crossings
        region = reduce(Region.narrowed, (c for c in before if c.at(recorder.sizes)), Region({}))
        returned = Returned.of(result, recorder)
        paths = self._explored(region, [], recorder, 0, returned)
        formulas, needs = _common_formulas(paths), {id(e) for e in _common_needs(paths)}
        own = enumerate(recorder.events[len(self._before) :])
        remaining = tuple(i for i, event in own if id(event) in needs)
        replayed = tuple(run.sizes for run in self._runs)
        return Merged(remaining, formulas, any(run.lax for run in self._runs), replayed)

    def _explored(
        self, region: Region, needs: list[Event], run: Recorder, start: int, result: Returned
    ) -> list[Path]:
        """The path that ``run`` took, and all that leave it at or after its event ``start``.

        A branch whose other side always raises is added to the ``needs``.
        """
        sides: list[tuple[int, Region, Recorder | None]] = []
        events = run.events[len(self._before) :]
        for i, event in enumerate(events[start:], start):
            taken = event.relied
            other = region.narrowed(negate(taken))
            if not other.is_empty:
                stays = event.kind == "need" or taken in self._unmerged
                sides.append((i, other, None if stays else self._recorder_in(other, run, taken)))
            region = region.narrowed(taken)
        others: list[Path] = []
        for i, other, recorder in sides:
            until = events[: i + 1]
            found = [] if recorder is None else self._replayed(other, recorder, needs, until)
            needs = needs if found else [*needs, events[i]]
            others += found
        return [Path(region, needs, result), *others]

    def _recorder_in(self, region: Region, run: Recorder, taken: Condition) -> Recorder:
        """A recorder at sizes in ``region``; if none are found, one that forces the branch."""
        sizes = region.near(self._tracer.recorder.sizes)
        if sizes is None:
            return run.denying(taken, self._before)
        return self._tracer.recorder.starting_with(self._before, sizes)

    def _replayed(
        self, region: Region, run: Recorder, needs: list[Event], until: list[Event]
    ) -> list[Path]:
        """Replay the call in ``region``: the paths found there, none if it raises.

        ``until`` are the events up to the branch at which they leave a known path. Raises
        CannotMerge if the replay does not follow them.
        """
        if self._tried == _MOST:
            raise CannotMerge
        result, self._tried = self._replay.at(run), self._tried + 1
        if not isinstance(result, Returned):
            self._tracer.recorder.raising += [] if result is None else self._whole_run(result)
            return []
        if not run.doubts_no_more_than(self._tracer.recorder):
            raise CannotMerge
        self._runs.append(run)
        if not self._leaves(run, until):
            raise CannotMerge
        return self._explored(region, needs, run, len(until) - 1, result)

    def _whole_run(self, raising: Trace) -> Iterator[Trace]:
        """The trace of the whole run, given that of a replay that raises.

        Known only if until then the replay makes the same calls as this run.
        """
        first = self._first_node
        nodes = self._tracer.nodes[: first + len(raising.nodes)]
        same = [*map(_call_of, raising.nodes)] == [*map(_call_of, nodes[first:])]
        if same and _raised_by_model(raising):
            own = raising.events[len(self._before) :]
            events = (*self._before, *(replace(e, node=e.node + first) for e in own))
            yield replace(raising, nodes=tuple(nodes), events=events)

    def _leaves(self, run: Recorder, until: list[Event]) -> bool:
        """Whether a replay met the events ``until``, and took the other side of the last one."""
        *before, taken = (e.relied for e in until)
        events = [e.relied for e in run.events[len(self._before) :]]
        left = events[len(before) : len(until)] == [negate(taken)]
        return events[: len(before)] == before and (left or not taken.at(run.sizes))


def _call_of(node: Node) -> object:
    return node.op, node.span, node.module


def _raised_by_model(run: Trace) -> bool:
    """Whether the model's own code raised, in a run that was not forced to take a branch."""
    code = run.failure is not None and run.failure.node < 0 and not run.failure.explained
    return code and all(e.condition.at(run.hints) == e.holds for e in run.events)


def _common_needs(paths: Sequence[Path]) -> list[Event]:
    """The needs of the first path, if each other path has the same or implies the rest.

    Raises CannotMerge.
    """
    stated = [{e.relied for e in path.needs} for path in paths]
    for path, own in zip(paths, stated):
        if not own <= stated[0] or not all(map(path.region.implies, stated[0] - own)):
            raise CannotMerge
    return paths[0].needs


def _common_formulas(paths: Sequence[Path]) -> Formulas:
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
