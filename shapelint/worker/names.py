"""What a PyTorch function and its arguments are called, and which transfer function speaks for it.

PyTorch takes some keywords as NumPy calls them, ``x.mean(axis=0, keepdims=True)``: those of
``numpy_compatibility_arg_names`` in torch/csrc/utils/python_arg_parser.cpp.
"""

from __future__ import annotations

import inspect
import types
from functools import lru_cache
from typing import Any

from shapelint.worker.ops import COMPOSITES, OPS

_NUMPY = {
    "a": "input",
    "axis": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "x1": "input",
    "x2": "other",
}


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


def renamed(func: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of ``func``, NumPy's names replaced by those of its transfer function.

    What is written in Python has names of its own: ``init.uniform_(w, a=0, b=1)``.
    """
    if _NUMPY.keys().isdisjoint(kwargs) or isinstance(func, types.FunctionType):
        return kwargs
    known = _parameters(transfer_of(func))
    return {_own(name, known): value for name, value in kwargs.items()}


def _own(name: str, known: frozenset[str]) -> str:
    own = _NUMPY.get(name, name)
    return own if own in known and name not in known else name


@lru_cache(maxsize=4096)
def _parameters(transfer: Any) -> frozenset[str]:
    """Those of a transfer function; what takes any may pass on a dim."""
    if transfer is None:
        return frozenset()
    parameters = inspect.signature(transfer).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return frozenset({*parameters, *(("dim", "keepdim") if takes_any else ())})
