"""What a PyTorch function is called, and which transfer function speaks for it."""

from __future__ import annotations

import types
from functools import lru_cache
from typing import Any

from shapelint.worker.ops import COMPOSITES, OPS

__all__ = ["op_name", "transfer_of"]


@lru_cache(maxsize=4096)
def op_name(func: Any) -> str:
    """PyTorch's name of a function; ``__get__shape`` for reading an attribute."""
    name: str = getattr(func, "__name__", type(func).__name__)
    if name == "unfold" and not isinstance(func, types.FunctionType):
        return "Tensor.unfold"  # F.unfold is another operation of that name
    if name in ("__get__", "__set__"):
        return name + getattr(func.__self__, "__name__", "")
    if name.endswith("_") and not name.endswith("__"):
        return name[:-1]
    return name


@lru_cache(maxsize=4096)
def transfer_of(func: Any) -> Any:
    """The transfer function of ``func``; None if it has none.

    ``F.batch_norm`` comes before ``batch_norm``, ``add_`` before ``add``: their needs differ.
    """
    name = op_name(func)
    exact = getattr(func, "__name__", name)
    if getattr(func, "__module__", None) == "torch.nn.functional":
        exact = f"F.{exact}"
    found = OPS.get(exact)
    return found if found is not None or exact in COMPOSITES else OPS.get(name)
