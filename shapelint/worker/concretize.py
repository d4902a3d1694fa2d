"""The arguments of a call at other sizes, every symbolic length replaced by a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from shapelint.worker.python.length import Length, LengthFloat
from shapelint.worker.shapes import shape_of


def concretized(
    value: Any,
    sizes: Mapping[str, int],
    make: Callable[[list[int], torch.dtype], torch.Tensor],
) -> Any:
    """``value`` with ints for the lengths in it, and new tensors for the tensors in it.

    ``sizes`` are those of the input symbols. ``make`` makes a tensor of a shape and a dtype.
    """
    if isinstance(value, Length):
        return value.expr.at(sizes)
    if isinstance(value, LengthFloat):
        return value.formula.at(sizes)
    if isinstance(value, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return make([concretized(n, sizes, make) for n in shape_of(value)], value.dtype)
    if isinstance(value, slice):
        return slice(*(concretized(v, sizes, make) for v in (value.start, value.stop, value.step)))
    if isinstance(value, dict):
        return {k: concretized(v, sizes, make) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        kind = list if isinstance(value, list) else tuple
        return kind(concretized(v, sizes, make) for v in value)
    return value
