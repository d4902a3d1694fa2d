"""The arguments of a call as they would be at other sizes."""

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
    """``value`` with every length in it as an int at ``sizes``, and with tensors that are made so.

    ``make`` gets the dims and the dtype of each tensor on the meta device.
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
