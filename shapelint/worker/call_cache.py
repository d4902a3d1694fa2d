"""A cache of transfer functions: what a call was found to need and to return, by its arguments.

Two calls are equal if the function is the same and their arguments are the same formulas in the
input sizes: a tensor on the meta device is its lengths, its dtype, the order of its dims in memory
and whether it is a view. Then needs and result are formulas, too, and hold wherever the conditions
that the transfer function asked about turn out the same. These are the *guards* of an entry, as
``torch.compile`` calls them. An entry is used where all its guards follow from what the run relies
on already: then asking the transfer function again would record nothing new.

An entry is made after the meta kernel has returned the same shape, and what is claimed in the end
is confirmed by runs that use no cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from shapelint.lengths.conditions import Condition
from shapelint.lengths.expr import Bounds, Expr
from shapelint.worker.claim import Claim, claim_of
from shapelint.worker.layout import Order, dense, forms_of, is_alias, order_of
from shapelint.worker.noted import Noted
from shapelint.worker.python.compared import Compared
from shapelint.worker.python.contents import contents_of
from shapelint.worker.python.length import Length
from shapelint.worker.python.size import Size
from shapelint.worker.record import OpCall
from shapelint.worker.recorder import Recorder
from shapelint.worker.shapes import Shape
from shapelint.worker.shown import REGROUPING, is_settled, shown_by
from shapelint.worker.tensor import ShapeTensor

PLAIN = frozenset({type(None), type(...), bool, int, float, str, torch.dtype, torch.memory_format})

_SEQUENCES = frozenset({tuple, list, torch.Size, Shape, Size})


@dataclass(frozen=True)
class CachedCall:
    """What one call returned, and under which conditions it would do so again."""

    shape: tuple[Expr | int, ...]
    guards: tuple[Condition, ...]
    """All conditions that the transfer function asked about, as they turned out."""
    noted: Noted
    """These, and what else it depended on; lax as :attr:`.recorder.Recorder.lax`."""
    local: tuple[Expr | None, ...]
    """As :attr:`shapelint.trace.Node.local`."""
    dtype: torch.dtype
    order: Order
    """The order of dims in memory, if the call returned a new tensor; else None."""
    in_place: bool
    """Whether it returned its first argument."""
    known: Bounds | None
    """The bounds of input sizes that it depended on, None if it did not."""

    def holds_in(self, recorder: Recorder) -> bool:
        """Whether the transfer function would do the same in this run, and record nothing."""
        if self.known is not None and self.known != recorder.known:
            return False
        return all(map(recorder.path.implies, self.guards))

    def is_shape(self, shape: Any) -> bool:
        """Whether this is the shape that the call returned."""
        return type(shape) is Shape and tuple(forms_of(shape)) == self.shape

    def result(self, args: tuple[Any, ...], shape: Any) -> torch.Tensor | None:
        """What the call returns, made without its meta kernel; None if that has to be run."""
        if not self.is_shape(shape):
            return None
        with torch._C.DisableTorchFunction():
            if self.in_place:
                torch.autograd.graph.increment_version(args[0])
                return args[0]  # type: ignore[no-any-return]
            if self.order is None:
                return None
            return dense(shape, self.order, self.dtype)


@dataclass(frozen=True)
class Lookup:
    """The claim of a call, and what it takes to cache it."""

    claim: Claim
    entry: CachedCall | None
    """An equal call with the same shape, made before in this run or another one."""
    key: Any = None
    """None if the call is not to be cached."""
    noted: Noted = field(default_factory=Noted)
    known: Bounds | None = None


class CallCache:
    """The calls of all runs of a model, by function and arguments."""

    def __init__(self) -> None:
        self._entries: dict[object, CachedCall] = {}

    def look_up(self, call: OpCall, recorder: Recorder) -> Lookup:
        """The claim of a call, from the cache if its guards hold, else from :func:`claim_of`.

        Raises what that raises.
        """
        key = None if call.transfer is None else _key(call)
        entry = self._entries.get(key)
        if entry is not None and entry.holds_in(recorder):
            recorder.lax |= entry.noted.lax
            recorder.notes.again(entry.noted)
            shape = Shape(_at(n, recorder.sizes) for n in entry.shape)
            return Lookup(Claim(shape), entry)
        known = dict(recorder.known)
        with recorder.noting() as noted:
            claim = claim_of(call)
        if entry is not None and not entry.is_shape(claim.shapes):
            entry = None
        unsettled = noted.of_memory and not all(map(is_settled, call.tensors))
        if unsettled or noted.ranged or not noted.repeatable:
            key = None
        return Lookup(claim, entry, key, noted, known if noted.bounded else None)

    def store(self, found: Lookup, call: OpCall, real: Any, local: tuple[Expr | None, ...]) -> None:
        """Cache a call whose claim was right: PyTorch returned ``real``."""
        claim, args = found.claim, call.tensors
        if found.key is None or type(claim.shapes) is not Shape or claim.dtypes:
            return
        with torch._C.DisableTorchFunction():
            if not _bare(real):
                return
            seen = tuple(forms_of(claim.shapes)), real.dtype, order_of(real)
            is_new = not any(is_alias(real, tensor) for tensor in args)
            is_new &= call.name not in REGROUPING  # at sizes of 1 it may be a view
            ordered = is_new and all(order_of(tensor) is not None for tensor in args)
        returned = bool(call.args) and real is call.args[0] and seen == found.key[1][0][:3]
        in_place = returned and seen[2] is not None  # one with gaps may be copied at other sizes
        self._entries[found.key] = CachedCall(
            shape=seen[0],
            guards=found.noted.relied(),
            noted=found.noted,
            local=local,
            dtype=seen[1],
            order=seen[2] if ordered else None,
            in_place=in_place,
            known=found.known,
        )


def _bare(value: Any) -> bool:
    """Whether a value is one tensor, fully described by its lengths, dtype and strides.

    To be asked with ``__torch_function__`` switched off, as nearly all of this module.
    """
    kinds = (torch.Tensor, ShapeTensor)
    return type(value) in kinds and value.layout is torch.strided and not value.is_complex()


def _at(length: Expr | int, sizes: Mapping[str, int]) -> int:
    return length if isinstance(length, int) else Length(length.at(sizes), length)


# -- what makes two calls the same ----------------------------------------------------------


def _key(call: OpCall) -> object:
    """Everything that the result depends on; None if that is not known."""
    return arguments_key(call.func, call.args, call.kwargs)


def arguments_key(func: Any, args: Any, kwargs: Any) -> object:
    """A function and its arguments, equal where the results are; None if that is not known."""
    if torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
        return None
    with torch._C.DisableTorchFunction():
        try:
            given = tuple(map(_argument, args))
            named = tuple((name, _argument(v)) for name, v in kwargs.items())
        except (TypeError, RuntimeError):  # a sparse tensor has no strides
            return None
    return func, given, named, torch.get_default_dtype()


def _argument(value: Any) -> object:
    """A part of the key. ``1``, ``1.0`` and ``True`` differ, as they do to PyTorch.

    Raises TypeError for what cannot be part of one.
    """
    kind = type(value)
    if kind in PLAIN:
        return kind, value
    if kind is ShapeTensor:
        return _tensor(value, tuple(forms_of(value.lengths)))
    if kind is Length:
        return kind, value.expr
    if isinstance(value, torch.Tensor):
        return _tensor(value, tuple(value.shape))
    if isinstance(value, (int, float)) and not isinstance(value, Compared):
        plain = int(value) if isinstance(value, int) else float(value)
        return type(plain), plain
    if kind in _SEQUENCES:
        return kind, *map(_argument, value)
    if kind is slice:
        return kind, *map(_argument, (value.start, value.stop, value.step))
    raise TypeError


def _tensor(tensor: torch.Tensor, lengths: tuple[Expr | int, ...]) -> object:
    """A part of the key. Raises TypeError for a tensor whose elements are known, say.

    A view never equals a new tensor, nor one that keeps its order in memory one that may not:
    whether they can be viewed again differs.
    """
    if not tensor.is_meta or tensor.is_complex() or contents_of(tensor) is not None:
        raise TypeError
    if getattr(tensor, "stretched", ()):
        raise TypeError
    fits_any_order = tuple(n < 2 for n in tensor.shape)
    memory = order_of(tensor), shown_by(tensor) is None, is_settled(tensor)
    return lengths, tensor.dtype, *memory, fits_any_order
