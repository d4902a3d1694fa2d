"""Runs one op: on the meta device, and where that fails, on the CPU.

The CPU is the oracle and the meta device its cheap stand-in. Some meta kernels are missing, some
are stricter than the CPU's, and some read values. What fails there is run again on CPU tensors of
the same sizes and strides, filled with zeros (valid indices) or ones (valid windows and divisors);
so the error people see is the CPU's. This is for ops whose shapes follow from shapes: the value
that ``x.item()`` has on ones means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.trace import STEP_BY_STEP
from shapelint.worker.recorder import Recorder, current, recording

MAX_ELEMENTS = 2**28
"""A tensor with more is not made on the CPU: 1 GiB of floats."""


_MOVES = frozenset({"to", "cuda", "cpu", "type"})


def _unshuffled(input: torch.Tensor, downscale_factor: int) -> torch.Tensor:
    """An empty map stays as it is on the CPU: ``pixel_unshuffle_cpu`` in ``PixelShuffle.cpp``."""
    result = torch.pixel_unshuffle(input, downscale_factor)
    return result if result.numel() else input.clone()


_AS_ON_CPU = {"pixel_unshuffle": _unshuffled}
"""What the CPU does, where the meta kernel returns another shape."""


def run_op(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The meta tensors that ``func`` returns. Raises what ``func`` raises on the CPU."""
    name = getattr(func, "__name__", "")
    try:
        if name in STEP_BY_STEP:
            return _run_two_steps(func, args)
        return run_on_meta(_AS_ON_CPU.get(name, func), args, kwargs)
    except Exception:
        # without the modes: one says that there are no meta tensors, one keeps every tensor there
        with torch._C.DisableTorchFunction():
            if any(_extent(t) > MAX_ELEMENTS for t in _meta_tensors((args, kwargs))):
                raise
    with torch._C.DisableTorchFunction():
        args, kwargs = pytree.tree_map(_on_cpu, (args, kwargs))
        return pytree.tree_map(_on_meta, func(*args, **kwargs))


def _run_two_steps(func: Callable[..., Any], args: Any) -> Any:
    """A recurrent layer on the first two elements; every further one adds one to the output."""
    input, dim = args[0], 1 if args[-1] else 0
    with torch._C.DisableTorchFunction():
        n = input.shape[dim]
        out, *states = func(input.narrow(dim, 0, min(n, 2)), *args[1:])
        shape = [n if i == dim else size for i, size in enumerate(out.shape)]
        return (out.new_empty(shape), *states)


def run_on_meta(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What ``func`` returns on the meta device.

    Meta kernels are themselves written in PyTorch, and a torch function mode would intercept each
    of their steps. So :class:`~.device.OneDevice` is bypassed where the result stays on the device
    of the arguments anyway.
    """
    if _stays(func, args, kwargs):
        with torch._C.DisableTorchFunction():
            return func(*args, **kwargs)
    with torch._C.DisableTorchFunctionSubclass():
        return func(*args, **kwargs)


def unrecorded(run: Callable[..., Any], func: Any, args: Any, kwargs: Any) -> Any:
    """``run(func, args, kwargs)``; comparisons in PyTorch's code are no branches."""
    recorder = current()
    with recording(Recorder(recorder.sizes if recorder else {})):
        return run(func, args, kwargs)


def _stays(func: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Whether the result is on the device of the first argument, whatever the default device."""
    first = args[0] if args else None
    if isinstance(first, (tuple, list)) and first:
        first = first[0]
    moved = "device" in kwargs or getattr(func, "__name__", "to") in _MOVES
    return isinstance(first, torch.Tensor) and not moved


def _meta_tensors(value: Any) -> list[torch.Tensor]:
    return [t for t in pytree.tree_leaves(value) if isinstance(t, torch.Tensor) and t.is_meta]


def _extent(tensor: torch.Tensor) -> int:
    """Elements of storage between the first and the last one in use."""
    if not tensor.numel():
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))


def _on_cpu(value: Any) -> Any:
    """A CPU tensor of the same sizes and strides: floats are ones, all else zeros."""
    if not isinstance(value, torch.Tensor) or not value.is_meta:
        return value
    number = int(value.is_floating_point())
    storage = torch.full((_extent(value),), number, dtype=value.dtype, device="cpu")
    return storage.as_strided(value.shape, value.stride())


def _on_meta(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
