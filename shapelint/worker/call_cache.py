"""Calls that were made before, in this run of a model or an earlier one, are not made again.

Two calls are the same if the function is, and the arguments are the same formulas in the input
sizes: of a tensor on the meta device its lengths, its dtype, the order of its dims in memory and
whether it is a view are all there is. What the call demands and returns is a formula then, too, and
holds wherever the conditions it asked about turn out the same. Where those follow from what the run
relies on already, the call has nothing new to say, and what it said before is taken.

What it said at first was compared with the meta kernel, which takes longer than all that is added
to a call here; and the claims are confirmed by runs without any of this.
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
from shapelint.worker.python.compared import Compared
from shapelint.worker.python.contents import contents_of
from shapelint.worker.python.length import Length
from shapelint.worker.python.size import Size
from shapelint.worker.record import OpCall
from shapelint.worker.recorder import Noted, Recorder
from shapelint.worker.shapes import Shape
from shapelint.worker.shown import REGROUPING, shown_by
from shapelint.worker.tensor import ShapeTensor

_PLAIN = frozenset({type(None), type(...), bool, int, float, str, torch.dtype, torch.memory_format})

_SEQUENCES = frozenset({tuple, list, torch.Size, Shape, Size})


@dataclass(frozen=True)
class CachedCall:
    """What one call said of lengths, and how to make what it returned."""

    shape: tuple[Expr | int, ...]
    relies: tuple[Condition, ...]
    """All that it asked, as it turned out."""
    lax: bool
    local: tuple[Expr | None, ...]
    dtype: torch.dtype
    order: Order
    """How what it returned lies in memory, if that was a new tensor."""
    in_place: bool
    """Whether it returned its first argument."""
    known: Bounds | None
    """What was known of lengths, if that makes a difference."""

    def holds_in(self, recorder: Recorder) -> bool:
        """Whether the call would say the same to this run."""
        if self.known is not None and self.known != recorder.known:
            return False
        return all(map(recorder.relies_on, self.relies))

    def is_shape(self, shape: Any) -> bool:
        """Whether a call says that it returns what it returned before."""
        return type(shape) is Shape and tuple(forms_of(shape)) == self.shape

    def made(self, args: tuple[Any, ...], shape: Any) -> torch.Tensor | None:
        """What the call returns, without running it; None if it has to be run."""
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
    """What a call says now."""

    claim: Claim
    before: CachedCall | None
    """What it has said before, at other sizes or here."""
    key: Any = None
    """What to remember it by; None if it is not to be remembered."""
    noted: Noted = field(default_factory=Noted)
    known: Bounds | None = None


class CallCache:
    """What the calls of all runs of a model have said, by function and arguments."""

    def __init__(self) -> None:
        self._said: dict[object, CachedCall] = {}

    def asked(self, call: OpCall, recorder: Recorder) -> Lookup:
        """Ask a call, unless all it would say is known. Raises what :func:`claim_of` raises."""
        key = None if call.transfer is None else _key(call)
        before = self._said.get(key)
        if before is not None and before.holds_in(recorder):
            recorder.lax |= before.lax
            shape = Shape(_at(n, recorder.sizes) for n in before.shape)
            return Lookup(Claim(shape), before)
        known = dict(recorder.known)
        with recorder.noting() as noted:
            claim = claim_of(call)
        if before is not None and not before.is_shape(claim.shapes):
            before = None
        key = key if noted.repeatable else None
        return Lookup(claim, before, key, noted, known if noted.bounded else None)

    def keep(self, asked: Lookup, call: OpCall, real: Any, local: tuple[Expr | None, ...]) -> None:
        """Remember what a call has said, now that PyTorch did the same."""
        claim, args = asked.claim, call.tensors
        if asked.key is None or type(claim.shapes) is not Shape or claim.dtypes or not _bare(real):
            return
        with torch._C.DisableTorchFunction():
            seen = tuple(forms_of(claim.shapes)), real.dtype, order_of(real)
            is_new = not any(is_alias(real, tensor) for tensor in args)
            is_new &= call.name not in REGROUPING  # at sizes of 1 it may be a view
            ordered = is_new and all(order_of(tensor) is not None for tensor in args)
        returned = bool(call.args) and real is call.args[0] and seen == asked.key[1][0][:3]
        in_place = returned and seen[2] is not None  # one with gaps may be copied at other sizes
        self._said[asked.key] = CachedCall(
            shape=seen[0],
            relies=asked.noted.relied(),
            lax=asked.noted.lax,
            local=local,
            dtype=real.dtype,
            order=seen[2] if ordered else None,
            in_place=in_place,
            known=asked.known,
        )


def _bare(value: Any) -> bool:
    """Whether a call returned a tensor of which lengths, dtype and strides are all there is."""
    kinds = (torch.Tensor, ShapeTensor)
    return type(value) in kinds and value.layout is torch.strided and not value.is_complex()


def _at(length: Expr | int, sizes: Mapping[str, int]) -> int:
    return length if isinstance(length, int) else Length(length.at(sizes), length)


# -- what makes two calls the same ----------------------------------------------------------


def _key(call: OpCall) -> object:
    """All that the call depends on; None if that is not known."""
    if torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
        return None
    with torch._C.DisableTorchFunction():
        try:
            given = tuple(map(_argument, call.args))
            named = tuple((name, _argument(v)) for name, v in call.kwargs.items())
        except (TypeError, RuntimeError):  # a sparse tensor has no strides
            return None
    return call.func, given, named, torch.get_default_dtype()


def _argument(value: Any) -> object:
    """Equal for arguments that are the same to a call: ``1``, ``1.0`` and ``True`` are not."""
    kind = type(value)
    if kind in _PLAIN:
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
    """Raises TypeError for a tensor of which there is more to see.

    What a view is a view of decides whether it can be viewed again: it is not like a new tensor.
    """
    if not tensor.is_meta or tensor.is_complex() or contents_of(tensor) is not None:
        raise TypeError
    if getattr(tensor, "stretched", ()):
        raise TypeError
    fits_any_order = tuple(n < 2 for n in tensor.shape)
    return lengths, tensor.dtype, order_of(tensor), shown_by(tensor) is None, fits_any_order
