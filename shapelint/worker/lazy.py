"""Layers that take their sizes from their first input: ``LazyConv2d``, ``LazyLinear`` and so on.

https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from shapelint.trace import FIRST_INPUT
from shapelint.worker.python.length import Length
from shapelint.worker.recorder import current
from shapelint.worker.shapes import shape_of


def materialize(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Give a lazy layer its parameters, as its first input does.

    A later input of another size meets parameters that are already there. So where the size taken
    is not a constant, what holds is true of a model that is built anew for each size.
    """
    if not isinstance(module, LazyModuleMixin) or not module.has_uninitialized_params():
        return
    with torch._C.DisableTorchFunction():
        module.initialize_parameters(*args, **kwargs)
    recorder = current()
    taken = _taken(module, args[0]) if args else None
    if recorder is not None and isinstance(taken, Length):
        recorder.lost(f"{type(module).__name__} {FIRST_INPUT}")
        if isinstance(module, nn.LazyLinear):
            del module.weight
            module.weight = torch.empty(module.out_features, taken)


def _taken(module: nn.Module, input: Any) -> int | None:
    """The length a layer looks at: the last one, or the channels."""
    shape = shape_of(input)
    spatial = getattr(module, "_get_num_spatial_dims", None)
    if isinstance(module, nn.LazyLinear):
        dim = len(shape) - 1
    else:
        dim = 1 if spatial is None else len(shape) - spatial() - 1
    return shape[dim] if 0 <= dim < len(shape) else None
