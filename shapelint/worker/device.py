"""Every tensor on one device, whatever the code says.

Models hard-code ``.cuda()``, ``device="cuda"`` and ``.to(device)``. Shapes do not depend on the
device, so all of these stay where shapelint runs them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

__all__ = ["OneDevice", "move"]


class OneDevice(TorchFunctionMode):
    """While active, tensors are created on ``device`` and stay on it."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = torch.device(device)
        self._default: Any = torch.device(device)

    def __enter__(self) -> Any:
        self._default.__enter__()
        return super().__enter__()  # type: ignore[no-untyped-call]

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)  # type: ignore[no-untyped-call]
        self._default.__exit__(*exc)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.Tensor.cuda, torch.Tensor.cpu):
            return args[0]
        if func is torch.Tensor.to:
            args = tuple(self.device if _is_device(a) else a for a in args)
        if kwargs.get("device") is not None:
            kwargs["device"] = self.device
        return func(*args, **kwargs)


def _is_device(value: Any) -> bool:
    return isinstance(value, (torch.device, str)) or type(value) is int


def move(root: nn.Module, device: str) -> nn.Module:
    """``root`` with its parameters, buffers and tensor attributes on ``device``, in place."""
    root.to(device)
    for module in root.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                vars(module)[name] = value.to(device)
    return root
