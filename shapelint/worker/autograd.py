"""``Function.apply`` without autograd: its ``forward`` is run, and the calls it makes are seen.

PyTorch would hand the results of ``forward`` back as other Python objects, without their lengths.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.nn.modules._functions import CrossMapLRN2d

from shapelint.worker.python.swaps import replaced


class _Context:
    """What ``forward`` may do with its ``ctx``; any attribute may be kept on it."""

    saved_tensors: tuple[Any, ...] = ()
    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors: Any) -> None:
        """No backward pass will ask."""

    mark_non_differentiable = mark_dirty

    def set_materialize_grads(self, value: bool) -> None:
        """No backward pass will ask."""


def _applied(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """``setup_context`` is the newer of two ways to write a function."""
    if cls is CrossMapLRN2d and args[0].dim() == 4:
        return torch.pow(args[0], 2)  # as forward begins; then it visits every channel in turn
    context = _Context()
    context.needs_input_grad = (False,) * len(args)
    if cls.setup_context is torch.autograd.Function.setup_context:
        return cls.forward(context, *args, **kwargs)
    output = cls.forward(*args, **kwargs)
    cls.setup_context(context, args, output)
    return output


def run_forward_only() -> AbstractContextManager[None]:
    """While active, applying a custom function runs its ``forward``."""
    return replaced(torch.autograd.Function, "apply", classmethod(_applied))
