"""What a view is a view of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.lengths.expr import Expr
from shapelint.worker.layout import is_alias
from shapelint.worker.nested import tensors_in
from shapelint.worker.ops.pointwise import BROADCASTING, IN_PLACE, ONE_TENSOR
from shapelint.worker.overlap import pass_on
from shapelint.worker.python.length import Length, expr_of
from shapelint.worker.record import OpCall
from shapelint.worker.recorder import Recorder, current, recording
from shapelint.worker.shapes import Shape, shape_of
from shapelint.worker.tensor import ShapeTensor

REGROUPING = frozenset(
    {"view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "ravel"}
)
"""What regroups elements that stay in their order, copied where that takes it."""

_COPYING = frozenset({"reshape", "reshape_as", "flatten", "ravel"})
"""What copies where no view will do."""

_KEEPING = frozenset({"unsqueeze", "squeeze", "detach", "alias", "__get__data", *REGROUPING})
"""What leaves a tensor without gaps as it is, but for the lengths of its dims."""

_REORDERING = frozenset(
    {
        *("permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "adjoint"),
        *("__get__T", "__get__H", "__get__mT", "__get__mH", "numpy_T"),
        *("expand", "expand_as", "broadcast_to"),
    }
)
"""What shows all of a tensor from its first element on."""

_TURNING = frozenset(
    {
        *("as_strided_", "resize_", "resize_as_", "set_", "squeeze_", "swapaxes_", "swapdims_"),
        *("t_", "transpose_", "unsqueeze_"),
    }
)
"""What makes another view of the tensor that it is given."""

_LAYING = frozenset(
    {
        *(*ONE_TENSOR, *BROADCASTING, *IN_PLACE, "prelu"),
        *("clone", "to", "type", "float", "double", "half", "bfloat16", "int", "long", "bool"),
        *("empty_like", "full_like", "ones_like", "rand_like", "randn_like", "zeros_like"),
    }
)
"""What lays a new tensor in the order of the one it is given: see ``reorder_dimensions`` in
``aten/src/ATen/TensorIterator.cpp`` and ``torch.preserve_format``."""

_UNTRACKED = frozenset({"detach", "alias", "__get__data"})
"""Views that PyTorch does not call so."""


@dataclass(frozen=True)
class Shown:
    """One of the tensors that a call returned, which shows the memory of another one."""

    call: OpCall
    of: torch.Tensor | None
    """What it shows; None if that is not known."""
    index: int

    @property
    def name(self) -> str:
        """The operation."""
        return self.call.name

    def given(self, name: str, place: int) -> Any:
        """An argument of the call."""
        return self.call.kwargs[name] if name in self.call.kwargs else self.call.args[place]

    @property
    def steps_vary(self) -> bool:
        """Whether a length says how many elements it goes on by."""
        if self.name.endswith("unfold"):
            return any(isinstance(v, Length) for v in (*self.call.args, *self.call.kwargs.values()))
        key = self.call.args[1] if self.name == "__getitem__" else ()
        parts = key if isinstance(key, tuple) else (key,)
        return any(isinstance(p.step, Length) for p in parts if isinstance(p, slice))

    def strides_with(self, dim: int) -> tuple[int, ...]:
        """The strides, were those of what is shown 1 at ``dim`` and 0 elsewhere."""
        of = self.of
        assert of is not None
        with recording(Recorder({})), torch._C.DisableTorchFunction():
            units = tuple(int(i == dim) for i in range(of.ndim))
            marked = torch.empty_strided(of.shape, units, dtype=of.dtype, device="meta")
            args, kwargs = pytree.tree_map(
                lambda v: marked if v is of else v, (self.call.args, self.call.kwargs)
            )
            return tensors_in(self.call.func(*args, **kwargs))[self.index].stride()


def shown_by(tensor: torch.Tensor) -> Shown | None:
    """What a view is a view of; None for a tensor that is none."""
    return getattr(tensor, "shown", None)


def depends_on_memory() -> None:
    """Say that what is being asked depends on how a tensor lies in memory."""
    recorder = current()
    if recorder is not None:
        recorder.notes.depends_on_memory()


def depends_on_others() -> None:
    """Say that what is being asked depends on what lies behind a tensor: no formula tells."""
    recorder = current()
    if recorder is not None:
        recorder.notes.depends_on_more()


def laid_like(tensor: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The tensors in whose order a new one was laid, where those may lie otherwise elsewhere."""
    return getattr(tensor, "like", ())


def _may_vary(tensor: torch.Tensor) -> bool:
    """Whether it shows what is a view at some sizes and a copy at others."""
    shown = shown_by(tensor)
    if shown is None:
        return bool(laid_like(tensor))
    if shown.of is None:
        return False
    if shown.name in _COPYING and not _cuts_one(shape_of(shown.of), shape_of(tensor)):
        return not is_dense(shown.of)
    return _may_vary(shown.of)


def _cuts_one(old: Shape, new: Shape) -> bool:
    """Whether all dims but one stay: one that becomes several is where it was."""
    rest = [[expr_of(n) for n in shape] for shape in (old, new)]
    for end in (0, -1):
        while all(rest) and rest[0][end] == rest[1][end]:
            for dims in rest:
                dims.pop(end)
    return len(rest[0]) < 2


def is_dense(tensor: torch.Tensor) -> bool:
    """Whether nothing takes it out of order, so that regrouping it copies nothing."""
    kept = _kept_whole(tensor)
    return kept is not None and _is_contiguous(kept) and not laid_like(kept)


def is_settled(tensor: torch.Tensor) -> bool:
    """Whether its order in memory, as seen in this run, is the same at all sizes of its path.

    A new tensor keeps its order, and so does a view of one under the same lengths. Any other view
    lies in the order of its dims, as :func:`is_plain` says, which then asks for no length.
    """
    shown, kept = shown_by(tensor), _kept_whole(tensor)
    if shown is None:
        return not laid_like(tensor)
    if kept is None or laid_like(kept) or not shows_whole(tensor):
        return False
    if shown.of is not kept and not _is_contiguous(kept):
        return False
    return all(int(n) > 1 for n in shape_of(kept) if isinstance(n, Length))


def shows_whole(tensor: torch.Tensor) -> bool:
    """Whether in this run it is as good as a new tensor in its order in memory."""
    kept = _kept_whole(tensor)
    if kept is None:
        return False
    return _is_contiguous(kept) or _forms(kept) == _forms(tensor)


def _forms(tensor: torch.Tensor) -> list[Expr]:
    return [*map(expr_of, shape_of(tensor))]


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether elements lie in the order of the dims, without gaps, at all sizes of this run.

    Dims of length 1 fit any order, so where one shows none it is a branch.
    """
    kept = _kept_whole(tensor)
    if kept is not tensor:
        depends_on_memory()
    if kept is None:
        return False
    in_order = _is_contiguous(kept)
    if laid_like(kept):
        depends_on_memory()
        return False
    for n in shape_of(kept) if in_order else ():
        if isinstance(n, Length) and int(n) <= 1:
            n <= 1  # noqa: B015  the comparison is a branch
    return in_order


def _kept_whole(tensor: torch.Tensor) -> torch.Tensor | None:
    """The new tensor that is shown, if all views on the way leave it as it is."""
    shown = shown_by(tensor)
    while shown is not None:
        if shown.name not in _KEEPING or shown.of is None:
            return None
        tensor = shown.of
        shown = shown_by(tensor)
    return tensor


def _is_contiguous(tensor: torch.Tensor) -> bool:
    with torch._C.DisableTorchFunction():
        return tensor.is_contiguous()


def memory_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """The new tensor that fills the memory from the first element of a view on, if there is one."""
    shown = shown_by(tensor)
    if shown is None:
        with torch._C.DisableTorchFunction():
            whole = tensor.untyped_storage().nbytes() == tensor.nbytes
        return tensor if whole else None
    kept = shown.name in _REORDERING or (shown.name in _KEEPING and is_plain(tensor))
    return memory_of(shown.of) if kept and shown.of is not None else None


def wrapped(call: OpCall, real: Any, shape: Shape, node: Any, index: int = 0) -> ShapeTensor:
    """A tensor that a call returned, with its lengths and with what it shares with others."""
    result = ShapeTensor.wrap(real, shape, node)
    return pass_on(call, _shown(call, real, result, index))


def _shown(call: OpCall, real: torch.Tensor, result: ShapeTensor, index: int) -> ShapeTensor:
    """``result``, which knows what it is a view of."""
    given = call.tensors
    if any(result is tensor for tensor in given):
        return _same_again(call, result)
    if _is_view(real, call.name):
        of = [tensor for tensor in given if is_alias(real, tensor)]
        if of:
            result.shown = Shown(call, of[0] if len(of) == 1 else None, index)
    elif call.name in REGROUPING and given:  # a copy, as it could not be viewed
        result.shown = Shown(call, given[0], index)
    elif call.name in _LAYING:
        result.like = tuple(filter(_may_vary, given))
    return result


def _is_view(real: torch.Tensor, name: str) -> bool:
    with torch._C.DisableTorchFunction():
        return real._is_view() or name in _UNTRACKED or real.is_inference()


def _same_again(call: OpCall, tensor: ShapeTensor) -> ShapeTensor:
    if getattr(call.func, "__name__", "") in _TURNING:
        tensor.shown = Shown(call, None, 0)
    elif call.name == "contiguous" and not is_plain(tensor):
        with torch._C.DisableTorchFunction():
            copy = tensor.view(tensor.shape)
        return ShapeTensor.wrap(copy, tensor.lengths, tensor.node)
    return tensor
