"""A call of a module, replayed at other sizes without disturbing the run that made it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.lengths.expr import Expr, Sizes
from shapelint.trace import Trace
from shapelint.worker.claim import ShapeMismatch
from shapelint.worker.graph import ForeignTensor
from shapelint.worker.layout import dense, order_of
from shapelint.worker.loading.stubs import is_missing
from shapelint.worker.python.caught import is_caught
from shapelint.worker.python.contents import contents_of
from shapelint.worker.python.length import Length, expr_of, length
from shapelint.worker.python.ranges.interval import GIVEN, mark_given, range_of
from shapelint.worker.recorder import Recorder
from shapelint.worker.replay_cache import ReplayCache
from shapelint.worker.shapes import Shape
from shapelint.worker.state import Snapshot, has_state
from shapelint.worker.strides import has_gaps
from shapelint.worker.tensor import ShapeTensor

if TYPE_CHECKING:
    from shapelint.worker.tracer import ShapeTracer

_PLAIN = frozenset({bool, float, str, bytes, torch.dtype, torch.device, type(None), type(...)})


class CannotMerge(Exception):
    """Two paths through a call are not known to have the same effect on what comes after it.

    ``only_here``: they may have after the call of an enclosing module.
    """

    def __init__(self, only_here: bool = False) -> None:
        super().__init__()
        self.only_here = only_here


@dataclass(frozen=True)
class Returned:
    """What a call returned."""

    leaves: list[Any]
    spec: Any
    run: Recorder
    """The recorder of the run that made the call."""

    @staticmethod
    def of(result: Any, run: Recorder) -> Returned:
        """The result of a call in ``run``."""
        return Returned(*pytree.tree_flatten(result), run)

    @cached_property
    def kinds(self) -> list[object]:
        """All that is compared but the lengths: structure, dtypes, orders in memory, constants.

        Computed at the first access, which has to be during the run: see :func:`_order`.
        """
        return [self.spec, *(_kind(leaf, self.run) for leaf in self.leaves)]

    @property
    def formulas(self) -> list[tuple[Expr, ...]]:
        """The lengths in each leaf."""
        return [_formulas(leaf) for leaf in self.leaves]

    def is_at(self, sizes: Sizes) -> bool:
        """Whether every length has the value of its formula at ``sizes``.

        A length that does not was stored in an earlier run.
        """
        numbers = (n for leaf in self.leaves for n in _numbers(leaf))
        return all(expr_of(n).at(sizes) == int(n) for n in numbers)


class Replay:
    """A module call that can be made again at other sizes.

    ``before`` is the recorder as it was before the call, ``given`` the arguments. Raises
    CannotMerge for arguments that cannot be had at other sizes, and for modules with hooks.
    """

    def __init__(
        self,
        tracer: ShapeTracer,
        before: Recorder,
        module: nn.Module,
        call: Callable[..., Any],
        given: Any,
    ) -> None:
        self._tracer, self._module, self._call = tracer, module, call
        self._leaves, self._spec = pytree.tree_flatten(given)
        self._orders = {id(t): _order(t, before) for t in self._leaves if type(t) is ShapeTensor}
        self._before = Snapshot(_owners(module), *tracer.caches.outside(tracer.root))
        if any(map(_has_hooks, module.modules())):
            raise CannotMerge  # a hook may store what it sees
        self._cache = ReplayCache(self._before.is_kept, tracer.replay_cache)

    def at(self, recorder: Recorder) -> Returned | Trace | None:
        """What the call returns at the sizes of ``recorder``.

        If it raises, the trace of the run that this ends; None if the model may catch that, or the
        trace would not have all calls. Raises CannotMerge if the call has a side effect.
        """
        self._cache.used = False
        with self._tracer.side_run(recorder, self._cache) as calls:
            moved = {id(leaf): self._moved(leaf, recorder.sizes, calls) for leaf in self._leaves}
            leaves = [moved[id(leaf)] for leaf in self._leaves]
            formulas = list(map(_formulas, leaves))
            args, kwargs = pytree.tree_unflatten(leaves, self._spec)
            returned: Returned | Trace | None
            try:
                returned = Returned.of(self._call(self._module, *args, **kwargs), recorder)
                returned.kinds  # noqa: B018  computed while this run is under way
            except (CannotMerge, ForeignTensor, ShapeMismatch):
                raise CannotMerge from None
            except Exception as exc:
                unknown = is_caught(type(exc)) or is_missing(exc) or self._cache.used
                returned = None if unknown else self._tracer.ended_by(exc)
            finally:
                changed = self._before.restored()
        now = pytree.tree_leaves((args, kwargs))
        same = len(now) == len(leaves) and all(map(operator.is_, now, leaves))
        if changed or not same or list(map(_formulas, leaves)) != formulas:
            raise CannotMerge
        if isinstance(returned, Returned) and not returned.is_at(recorder.sizes):
            raise CannotMerge
        return returned

    def _moved(self, leaf: Any, sizes: Sizes, calls: Any) -> Any:
        """A leaf of the arguments at other sizes. Raises CannotMerge if that is not known."""
        if type(leaf) is ShapeTensor:
            shape = Shape(length(e.at(sizes), e) for e in _formulas(leaf))
            with torch._C.DisableTorchFunction():
                real = dense(shape, self._orders[id(leaf)], leaf.dtype)
            moved = ShapeTensor.wrap(real, shape, calls.placeholder("given"))
            return mark_given(moved) if range_of(leaf) is GIVEN else moved
        if type(leaf) is Length:
            return length(leaf.expr.at(sizes), leaf.expr)
        if type(leaf) is int or type(leaf) in _PLAIN or type(leaf) in (torch.Tensor, nn.Parameter):
            return leaf
        raise CannotMerge


def _owners(module: nn.Module) -> Iterator[object]:
    """Whose attributes a call may change: its modules, and objects that these hold."""
    for part in module.modules():
        yield part
        for value in vars(part).values():
            if has_state(value):
                yield value


def _has_hooks(module: nn.Module) -> bool:
    """Whether it has hooks of the user; PyTorch's own only compute weights (weight_norm)."""
    hooks = (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
    return any(not str(type(hook).__module__).startswith("torch.nn.") for hook in hooks)


def _order(tensor: ShapeTensor, run: Recorder) -> tuple[int, ...]:
    """The order of its dims in memory.

    Raises CannotMerge for a tensor that is more than its lengths, dtype and that order.
    """
    if type(tensor.lengths) is not Shape:
        raise CannotMerge
    with torch._C.DisableTorchFunction():
        order = None if tensor.is_complex() or tensor.is_sparse else order_of(tensor)
        if order is None or not tensor.is_meta or tensor.stretched or contents_of(tensor):
            raise CannotMerge
        counts = not tensor.is_floating_point() and tensor.dtype is not torch.bool
    if counts and range_of(tensor) is not GIVEN:
        raise CannotMerge
    if has_gaps(tensor, order, run):
        raise CannotMerge
    return order


def _kind(leaf: Any, run: Recorder) -> object:
    if type(leaf) is ShapeTensor:
        try:
            return _order(leaf, run), leaf.dtype
        except CannotMerge:  # more than is compared: equal to nothing but itself
            return object()
    if type(leaf) in (int, Length):
        return int
    return (type(leaf), leaf) if type(leaf) in _PLAIN else id(leaf)


def _numbers(leaf: Any) -> Sequence[int]:
    if type(leaf) is ShapeTensor:
        return leaf.lengths
    return (leaf,) if type(leaf) in (int, Length) else ()


def _formulas(leaf: Any) -> tuple[Expr, ...]:
    return tuple(map(expr_of, _numbers(leaf)))
