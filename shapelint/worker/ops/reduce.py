"""Reductions and scans: sums, norms, statistics, cumulative sums.

Over no dims at all PyTorch reduces all of them. Extremes are in :mod:`.extremes`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapelint.worker.ops import op
from shapelint.worker.shapes import (
    NoSuchDim,
    Shape,
    broadcast,
    dim_index,
    ge,
    need,
    numel,
    shape_of,
)

Dims = Any
"""One dim, several, or None for all."""


def reduced(shape: Shape, dim: Dims, keepdim: bool = False) -> Shape:
    """``shape`` without the dims, or with length 1 there."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        dim = range(len(shape))
    gone = {dim_index(d, len(shape)) for d in ([dim] if isinstance(dim, int) else dim)}
    if keepdim:
        return Shape(1 if i in gone else n for i, n in enumerate(shape))
    return Shape(n for i, n in enumerate(shape) if i not in gone)


def need_some(text: str, shape: Shape, dim: Dims, error: type[Exception] = IndexError) -> None:
    """Need an element along each dim; ``{}`` in the text is the dim as the caller wrote it."""
    for d in [dim] if isinstance(dim, int) else dim:
        if shape:
            n = shape[dim_index(d, len(shape))]
            need(ge(n, 1), "other", text.format(int(d)), n, error=error)


def need_any(shape: Shape, text: str, error: type[Exception] = RuntimeError) -> None:
    """Need an element at all."""
    need(ge(numel(shape), 1), "other", text, *shape, error=error)


@op("sum", "nansum", "mean", "nanmean", "prod", "logsumexp", "special_logsumexp", "count_nonzero")
def total(input: Any, dim: Dims = None, keepdim: bool = False, **kwargs: Any) -> Shape:
    """One value over all dims, or over some."""
    return reduced(shape_of(input), dim, keepdim)


@op("all", "any")
def truth(input: Any, dim: Dims = None, keepdim: bool = False, **kwargs: Any) -> Shape:
    """As a sum, but over no dims if there are none in the tuple."""
    shape = shape_of(input)
    return shape if dim == () else reduced(shape, dim, keepdim)


@op("var", "std")
def spread(
    input: Any, dim: Dims = None, unbiased: bool = True, keepdim: bool = False, **kwargs: Any
) -> Shape:
    """One value over all dims, or over some; a bool in the place of ``dim`` is ``unbiased``."""
    return reduced(shape_of(input), None if isinstance(dim, bool) else dim, keepdim)


@op("var_mean", "std_mean")
def spread_and_mean(input: Any, *args: Any, **kwargs: Any) -> tuple[Shape, Shape]:
    """Twice the shape of ``var``."""
    shape: Shape = spread(input, *args, **kwargs)
    return shape, shape


# -- norms ----------------------------------------------------------------------------------------


@op("norm", "linalg_vector_norm", "linalg_norm", "_linalg_norm")
def norm(
    input: Any, ord: Any = None, dim: Dims = None, keepdim: bool = False, **kwargs: Any
) -> Shape:
    """One value over all dims, or over some; the greatest element needs an element."""
    shape = shape_of(input)
    order = kwargs.get("p", ord)
    if isinstance(order, (int, float)) and (order < 0 or order == math.inf):
        text = f"linalg.vector_norm cannot compute the {order:g} norm on "
        end = "the operation does not have an identity"
        if dim is None:
            need_any(shape, f"{text}an empty tensor because {end}")
        else:
            text += "the dimension {}because this dimension is empty and "
            need_some(text + end, shape, dim, RuntimeError)
    return reduced(shape, dim, keepdim)


@op("linalg_matrix_norm")
def matrix_norm(
    A: Any, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, **kwargs: Any
) -> Shape:
    """One value for each matrix."""
    return reduced(shape_of(A), dim, keepdim)


@op("dist")
def dist(input: Any, other: Any, p: float = 2) -> Shape:
    """A number, of two tensors that broadcast."""
    broadcast(shape_of(input), shape_of(other))
    return Shape(())


# -- scans and counts -----------------------------------------------------------------------------


@op("cumsum", "cumprod", "logcumsumexp")
def scan(input: Any, dim: int, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input, along a dim that must be there."""
    dim_index(dim, len(shape_of(input)))
    return shape_of(input)


@op("renorm")
def renorm(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    return shape_of(input)


def _extreme_scan(name: str) -> Any:
    def transfer(input: Any, dim: int) -> tuple[Shape, Shape]:
        shape = shape_of(input)
        if not shape and dim not in (-1, 0):
            raise NoSuchDim(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
        dim_index(dim, len(shape))
        return shape, shape

    return transfer


op("cummax")(_extreme_scan("cummax"))
op("cummin")(_extreme_scan("cummin"))


@op("trapezoid", "trapz")
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Shape:
    """Without ``dim``."""
    return reduced(shape_of(y), dim)


@op("histc")
def histc(input: Any, bins: int = 100, *args: Any, **kwargs: Any) -> Shape:
    """One count for each bin."""
    return Shape((bins,))


@op("bincount")
def bincount(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """As long as the greatest value says."""
    raise NotImplementedError("the length of bincount depends on values")
