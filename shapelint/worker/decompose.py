"""Composites written in Python: run the body of ``F.multi_head_attention_forward`` and its like.

Such a function begins with ``if has_torch_function(...): return handle_torch_function(...)``. A
copy whose globals answer "no" to that question runs its body, and the calls it makes are seen one
by one; so a composite needs no transfer function of its own.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch

_QUESTIONS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")

_copies: dict[types.FunctionType, Callable[..., Any]] = {}


def _equal(input: Any, other: Any) -> bool:
    """``torch.equal``, of which there is no meta kernel: lengths decide first, then values."""
    return bool(input.is_same_size(other) and (input == other).all())


BY_PARTS: dict[str, Callable[..., Any]] = {"equal": _equal}
"""Functions in terms of ops that have transfer functions, by name."""


def _no(*args: Any, **kwargs: Any) -> bool:
    return False


class _With:
    """A module, some of whose names mean something else."""

    def __init__(self, module: types.ModuleType, **names: Any) -> None:
        self._module = module
        vars(self).update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


_TORCH = _With(torch, overrides=_With(torch.overrides, **dict.fromkeys(_QUESTIONS, _no)))
"""For functions that ask ``torch.overrides.has_torch_function(...)``, as those of ``nn.init``."""


def decomposed(func: types.FunctionType) -> Callable[..., Any]:
    """A copy of ``func`` that does not hand itself over to a torch function mode."""
    if func not in _copies:
        inner = func
        while hasattr(inner, "__wrapped__"):
            inner = inner.__wrapped__
        answers: dict[str, Any] = {n: _no for n in _QUESTIONS if n in inner.__globals__}
        if "overrides" in inner.__code__.co_names and inner.__globals__.get("torch") is torch:
            answers["torch"] = _TORCH
        copy = types.FunctionType(
            inner.__code__,
            {**inner.__globals__, **answers},
            inner.__name__,
            inner.__defaults__,
            inner.__closure__,
        )
        copy.__kwdefaults__ = inner.__kwdefaults__
        _copies[func] = copy
    return _copies[func]
