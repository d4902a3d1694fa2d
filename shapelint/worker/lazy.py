"""Layers that take their sizes from their first input: ``LazyConv2d``, ``LazyLinear`` and so on.

https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from shapelint.worker.length import Length
from shapelint.worker.recorder import current
from shapelint.worker.shapes import shape_of

__all__ = ["materialize"]


def materialize(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Give a lazy layer its parameters; they keep the sizes of this run.

    A later input of another size meets parameters that are already there. So where the size taken
    is not a constant, what holds depends on which input came first.
    """
    if not isinstance(module, LazyModuleMixin) or not module.has_uninitialized_params():
        return
    with torch._C.DisableTorchFunction():
        module.initialize_parameters(*args, **kwargs)
    recorder = current()
    if args and recorder is not None and isinstance(_taken(module, args[0]), Length):
        recorder.lost(f"{type(module).__name__} takes its size from the first input")


def _taken(module: nn.Module, input: Any) -> int | None:
    """The length a layer looks at: the last one, or the channels."""
    shape = shape_of(input)
    spatial = getattr(module, "_get_num_spatial_dims", None)
    if isinstance(module, nn.LazyLinear):
        dim = len(shape) - 1
    else:
        dim = 1 if spatial is None else len(shape) - spatial() - 1
    return shape[dim] if 0 <= dim < len(shape) else None
