"""Do not import ``torch._dynamo`` to run a model on the meta device.

Many meta kernels are PyTorch functions marked "not to be compiled". The first call of one imports
all of ``torch._dynamo``, which takes about as long as torch itself, only to ask it to leave the
function alone. A stand-in gives the answer: the function, as it is. Whoever asks it for anything
else (``torch.compile`` in a model file) gets the real package.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch

__all__ = ["defer_dynamo"]

_NAME = "torch._dynamo"


class _Deferred(ModuleType):
    """``torch._dynamo`` until something besides ``disable`` is wanted."""

    __path__: list[str] = []
    __spec__ = None

    @staticmethod
    def disable(fn: Any = None, recursive: bool = True, **_: Any) -> Any:
        """Nothing is compiled here, so nothing has to be disabled."""
        return fn if fn is not None else lambda function: function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(self), name)


def _real(stand_in: ModuleType) -> ModuleType:
    if sys.modules.get(_NAME) is stand_in:
        del sys.modules[_NAME]
        vars(torch).pop("_dynamo", None)
    return importlib.import_module(_NAME)


def defer_dynamo() -> None:
    """Put the stand-in in place, unless the package is there already."""
    if _NAME not in sys.modules:
        sys.modules[_NAME] = torch._dynamo = _Deferred(_NAME)
