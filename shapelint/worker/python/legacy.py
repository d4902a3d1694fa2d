"""``torch.LongTensor([h, w])``, ``Variable(x)``: constructors that no mode sees.

https://docs.pytorch.org/docs/stable/tensors.html#data-types
https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch._C import _LegacyVariableBase
from torch.autograd import Variable

from shapelint.worker.nested import has_lengths
from shapelint.worker.python.arrays import without_arrays
from shapelint.worker.python.swaps import ABSENT, StandIn, Swap

_NAMES = ("IntTensor", "LongTensor", "FloatTensor", "DoubleTensor", "BoolTensor")


class _Constructor(StandIn):
    """Stands for one of PyTorch's tensor types; only what it is called with is looked at."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        kind = cls.stands_for
        if not has_lengths(args):
            return kind(*args, **kwargs)
        data = args[0]
        if isinstance(data, (list, tuple)) and not isinstance(data, torch.Size):
            return torch.tensor(data, dtype=kind.dtype)
        return torch.empty(*args, dtype=kind.dtype)

    def __getattr__(cls, name: str) -> Any:
        return getattr(type.__getattribute__(cls, "stands_for"), name)


def _stand_in(name: str) -> type:
    """Its name is the one that PyTorch looks types up by."""
    return _Constructor(f"torch.{name}", (), {"stands_for": getattr(torch, name)})


def _from_numpy(array: Any, _own: Any = torch.from_numpy) -> torch.Tensor:
    plain = without_arrays(array)
    return _own(array) if plain is array else torch.tensor(plain)


def _variable(cls: type, data: Any = None, *args: Any, **kwargs: Any) -> Any:
    """``Variable(x)`` has been ``x`` since PyTorch 0.4."""
    if isinstance(data, torch.Tensor):
        return data
    return _LegacyVariableBase.__new__(cls, data, *args, **kwargs)


_VARIABLE = staticmethod(_variable)
_STAND_INS = {"from_numpy": _from_numpy, **{name: _stand_in(name) for name in _NAMES}}


def constructors() -> Iterator[Swap]:
    """These constructors pass lengths on."""
    for name, stand_in in _STAND_INS.items():
        yield Swap(torch, name, getattr(torch, name), stand_in)
    yield Swap(Variable, "__new__", ABSENT, _VARIABLE)
