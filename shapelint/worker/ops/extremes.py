"""What has no identity and so needs a length of at least 1: extremes, medians, quantiles.

Texts of errors: ``aten/src/ATen/native/ReduceOpsUtils.h``.
"""

from __future__ import annotations

from typing import Any

import torch

from shapelint.worker.ops import LAX, op
from shapelint.worker.ops.reduce import Dims, need_any, need_some, reduced
from shapelint.worker.shapes import Shape, broadcast, dim_index, ge, need, shape_of

LAX.update({"max", "min", "median", "nanmedian", "mode"})


def _from_front(shape: Shape, dim: int) -> int:
    return dim_index(dim, len(shape))


_NON_ZERO = "{}(): Expected reduction dim {{}} to have non-zero size."
_SPECIFY = (
    "{}(): Expected reduction dim to be specified for input.numel() == 0. "
    "Specify the reduction dim with the 'dim' argument."
)


def _extreme(name: str) -> Any:
    def transfer(
        input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, **kwargs: Any
    ) -> Any:
        shape = shape_of(input)
        other = dim if isinstance(dim, torch.Tensor) else other
        if other is not None:
            return broadcast(shape, shape_of(other))
        if dim is None:
            need_any(shape, _SPECIFY.format(name))
            return Shape(())
        need_some(_NON_ZERO.format(name), shape, _from_front(shape, dim))
        out = reduced(shape, dim, keepdim)
        return out, out

    return transfer


op("max")(_extreme("max"))
op("min")(_extreme("min"))


def _extreme_value(name: str) -> Any:
    def transfer(input: Any, dim: Dims = (), keepdim: bool = False, **kwargs: Any) -> Shape:
        shape = shape_of(input)
        if isinstance(dim, int) or dim:
            need_some(_NON_ZERO.format(name), shape, dim)
        else:
            need_any(shape, _SPECIFY.format(name))
        return reduced(shape, dim, keepdim)

    return transfer


op("amax")(_extreme_value("amax"))
op("amin")(_extreme_value("amin"))


def _extreme_place(name: str) -> Any:
    text = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."

    def transfer(input: Any, dim: int | None = None, keepdim: bool = False) -> Shape:
        shape = shape_of(input)
        if dim is None:
            need_any(shape, text, IndexError)
        else:
            need_some(_NON_ZERO.format(name), shape, _from_front(shape, dim))
        return reduced(shape, dim, keepdim)

    return transfer


op("argmax")(_extreme_place("argmax"))
op("argmin")(_extreme_place("argmin"))


@op("aminmax")
def aminmax(
    input: Any, *, dim: int | None = None, keepdim: bool = False, **kwargs: Any
) -> tuple[Shape, Shape]:
    """Least and greatest."""
    shape = shape_of(input)
    if dim is None:
        text = "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
        need_any(shape, text + "identity.")
    else:
        text = "aminmax: Expected reduction dim {} to have non-zero size."
        need_some(text, shape, _from_front(shape, dim))
    out = reduced(shape, dim, keepdim)
    return out, out


@op("median", "nanmedian")
def median(input: Any, dim: int | None = None, keepdim: bool = False, **kwargs: Any) -> Any:
    """A number, or values and indices along ``dim``."""
    shape = shape_of(input)
    if dim is None:
        return Shape(())
    need_some(_NON_ZERO.format("median"), shape, _from_front(shape, dim))
    out = reduced(shape, dim, keepdim)
    return out, out


@op("mode")
def mode(input: Any, dim: int = -1, keepdim: bool = False, **kwargs: Any) -> tuple[Shape, Shape]:
    """Values and indices."""
    shape = shape_of(input)
    need_some(_NON_ZERO.format("mode"), shape, _from_front(shape, dim))
    out = reduced(shape, dim, keepdim)
    return out, out


@op("kthvalue")
def kthvalue(
    input: Any, k: int, dim: int = -1, keepdim: bool = False, **kwargs: Any
) -> tuple[Shape, Shape]:
    """Values and indices; there must be ``k`` of them."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    n = shape[at] if shape else 1
    text = f"kthvalue(): selected number k out of range for dimension {at}"
    need(ge(n, k), "fits", text, n, k)
    out = reduced(shape, dim, keepdim)
    return out, out


@op("quantile", "nanquantile")
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, **kwargs: Any
) -> Shape:
    """Several ``q`` come first."""
    shape = shape_of(input)
    need_any(shape, "quantile() input tensor must be non-empty")
    return Shape((*shape_of(q), *reduced(shape, dim, keepdim)))
