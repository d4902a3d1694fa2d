"""Memoizes the module calls inside the replays of one call.

Most of a block does the same on all its paths: ``if h % 2: x = F.pad(x, ...)`` is followed by the
same layers, and three such axes make eight paths. A replay that calls a module with arguments of
the same formulas as an earlier one gets what that one got.

The law: where everything that a call asked turns out the same, it returns the same formulas. What
it needed is needed again; nothing else that it asked may be new to the run. It depends on nothing
besides, as no attribute of the block and no container that code shares was changed by then, in
either replay, and the earlier one had no side effect. Only a tensor in the order of its dims that
is new, or shows all of a new one, is known by what is seen of it, and only if no length in the call
is 1, as such a dim fits any order. A call that asks for more about what is shown is not repeatable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from shapelint.lengths.conditions import Condition
from shapelint.lengths.expr import Expr, Sizes
from shapelint.trace import Event
from shapelint.worker.call_cache import PLAIN, arguments_key
from shapelint.worker.layout import dense, forms_of, is_alias, order_of
from shapelint.worker.python.length import length
from shapelint.worker.recorder import Noted
from shapelint.worker.shapes import Shape
from shapelint.worker.shown import is_dense, laid_like, shown_by
from shapelint.worker.tensor import ShapeTensor

if TYPE_CHECKING:
    from shapelint.worker.tracer import ShapeTracer


@dataclass(frozen=True)
class _Made:
    """What a call returned, and what it asked for that."""

    shape: tuple[Expr | int, ...]
    dtype: torch.dtype
    asked: tuple[Condition, ...]
    needs: tuple[Event, ...]
    lax: bool
    lengths: Collection[Expr]
    """All lengths in the call that depend on sizes."""

    def again(self, tracer: ShapeTracer) -> ShapeTensor | None:
        """The tensor at the sizes of this run; None if the call might do something else there."""
        recorder = tracer.recorder
        if not _none_is_one(self.lengths, recorder.sizes):
            return None
        if not recorder.asks_nothing_else(self.asked, self.needs):
            return None
        recorder.lax |= self.lax
        sizes = recorder.sizes
        shape = Shape(n if isinstance(n, int) else length(n.at(sizes), n) for n in self.shape)
        with torch._C.DisableTorchFunction():
            real = dense(shape, tuple(range(len(shape))), self.dtype)
        return ShapeTensor.wrap(real, shape, tracer.calls.placeholder("memoized"))


class ReplayCache:
    """The module calls of all replays of one call.

    ``is_unchanged`` says whether all attributes are as they were before the call.
    """

    def __init__(self, is_unchanged: Callable[[], bool]) -> None:
        self._is_unchanged = is_unchanged
        self._made: dict[object, _Made] = {}
        self._new: dict[object, _Made] = {}
        self.used = False
        """Whether the replay under way has got something from here."""

    def begin(self) -> None:
        """A replay begins; the one before had no side effect."""
        self._made |= self._new
        self._new, self.used = {}, False

    def call(
        self,
        tracer: ShapeTracer,
        module: nn.Module,
        call: Callable[[], Any],
        args: Any,
        kwargs: Any,
    ) -> Any:
        """What ``call`` returns, which calls ``module`` with these arguments."""
        given = [v for v in (*args, *kwargs.values()) if type(v) not in PLAIN]
        # a layer alone takes no longer than to look whether something was changed
        if not module._modules or not all(map(_is_whole, given)) or not self._is_unchanged():
            return call()
        key = arguments_key(module, args, kwargs)
        made = self._made.get(key)
        if made is not None and (result := made.again(tracer)) is not None:
            self.used = True
            return result
        first = len(tracer.recorder.events), len(tracer.nodes)
        versions = [t._version for t in given]
        with tracer.recorder.noting() as noted:
            result = call()
        if key is not None and _is_plain(result, given) and versions == [t._version for t in given]:
            self._keep(key, result, noted, tracer, first)
        return result

    def _keep(
        self, key: object, result: ShapeTensor, noted: Noted, tracer: ShapeTracer,
        first: tuple[int, int],
    ) -> None:  # fmt: skip
        """Keep what a call returned that began with these events and nodes, if the law holds."""
        needs = tuple(tracer.recorder.events[first[0] :])
        shapes = [shape for node in tracer.nodes[first[1] :] for shape in node.shapes]
        lengths = {n for shape in shapes for n in shape if not n.is_const}
        if not noted.repeatable or noted.bounded or any(e.kind != "need" for e in needs):
            return
        if _none_is_one(lengths, tracer.recorder.sizes):
            shape, asked = tuple(forms_of(result.lengths)), noted.relied()
            self._new[key] = _Made(shape, result.dtype, asked, needs, noted.lax, lengths)


def _none_is_one(lengths: Collection[Expr], sizes: Sizes) -> bool:
    return all(n.at(sizes) > 1 for n in lengths)


def _is_bare(value: Any) -> bool:
    """Whether it is a tensor of whose elements nothing is known."""
    return type(value) is ShapeTensor and type(value.lengths) is Shape and value.range is None


def _is_new(value: Any) -> bool:
    """Whether it is such a tensor, and shows no other one."""
    return _is_bare(value) and shown_by(value) is None and not laid_like(value)


def _is_whole(value: Any) -> bool:
    """Whether it is new, or shows all of a new one in its order: under other lengths."""
    return _is_new(value) or (_is_bare(value) and is_dense(value))


def _is_plain(result: Any, given: Collection[torch.Tensor]) -> bool:
    """Whether a result is new, known by what is seen of it, and in the order of its dims."""
    if not _is_new(result) or arguments_key(None, (result,), {}) is None:
        return False
    with torch._C.DisableTorchFunction():
        in_order = order_of(result) == tuple(range(result.ndim))
        return in_order and not any(is_alias(result, tensor) for tensor in given)
