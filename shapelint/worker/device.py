"""Every tensor on one device, whatever the code says.

Models hard-code ``.cuda()``, ``device="cuda"`` and ``.to(device)``. Shapes do not depend on the
device, so all of these stay where shapelint runs them.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

import torch
import torch.utils._device
from torch import nn
from torch.overrides import TorchFunctionMode

from shapelint.worker.frames import is_user_frame
from shapelint.worker.python.swaps import StandIn, Swap, swapped


class OneDevice(TorchFunctionMode):
    """While active, tensors are created on ``device`` and stay on it."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = torch.device(device)
        self._default: Any = torch.device(device)
        self._types = swapped(_TYPES)

    def __enter__(self) -> Any:
        self._types.__enter__()
        self._default.__enter__()
        return super().__enter__()  # type: ignore[no-untyped-call]

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)  # type: ignore[no-untyped-call]
        self._default.__exit__(*exc)
        self._types.__exit__(*exc)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _TOLD and asked_by_user():
            return _TOLD[func]
        kwargs = dict(kwargs or {})
        if func in (torch.Tensor.cuda, torch.Tensor.cpu):
            return args[0]
        if func is torch.Tensor.type:
            return _typed(*args, **kwargs)
        if func is torch.Tensor.to:
            args = tuple(self.device if _is_device(a) else a for a in args)
        if kwargs.get("device") is not None:
            kwargs["device"] = self.device
        return func(*args, **kwargs)


class _TypeOfCuda(StandIn):
    """Stands for ``torch.cuda.LongTensor``; what it makes is a ``torch.LongTensor``."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return getattr(torch, cls.__name__)(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        return getattr(type.__getattribute__(cls, "stands_for"), name)


_TYPES = [
    Swap(torch.cuda, name, kind, _TypeOfCuda(name, (), {"stands_for": kind}))
    for name, kind in vars(torch.cuda).items()
    if name.endswith("Tensor")
]

TOLD = {"device": torch.device("cpu"), "is_cpu": True, "is_meta": False}
"""Attributes as models see them: as on the CPU, since the claims are about runs there."""

_TOLD = {getattr(torch.Tensor, name).__get__: answer for name, answer in TOLD.items()}
_BETWEEN = (torch.overrides.__file__, torch._tensor.__file__, torch.utils._device.__file__)


def type_name(tensor: torch.Tensor) -> str:
    """``torch.FloatTensor``: the name of its type on the CPU."""
    return torch.empty(0, dtype=tensor.dtype, device="cpu").type()


def dtype_called(kind: Any) -> torch.dtype:
    """What ``Tensor.type`` is given: a dtype, one of the old tensor types, or its name."""
    if isinstance(kind, str):
        return torch.empty(0, device="cpu").type(kind.replace(".cuda", "")).dtype
    found: torch.dtype = getattr(kind, "dtype", kind)
    return found


def asked_by_user() -> bool:
    """Whether it is neither torch nor shapelint that reads an attribute of a tensor."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_between(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and is_user_frame(frame)


def _is_between(path: str) -> bool:
    return path.startswith(_WORKER) or path in _BETWEEN


_WORKER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _typed(tensor: torch.Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    return type_name(tensor) if dtype is None else tensor.to(dtype_called(dtype))


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
