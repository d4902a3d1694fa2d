"""Lengths, tensors and shapes in nested arguments and results of a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.python.length import Length, LengthFloat, fixed
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor

_TENSORS = frozenset({ShapeTensor, torch.Tensor, torch.nn.Parameter})
BARE = frozenset(
    {
        *(type(None), type(...), bool, int, float, str, slice, Length, LengthFloat, Shape),
        *(torch.Size, torch.dtype, torch.device, torch.memory_format),
    }
)
"""The common types of values that are no tensors and hold none."""
_CARRIERS = frozenset({ShapeTensor, Length, LengthFloat})


def has_lengths(values: Iterable[Any]) -> bool:
    """Whether a symbolic length is among the values: alone, in a tensor or in a slice."""
    for value in values:
        kind = type(value)
        if kind in _CARRIERS:
            return True
        if isinstance(value, (tuple, list)):
            if has_lengths(value):
                return True
        elif kind is slice and has_lengths((value.start, value.stop, value.step)):
            return True
    return False


def tensors_in(value: Any) -> list[torch.Tensor]:
    """All tensors in a nested value, in pytree order; dataclass-like objects field by field."""
    found: list[torch.Tensor] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[torch.Tensor]) -> None:
    kind = type(value)
    if kind in _TENSORS:
        found.append(value)
    elif kind is tuple or kind is list:
        for part in value:
            if type(part) not in BARE:
                _collect(part, found)
    elif kind is dict:
        _collect([*value.values()], found)
    elif kind not in BARE:
        for leaf in pytree.tree_leaves(value):
            if isinstance(leaf, torch.Tensor):
                found.append(leaf)
            elif is_dataclass(leaf) and not isinstance(leaf, type):
                _collect([getattr(leaf, field.name) for field in fields(leaf)], found)


def shapes_in(value: Any) -> Iterator[Shape]:
    """All shapes in what a transfer function returned."""
    if isinstance(value, Shape):
        yield value
    elif value is not None:
        for part in value:
            yield from shapes_in(part)


def bare_number(value: Any, reason: str) -> Any:
    """A length as a bare number, which is a branch; everything else as it is."""
    return fixed(value, reason) if isinstance(value, (Length, LengthFloat)) else value


def bare(value: Any, reason: str) -> Any:
    """The same for all lengths in it."""
    if isinstance(value, dict):
        return {k: bare(v, reason) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return (list if isinstance(value, list) else tuple)(bare(v, reason) for v in value)
    return bare_number(value, reason)
