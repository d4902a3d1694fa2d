"""What is to be known of a tensor on the meta device: its lengths, and how it lies in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch

from shapelint.lengths.expr import Expr
from shapelint.worker.python.length import Length
from shapelint.worker.shapes import Shape

__all__ = ["Order", "dense", "forms_of", "is_alias", "order_of", "strides_of"]

is_alias = torch._C._is_alias_of  # type: ignore[attr-defined]  # whether two tensors share storage

Order = tuple[int, ...] | None
"""The dims from the outermost in memory to the innermost; None where there are gaps between."""


def forms_of(shape: Shape) -> Iterator[Expr | int]:
    """Lengths by their formulas, which can be compared without asking anything of a run."""
    return (n.expr if isinstance(n, Length) else n for n in shape)


def order_of(tensor: torch.Tensor) -> Order:
    """How a tensor lies in memory; to be asked with ``__torch_function__`` switched off."""
    return _order(tensor.shape, tensor.stride())


@lru_cache(maxsize=4096)
def _order(shape: tuple[int, ...], strides: tuple[int, ...]) -> Order:
    order = tuple(range(len(strides)))
    if strides_of(shape, order) == strides:
        return order
    order = tuple(sorted(order, key=lambda dim: -strides[dim]))
    return order if strides_of(shape, order) == strides else None


def strides_of(shape: tuple[int, ...], order: tuple[int, ...]) -> tuple[int, ...]:
    """The steps from element to element where dims lie in this order, without gaps."""
    strides, step = [0] * len(shape), 1
    for dim in reversed(order):
        strides[dim] = step
        step *= max(1, shape[dim])
    return tuple(strides)


def dense(shape: Sequence[int], order: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A new tensor on the meta device; to be asked with ``__torch_function__`` switched off."""
    sizes = tuple(map(int, shape))
    return torch.empty_strided(sizes, strides_of(sizes, order), dtype=dtype, device="meta")
