"""Another device or dtype. Lengths stay, and on the meta device there is nowhere to go.

A tensor without data cannot be copied to a real device, so these calls are answered here instead
of by PyTorch; they leave no node in the graph.
"""

from __future__ import annotations

from typing import Any

import torch

from shapelint.worker.device import dtype_called, type_name
from shapelint.worker.ops import query
from shapelint.worker.ops.queries import as_asked_of_torch
from shapelint.worker.tensor import ShapeTensor


@query("cpu", "cuda", "ipu", "mtia", "pin_memory", "share_memory", "xpu")
def moved(self: Any, *args: Any, **kwargs: Any) -> Any:
    """The tensor itself."""
    return self


@query("to")
def to(self: Any, *args: Any, memory_format: Any = None, **kwargs: Any) -> Any:
    """The tensor with the dtype that is asked for; a tensor argument stands for its dtype."""
    dtype = None
    for wanted in (*args, *kwargs.values()):
        dtype = wanted if isinstance(wanted, torch.dtype) else getattr(wanted, "dtype", dtype)
    options = {} if memory_format is None else {"memory_format": memory_format}
    if not isinstance(self, ShapeTensor):
        return self.to("meta", dtype or self.dtype)
    return _like(self, as_asked_of_torch("to", self, dtype or self.dtype, **options))


@query("type")
def type_(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, or the tensor with another dtype."""
    return type_name(self) if dtype is None else to(self, dtype_called(dtype))


def _like(tensor: ShapeTensor, real: torch.Tensor) -> ShapeTensor:
    return tensor if real is tensor else ShapeTensor.wrap(real, tensor.lengths, tensor.node)
