"""Memoizes the module calls inside the replays of one call.

Most of a block does the same on all its paths: ``if h % 2: x = F.pad(x, ...)`` is followed by the
same layers, and three such axes make eight paths. A replay that calls a module with arguments of
the same formulas as an earlier one gets what that one got.

The law: where everything that a call asked turns out the same, it returns the same formulas. What
it needed is needed again; nothing else that it asked may be new to the run. It depends on nothing
besides, as every attribute of the block and every container that code shares is as it was before
the block was called: before and after the earlier call, and before the one that is spared. Only a
tensor that is new, or shows all of a new one, is known by what is seen of it, and only if no length
in the call is 1, as such a dim fits any order. A call that asks how the tensors it is given lie in
memory is repeatable if their order is settled.

A replay inside of a replay knows the calls of the one around it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from shapelint.lengths.conditions import Condition
from shapelint.lengths.expr import Bounds, Expr, Sizes
from shapelint.trace import Event
from shapelint.worker.call_cache import PLAIN, arguments_key
from shapelint.worker.layout import dense, forms_of, is_alias, order_of
from shapelint.worker.noted import Noted
from shapelint.worker.python.length import length
from shapelint.worker.shapes import Shape
from shapelint.worker.shown import is_settled, laid_like, shown_by, shows_whole
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
    known: Bounds | None
    """The bounds of input sizes before it, if it depended on them; None if it did not."""

    def again(self, tracer: ShapeTracer) -> ShapeTensor | None:
        """The tensor at the sizes of this run; None if the call might do something else there."""
        recorder = tracer.recorder
        if not _none_is_one(self.lengths, recorder.sizes):
            return None
        if self.known is not None and self.known != recorder.known:
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

    ``is_unchanged`` says whether all attributes are as they were before the call. It may be made by
    a replay itself, whose calls are in the cache ``around``.
    """

    def __init__(self, is_unchanged: Callable[[], bool], around: ReplayCache | None) -> None:
        self._is_unchanged = is_unchanged
        self._around = around
        self._made: dict[object, _Made] = {}
        self.used = False
        """Whether the replay under way has got something from here."""

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
        if not module._modules or not all(map(_is_whole, given)):
            return call()
        key = arguments_key(module, args, kwargs)
        if key is None or not self._is_unchanged():
            return call()
        for earlier in self._made_for(key):
            if (result := earlier.again(tracer)) is not None:
                self.used = True
                return result
        begun = _Begun(tracer, given)
        with tracer.recorder.noting() as noted:
            result = call()
        made = begun.ended(result, noted) if noted.repeatable else None
        if made is not None and self._is_unchanged():
            self._made[key] = made
        return result

    def _made_for(self, key: object) -> Iterator[_Made]:
        """The earlier calls with these arguments, here and around."""
        if key in self._made:
            yield self._made[key]
        cache = self._around
        while cache is not None:
            if key in cache._made and cache._is_unchanged():
                yield cache._made[key]
            cache = cache._around


class _Begun:
    """A call that is about to be made on the tensors ``given``."""

    def __init__(self, tracer: ShapeTracer, given: Sequence[torch.Tensor]) -> None:
        self._tracer, self._given = tracer, given
        self._versions = [t._version for t in given]
        self._known = dict(tracer.recorder.known)
        self._first = len(tracer.recorder.events), len(tracer.nodes)

    def ended(self, result: Any, noted: Noted) -> _Made | None:
        """What is to be known of it, if it is repeatable in all but side effects."""
        recorder = self._tracer.recorder
        needs = tuple(recorder.events[self._first[0] :])
        if any(e.kind != "need" for e in needs) or not _is_plain(result, self._given):
            return None
        if noted.of_memory and not all(map(is_settled, self._given)):
            return None
        if self._versions != [t._version for t in self._given]:
            return None
        shapes = [s for node in self._tracer.nodes[self._first[1] :] for s in node.shapes]
        lengths = {n for shape in shapes for n in shape if not n.is_const}
        if not _none_is_one(lengths, recorder.sizes):
            return None
        shape, known = tuple(forms_of(result.lengths)), self._known if noted.bounded else None
        return _Made(shape, result.dtype, noted.relied(), needs, noted.lax, lengths, known)


def _none_is_one(lengths: Collection[Expr], sizes: Sizes) -> bool:
    return all(n.at(sizes) > 1 for n in lengths)


def _is_bare(value: Any) -> bool:
    """Whether it is a tensor of whose elements nothing is known."""
    return type(value) is ShapeTensor and type(value.lengths) is Shape and value.range is None


def _is_new(value: Any) -> bool:
    """Whether it is such a tensor, and shows no other one."""
    return _is_bare(value) and shown_by(value) is None and not laid_like(value)


def _is_whole(value: Any) -> bool:
    """Whether it shows no other tensor, or all of a new one: perhaps under other lengths."""
    return _is_bare(value) and (shown_by(value) is None or shows_whole(value))


def _is_plain(result: Any, given: Collection[torch.Tensor]) -> bool:
    """Whether a result is new, known by what is seen of it, and in the order of its dims."""
    if not _is_new(result) or arguments_key(None, (result,), {}) is None:
        return False
    with torch._C.DisableTorchFunction():
        in_order = order_of(result) == tuple(range(result.ndim))
        return in_order and not any(is_alias(result, tensor) for tensor in given)
