"""``x.shape`` whose ``numel()`` remembers where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch.utils import _pytree as pytree


class Size(tuple[int, ...]):
    """Stands for ``torch.Size``, which cannot be subclassed and counts elements in C++.

    ``isinstance(x.shape, torch.Size)`` holds; slices and sums are sizes again.
    """

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return torch.Size

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Any:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def numel(self) -> int:
        """The number of elements of a tensor of this size."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __reduce__(self) -> Any:
        return torch.Size, (tuple(map(int, self)),)


def _flatten(size: Size) -> tuple[list[int], None]:
    return list(size), None


def _unflatten(lengths: Iterable[int], _: None) -> Size:
    return Size(lengths)


pytree.register_pytree_node(Size, _flatten, _unflatten)


def size_of(lengths: Iterable[int]) -> Any:
    """Lengths as the size that ``x.shape`` is."""
    return Size(lengths)
