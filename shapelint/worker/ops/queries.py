"""Questions about a tensor whose answer is a Python value.

Sizes are answered with lengths; everything else is answered by the meta tensor itself. Whatever
reads an element (``item``, ``tolist``, ``bool(x)``) is not here: on the meta device it raises.
"""

from __future__ import annotations

from typing import Any

import torch

from shapelint.lengths.expr import constant
from shapelint.worker.device import TOLD, asked_by_user
from shapelint.worker.ops import query
from shapelint.worker.python.length import Length, length
from shapelint.worker.python.size import size_of
from shapelint.worker.recorder import current, note_lost
from shapelint.worker.shapes import dim_index, shape_of
from shapelint.worker.shapes import numel as product_of
from shapelint.worker.strides import is_contiguous as contiguous
from shapelint.worker.strides import strides_of

BY_THE_TENSOR = """
    __format__ __hash__ __repr__ _is_view data_ptr dense_dim dim_order element_size get_device
    has_names is_coalesced is_complex is_conj is_distributed is_floating_point
    is_inference is_neg is_pinned is_set_to is_shared is_signed is_tensor q_scale q_zero_point
    qscheme record_stream register_hook register_post_accumulate_grad_hook result_type retain_grad
    sparse_dim storage_offset storage_type
""".split()  # noqa: SIM905  one name a line would be a page


@query("__get__shape")
def shape(self: Any) -> Any:
    """``x.shape``, the items of which are lengths."""
    return size_of(shape_of(self))


@query("size")
def size(self: Any, dim: Any = None) -> Any:
    """``x.size()`` and ``x.size(dim)``."""
    lengths = shape_of(self)
    if dim is None:
        return size_of(lengths)
    if not lengths:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return lengths[dim_index(dim, len(lengths))]


@query("dim", "ndimension", "__get__ndim")
def dim(self: Any) -> int:
    """The number of dims."""
    return len(shape_of(self))


@query("numel", "nelement")
def numel(input: Any) -> int:
    """The number of elements."""
    return product_of(shape_of(input))


@query("__get__nbytes")
def nbytes(self: Any) -> int:
    """Bytes of all elements."""
    return product_of(shape_of(self)) * int(self.element_size())


@query("__len__")
def length_of_first_dim(self: Any) -> int:
    """``x.__len__()``; the builtin ``len`` turns what comes back into a bare int."""
    lengths = shape_of(self)
    if not lengths:
        raise TypeError("len() of a 0-d tensor")
    if isinstance(lengths[0], Length):
        note_lost("len() of a tensor")
    return lengths[0]


@query("is_same_size")
def is_same_size(self: Any, other: Any) -> bool:
    """Whether all lengths are equal; each comparison is a branch."""
    return shape_of(self) == shape_of(other)


@query("stride")
def stride(self: Any, dim: Any = None) -> Any:
    """Distance in memory between neighbours, in terms of lengths."""
    real, lengths, known = as_asked_of_torch("stride", self), shape_of(self), strides_of(self)
    recorder = current()
    if known is None or recorder is None:
        if any(isinstance(n, Length) for n in lengths):
            note_lost("strides of a tensor that shows another one")
        known = tuple(map(constant, real))
    sizes = recorder.sizes if recorder else {}
    if [step.at(sizes) for step in known] != list(real):  # a dim of length 1 may have any
        note_lost("stride of a dim of length 1")
    strides = tuple(length(step.at(sizes), step) for step in known)
    return strides if dim is None else strides[dim_index(dim, len(lengths))]


@query("is_contiguous")
def is_contiguous(self: Any, memory_format: Any = torch.contiguous_format) -> bool:
    """Whether there are no gaps and no other order in memory; each comparison is a branch."""
    lengths = shape_of(self)
    order = _ORDERS.get(memory_format, tuple(range(len(lengths))))
    answer = None if len(order) != len(lengths) else contiguous(self, order)
    if answer is not None:
        return answer
    note_lost("whether a tensor that shows another one is contiguous")
    return bool(as_asked_of_torch("is_contiguous", self, memory_format=memory_format))


_ORDERS = {torch.channels_last: (0, 2, 3, 1), torch.channels_last_3d: (0, 2, 3, 4, 1)}
"""The dims from the outermost in memory to the innermost."""


@query("_parse_to")
def parse_to(*args: Any, **kwargs: Any) -> Any:
    """The device and the dtype that ``module.to(x)`` moves to."""
    with torch._C.DisableTorchFunctionSubclass():
        return getattr(torch._C._nn, "_parse_to")(*args, **kwargs)  # noqa: B009  # no stub


def as_asked_of_torch(name: str, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    """What PyTorch itself answers for the meta tensor."""
    function = getattr(torch.Tensor, name, None) or getattr(torch, name)
    with torch._C.DisableTorchFunctionSubclass():
        return function(tensor, *args, **kwargs)


def _by_the_tensor(name: str) -> Any:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return as_asked_of_torch(name, *args, **kwargs)

    return answer


def _told(name: str) -> Any:
    own = getattr(torch.Tensor, name).__get__

    def answer(self: Any) -> Any:
        if asked_by_user():
            return TOLD[name]
        with torch._C.DisableTorchFunction():
            return own(self)

    return answer


def _set(name: str) -> Any:
    own = getattr(torch.Tensor, name).__set__

    def set_to(self: Any, value: Any) -> None:
        with torch._C.DisableTorchFunctionSubclass():
            own(self, value)

    return set_to


for _name in "grad", "requires_grad":
    query(f"__set__{_name}")(_set(_name))

for _name in TOLD:
    query(f"__get__{_name}")(_told(_name))

for _name in BY_THE_TENSOR:
    query(_name)(_by_the_tensor(_name))
