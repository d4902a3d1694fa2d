"""The layout of a tensor in memory: the order of its dims, and its strides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import torch

from shapelint.lengths.expr import Expr
from shapelint.worker.python.length import Length
from shapelint.worker.shapes import Shape

is_alias = torch._C._is_alias_of  # type: ignore[attr-defined]  # whether two tensors share storage

N = TypeVar("N", int, Expr)

Order = tuple[int, ...] | None
"""The dims from the outermost in memory to the innermost; None where there are gaps between."""


def forms_of(shape: Shape) -> Iterator[Expr | int]:
    """The formulas of lengths. To compare these is no branch, to compare lengths is one."""
    return (n.expr if isinstance(n, Length) else n for n in shape)


def order_of(tensor: torch.Tensor) -> Order:
    """The order of dims in memory. Call it with ``__torch_function__`` disabled."""
    return _order(tensor.shape, tensor.stride())


@lru_cache(maxsize=4096)
def _order(shape: tuple[int, ...], strides: tuple[int, ...]) -> Order:
    order = tuple(range(len(strides)))
    if _natural(shape, order) == strides:
        return order
    order = tuple(sorted(order, key=lambda dim: -strides[dim]))
    return order if _natural(shape, order) == strides else None


def _natural(shape: tuple[int, ...], order: tuple[int, ...]) -> tuple[int, ...]:
    """Strides as PyTorch gives them: for these a dim of length 0 counts as one of length 1."""
    return natural([max(1, n) for n in shape], order, 1)


def natural(lengths: Sequence[N], order: Sequence[int], one: N) -> tuple[N, ...]:
    """The strides of a tensor without gaps whose dims are in this order, outermost first."""
    strides, step = [one] * len(lengths), one
    for dim in reversed(order):
        strides[dim] = step
        step = step * lengths[dim]
    return tuple(strides)


def dense(shape: Sequence[int], order: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A new meta tensor without gaps. Call it with ``__torch_function__`` disabled."""
    sizes = tuple(map(int, shape))
    return torch.empty_strided(sizes, _natural(sizes, order), dtype=dtype, device="meta")
