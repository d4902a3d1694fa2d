"""Internal overlap: elements that share memory, as after ``expand``.

Most kernels refuse to write to such a tensor. Which dims overlap is seen in the strides of the run;
whether they do at other sizes of its path depends on which of the expanded lengths are 1.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import torch

from shapelint.worker.layout import is_alias
from shapelint.worker.shapes import Shape, either, eq, ge, need, only_on_cpu
from shapelint.worker.tensor import ShapeTensor

if TYPE_CHECKING:
    from shapelint.worker.record import OpCall

_STRETCH = frozenset({"expand", "expand_as", "broadcast_to", "broadcast_tensors"})

_MAY_COPY = frozenset({"contiguous", "flatten", "ravel", "reshape", "reshape_as"})
"""Ops that return a copy or a view, depending on which lengths are 1."""

_UNCHECKED = frozenset(
    {
        *("addbmm_", "as_strided_", "baddbmm_", "conj_physical_", "detach_", "fill_"),
        *("fill_diagonal_", "index_fill_", "index_put_", "masked_fill_", "rename_"),
        *("requires_grad_", "resize_", "resize_as_", "set_", "share_memory_", "squeeze_"),
        *("swapaxes_", "swapdims_", "t_", "threshold_", "transpose_", "tril_", "triu_"),
        *("unsqueeze_", "zero_"),
    }
)
"""In-place ops that PyTorch allows on overlapping memory, or that write no elements."""


def pass_on(call: OpCall, result: ShapeTensor) -> ShapeTensor:
    """Note on ``result`` which of its dims ``call``, or a call before it, has expanded."""
    for tensor in call.tensors:
        if not isinstance(tensor, ShapeTensor):
            continue
        if call.name in _STRETCH and is_alias(result, tensor):
            result.stretched = (*tensor.stretched, *_stretched(tensor, result))
        elif tensor.stretched and call.name in _MAY_COPY:
            result.stretched = (*tensor.stretched, *((n, n) for n in tensor.lengths))
        elif tensor.stretched and is_alias(result, tensor):
            result.stretched = tensor.stretched
    return result


def _stretched(tensor: ShapeTensor, result: ShapeTensor) -> tuple[tuple[int, int], ...]:
    dims = zip_longest(reversed(tensor.lengths), reversed(result.lengths), fillvalue=1)
    return tuple((n, to) for n, to in dims if n is not to)


def written_to(call: OpCall) -> ShapeTensor | None:
    """The expanded tensor that a call writes to, if its kernel refuses to; else None."""
    target = call.args[0] if call.args else None
    if not isinstance(target, ShapeTensor) or not target.stretched:
        return None
    name = getattr(call.func, "__name__", "")
    writes = name.endswith("_") and name not in _UNCHECKED and not name.endswith("__")
    assigns = name.startswith("__i") and name not in ("__invert__", "__index__", "__int__")
    return target if writes or assigns or _is_inplace(call) else None


def _is_inplace(call: OpCall) -> bool:
    """Whether it is ``F.relu(x, inplace=True)`` or one like it; a dropout writes in training."""
    code = getattr(call.func, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if code is not None else ()
    given = {**dict(zip(names, call.args)), **call.kwargs}
    return bool(given.get("inplace")) and bool(given.get("training", True))


def needs_room(tensor: ShapeTensor, shape: Shape, key: Any = ...) -> None:
    """Need that no elements of ``tensor[key]``, which has this shape, share memory."""
    if not tensor.stretched:
        return
    only_on_cpu()
    for n, to in tensor.stretched:
        if n == 1:
            to == 1  # noqa: B015  the comparison is a branch
    with torch._C.DisableTorchFunctionSubclass():
        strides = tensor[key].stride()
    for n, stride in zip(shape, strides, strict=True):
        if stride == 0:
            need(either(ge(1, n), *(eq(m, 0) for m in shape)), "other", _REFUSED, n)


_REFUSED = (
    "unsupported operation: more than one element of the written-to tensor refers to a single "
    "memory location. Please clone() the tensor before performing the operation."
)
