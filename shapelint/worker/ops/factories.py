"""Tensors out of nothing but sizes: zeros, arange, eye, ``zeros_like``, ``new_zeros``.

Rules: https://docs.pytorch.org/docs/stable/torch.html#creation-ops; texts of errors:
``aten/src/ATen/native/RangeFactories.cpp``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from shapelint.worker.ops import op
from shapelint.worker.ops.views import flat_sizes
from shapelint.worker.shapes import Shape, concrete, ge, need, shape_of


@op("empty", "ones", "rand", "randn")
def of_size(*size: Any, **named: Any) -> Shape:
    """The size that is asked for."""
    return _sized(flat_sizes(size or (named["size"],)))


@op("zeros")
def zeros(*size: Any, **named: Any) -> Shape:
    """The size that is asked for."""
    sizes = flat_sizes(size or (named["size"],))
    for n in sizes:
        need(ge(n, 0), "other", "zeros: Dimension size must be non-negative.", n)
    return Shape(sizes)


@op("new_empty", "new_ones", "new_zeros")
def new_of_size(self: Any, *size: Any, **named: Any) -> Shape:
    """The size that is asked for."""
    return of_size(*size, **named)


@op("full")
def full(size: Any, fill_value: Any = None, **kwargs: Any) -> Shape:
    """The size that is asked for."""
    return _sized(size)


@op("new_full")
def new_full(self: Any, size: Any, fill_value: Any = None, **kwargs: Any) -> Shape:
    """The size that is asked for."""
    return full(size, fill_value)


@op("empty_strided", "new_empty_strided")
def empty_strided(*args: Any, **kwargs: Any) -> Shape:
    """The size that is asked for; strides are not followed."""
    size = kwargs["size"] if "size" in kwargs else next(a for a in args if _is_size(a))
    return _sized(size)


@op(
    *("empty_like", "full_like", "ones_like", "rand_like", "randint_like", "randn_like"),
    "zeros_like",
)
def like(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    return shape_of(input)


@op("randint")
def randint(*args: Any, **kwargs: Any) -> Shape:
    """The size that is asked for, behind ``high`` or ``low, high``."""
    return _sized(kwargs["size"] if "size" in kwargs else next(a for a in args if _is_size(a)))


@op("normal")
def normal(mean: Any, std: Any = None, size: Any = None, **kwargs: Any) -> Shape:
    """The size that is asked for, or the shape of the tensor arguments."""
    if size is not None:
        return _sized(size)
    return shape_of(mean) if shape_of(mean) else shape_of(std)


@op("randperm")
def randperm(n: int, **kwargs: Any) -> Shape:
    """``n`` numbers."""
    return _sized((n,))


@op("eye")
def eye(n: int, m: int | None = None, **kwargs: Any) -> Shape:
    """A square, or ``n`` rows and ``m`` columns."""
    return _sized((n, n if m is None else m))


# -- ranges ---------------------------------------------------------------------------------------


@op("arange")
def arange(*ends: Any, **named: Any) -> Shape:
    """``ceil((end - start) / step)``."""
    given = dict(zip(("start", "end", "step"), (0, *ends) if len(ends) == 1 else ends))
    given.update({k: v for k, v in named.items() if k in ("start", "end", "step")})
    start, end, step = given.get("start", 0), given["end"], given.get("step", 1)
    if any(isinstance(v, torch.Tensor) for v in (start, end, step)):
        raise NotImplementedError("the length of arange depends on values")
    _right_way(start, end, step)
    if all(isinstance(v, int) for v in (start, end, step)):
        return Shape((-((start - end) // step),))
    return Shape((math.ceil(_over(end - start, step)),))


def _over(span: Any, step: Any) -> Any:
    """``span / step``; a product where that is the same double, because products stay exact."""
    power_of_two = math.frexp(step)[0] == 0.5
    return span * (1 / step) if power_of_two else span / step


def _right_way(start: Any, end: Any, step: Any) -> None:
    if not all(isinstance(v, int) for v in (start, end)):
        return
    need(
        ge(end, start) if step > 0 else ge(start, end),
        "other",
        "upper bound and lower bound inconsistent with step sign",
        start,
        end,
    )


@op("linspace")
def linspace(start: Any, end: Any, steps: int, **kwargs: Any) -> Shape:
    """``steps`` numbers."""
    need(ge(steps, 0), "other", "number of steps must be non-negative", steps)
    return Shape((steps,))


@op("logspace")
def logspace(start: Any, end: Any, steps: int, *args: Any, **kwargs: Any) -> Shape:
    """``steps`` numbers."""
    return linspace(start, end, steps)


@op("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window")
def window(window_length: int, *args: Any, **kwargs: Any) -> Shape:
    """``window_length`` numbers."""
    return _sized((window_length,))


# -- values ---------------------------------------------------------------------------------------


@op("as_tensor", "asarray", "tensor")
def tensor(data: Any, **kwargs: Any) -> Shape:
    """The shape of nested lists."""
    return _nested(data)


@op("new_tensor")
def new_tensor(self: Any, data: Any, **kwargs: Any) -> Shape:
    """The shape of nested lists."""
    return tensor(data)


@op("scalar_tensor")
def scalar_tensor(s: Any, **kwargs: Any) -> Shape:
    """No dims."""
    return Shape(())


def _nested(data: Any) -> Shape:
    if isinstance(data, (list, tuple)):
        return Shape((len(data), *(_nested(data[0]) if data else ())))
    return shape_of(data)


def _is_size(value: Any) -> bool:
    return isinstance(value, (tuple, list))


def _sized(size: Sequence[int]) -> Shape:
    for n in size:
        need(
            ge(n, 0),
            "other",
            lambda n=n: (  # type: ignore[misc]
                f"Trying to create tensor with negative dimension {int(n)}: {concrete(size)}"
            ),
            n,
        )
    return Shape(size)
