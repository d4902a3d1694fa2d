"""What meta kernels returned, remembered for as long as a run takes.

A meta kernel sees shapes, strides and dtypes but no values: to the same it answers the same. Most
are written in Python and take longer than all that is added to a call here, and models repeat their
layers. PyTorch's own ``FakeTensorMode`` remembers for the same reason.

Only a new tensor can be made again from what is known of it: views and changes in place are always
run, and so is everything while gradients are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from shapelint.worker.kernels import run_op
from shapelint.worker.nested import tensors_in

__all__ = ["Remembered"]

_alias = torch._C._is_alias_of  # type: ignore[attr-defined]  # whether two tensors share storage
_PLAIN = frozenset({type(None), bool, str, torch.dtype, torch.memory_format})

Seen = tuple[torch.Size, tuple[int, ...], torch.dtype]
"""All that a meta kernel sees of a tensor."""


class Remembered:
    """Runs known ops on the meta device: calls that are the same to a kernel, once."""

    def __init__(self) -> None:
        self._results: dict[object, Seen] = {}

    def run(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What ``func`` returns. Raises what it raises."""
        with torch._C.DisableTorchFunction():
            key = _key(func, args, kwargs)
            if key in self._results:
                shape, stride, dtype = self._results[key]
                return torch.empty_strided(shape, stride, dtype=dtype, device="meta")
        result = run_op(func, args, kwargs)
        with torch._C.DisableTorchFunction():
            if key is not None and _is_new(result, tensors_in((args, kwargs))):
                self._results[key] = _seen(result)
        return result


def _key(func: Callable[..., Any], args: Any, kwargs: Any) -> object:
    """All that the result depends on; None if that is not known."""
    if torch.is_grad_enabled():
        return None
    try:
        given = (*map(_argument, args), *((name, _argument(v)) for name, v in kwargs.items()))
    except (TypeError, RuntimeError):  # a sparse tensor has no strides
        return None
    return func, given, torch.get_default_dtype(), torch.is_autocast_enabled("cpu")


def _argument(value: Any) -> object:
    """Equal for arguments that are the same to a kernel: ``1``, ``1.0`` and ``True`` are not."""
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if isinstance(value, torch.Tensor):
        return _seen(value)
    if isinstance(value, (int, float)):
        plain = int(value) if isinstance(value, int) else float(value)
        return type(plain), plain
    if isinstance(value, (tuple, list)):
        return kind, *map(_argument, value)
    raise TypeError


def _seen(tensor: torch.Tensor) -> Seen:
    """Raises TypeError for a tensor of which there is more to see."""
    if not tensor.is_meta or tensor.is_complex():  # has values, may be conjugated
        raise TypeError
    return tensor.shape, tensor.stride(), tensor.dtype


def _is_new(result: Any, given: Iterable[torch.Tensor]) -> bool:
    """Whether a call has made a tensor that is known by what is seen of it."""
    return (
        type(result) is torch.Tensor
        and result.is_meta
        and result.layout is torch.strided
        and not result.is_complex()
        and not any(_alias(result, tensor) for tensor in given)
    )
