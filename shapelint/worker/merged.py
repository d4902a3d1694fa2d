"""What merging found out about a call: put into the run that made it, and into later ones.

The law: two runs that relied on the same conditions until a call, in the same order, and have lost
sight of no length, are in the same state, given by formulas. So what holds at every size that
reaches the call in the one run holds in the other. A run that took the same path through the call
as well has the same events, of which the same remain.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import Condition
from shapelint.lengths.expr import Expr
from shapelint.worker.call_cache import arguments_key
from shapelint.worker.python.length import length
from shapelint.worker.replay import Returned
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor

if TYPE_CHECKING:
    from shapelint.worker.tracer import ShapeTracer

Formulas = list[tuple[Expr, ...]]


@dataclass(frozen=True)
class Merged:
    """The one path that all paths through a call are."""

    needs: tuple[int, ...]
    """Indices of the events that remain, among those of the call."""
    formulas: Formulas
    """The lengths in what it returns, on every path."""
    lax: bool
    """As :attr:`.recorder.Recorder.lax`, of any path."""
    replayed: tuple[dict[str, int], ...]
    """The sizes at which other paths were taken."""

    def put_into(
        self, tracer: ShapeTracer, start: int, result: Any, given: Sequence[Any]
    ) -> tuple[list[Condition], Any]:
        """Leave nothing of the call among the events of a run, from ``start`` on, but its needs.

        Gives the branches among these, and the result in formulas that hold on every path.
        ``given`` are the tensors among the arguments.
        """
        recorder = tracer.recorder
        needs = [recorder.events[start + i] for i in self.needs]
        recorder.keep_only([*recorder.events[:start], *needs])
        recorder.lax |= self.lax
        known = [recorder.sizes, *recorder.replayed]
        recorder.replayed += (sizes for sizes in self.replayed if sizes not in known)
        branches = [e.relied for e in needs if e.kind == "branch"]
        returned = Returned.of(result, recorder)
        if self.formulas == returned.formulas:
            return branches, result
        leaves = [
            leaf if old == new else _leaf_with(tracer, leaf, new, given)
            for leaf, old, new in zip(returned.leaves, returned.formulas, self.formulas)
        ]
        return branches, pytree.tree_unflatten(leaves, returned.spec)


def _leaf_with(
    tracer: ShapeTracer, leaf: Any, formulas: tuple[Expr, ...], given: Sequence[Any]
) -> Any:
    """A tensor or a length with these formulas; a new view of a tensor that was passed in."""
    sizes = tracer.recorder.sizes
    lengths = Shape(length(e.at(sizes), e) for e in formulas)
    if type(leaf) is not ShapeTensor:
        return lengths[0]
    tracer.records.put_right(leaf, lengths)
    if not any(leaf is tensor for tensor in given):
        return ShapeTensor.wrap(leaf, lengths, leaf.node)
    with torch._C.DisableTorchFunction():
        return ShapeTensor.wrap(leaf.view(leaf.shape), lengths, leaf.node)


def way_to(
    tracer: ShapeTracer,
    module: tuple[int, nn.Module],
    args: Any,
    kwargs: Any,
    unmerged: Collection[Condition],
) -> object:
    """How a run came to a call and took it: all that merging depends on; None if that is unknown.

    ``module`` is called, as the so-manieth of the run; ``unmerged`` are the branches that stay. A
    replay does not start where a run does.
    """
    recorder = tracer.recorder
    if tracer.replay_cache is not None or recorder.has_doubts:
        return None
    given = arguments_key(module, args, kwargs)
    if given is None or not all(e.relied.at(recorder.sizes) for e in recorder.events):
        return None
    relied = tuple(e.relied for e in recorder.events)
    return given, relied, frozenset(unmerged), tuple(sorted(recorder.domain.items()))
