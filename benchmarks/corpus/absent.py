"""What packages import and these models never call.

torchvision's compiled operators do not load into a CPU build of torch, and it refuses to be
imported without their schemas; torchaudio does not load at all. None of the models in the table
runs an operator of either.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

_KEPT: list[torch.library.Library] = []
"""A library of operators lives as long as its object."""


class _Absent(ModuleType):
    """A module of which every name is one more."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if args and callable(args[0]) else self


def make_importable() -> None:
    """Let packages import torchvision and torchaudio. Does nothing where they load."""
    _declare_operators()
    if importlib.util.find_spec("torchaudio") is None:
        for name in ("torchaudio", "torchaudio.functional", "torchaudio.transforms"):
            sys.modules[name] = _Absent(name)
            sys.modules[name].__spec__ = ModuleSpec(name, None)


def _declare_operators() -> None:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    shapes = Path(spec.origin).with_name("_meta_registrations.py").read_text(encoding="utf-8")
    found = re.findall(r'register_(?:fake|meta)\("(?:torchvision::)?(\w+)"', shapes)
    _KEPT.append(torch.library.Library("torchvision", "DEF"))
    for name in sorted(set(found)):
        _KEPT[0].define(f"{name}() -> ()")
