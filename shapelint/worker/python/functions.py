"""``math``, NumPy, compiled and scripted functions on lengths.

Their functions are written in C and take a length for a bare number. While a model runs, its
modules see stand-ins: what can be repeated at other sizes stays a length, or a double that knows
where it comes from; everywhere else the run speaks only for sizes that give the same numbers.
What ``torch.jit.script`` made of a Python function would not be heard: the function itself runs.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CellType, FunctionType, ModuleType, NoneType
from typing import Any

import torch

from shapelint.lengths.real import MATH
from shapelint.trace import UNFOLLOWED
from shapelint.worker.nested import bare, bare_number, has_lengths
from shapelint.worker.python.arrays import of_numpy
from shapelint.worker.python.length import computed, whole
from shapelint.worker.python.reached import is_user
from shapelint.worker.python.swaps import Swap, items_of
from shapelint.worker.recorder import note_lost

_WHOLE = frozenset({"gcd", "isqrt", "lcm"})
_ASK_THE_LENGTH = frozenset({"ceil", "floor", "prod", "trunc"})
_DEFINED: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("log", "log2", "log10"), lambda x: bool(x > 0)),
    **dict.fromkeys(("sqrt", "isqrt"), lambda x: bool(x >= 0)),
    "log1p": lambda x: bool(x > -1),
}
"""Where a function has a value. Python raises elsewhere: that is another way through the model."""


@functools.cache
def _of_math(function: Any) -> Any:
    name = function.__name__

    @functools.wraps(function)
    def seen(*args: Any, **kwargs: Any) -> Any:
        if name in _ASK_THE_LENGTH or kwargs or not has_lengths(args):
            return function(*args, **kwargs)
        if name in MATH:
            if name in _DEFINED:
                _DEFINED[name](args[0])
            return (whole if name in _WHOLE else computed)(name, *args)
        return function(*bare(args, f"math.{name}"))

    return seen


@functools.cache
def bared(function: Any) -> Any:
    """A function written in C, called with bare numbers for lengths, which is a branch."""
    reason = f"a length goes into {function.__name__}"

    @functools.wraps(function, updated=())
    def seen(*args: Any, **kwargs: Any) -> Any:
        return function(*(bare_number(a, reason) for a in args), **bare(kwargs, reason))

    return seen


_BARED = (
    *(itertools.combinations, itertools.count, itertools.islice, itertools.permutations),
    *(itertools.repeat, operator.index, struct.pack, struct.pack_into),
)
_BARED_IDS = frozenset(map(id, _BARED))
_CYTHON = ("cython_function_or_method", "fused_cython_function")
_COMPILED = frozenset({"builtin_function_or_method", *_CYTHON, "CPUDispatcher"})
"""The names of types of compiled functions: every Cython has its own; the last is numba's."""


def _is_compiled(value: Any) -> bool:
    """Whether it is a function of a compiled module that is neither torch's nor Python's."""
    module = getattr(value, "__module__", None)
    return type(value).__name__ in _COMPILED and isinstance(module, str) and is_user(module)


def _of_others(function: Any) -> Any:
    return bared(function) if function in _BARED else function


class _Seen(ModuleType):
    """A module whose functions notice lengths."""

    def __init__(self, module: ModuleType, seen: Callable[[Any], Any]) -> None:
        super().__init__(module.__name__, module.__doc__)
        self.__dict__.update(_module=module, _seen=seen)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if isinstance(value, ModuleType):
            return _Seen(value, self._seen)
        if value in _BARED or _is_function(value):
            return self._seen(value)
        return value


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type) and hasattr(value, "__name__")


def noticing(
    spaces: Iterable[dict[str, Any]],
    kinds: Iterable[type] = (),
    functions: Iterable[FunctionType] = (),
) -> Iterator[Swap]:
    """The swaps that put functions that handle lengths into these namespaces."""
    cells = {id(c): c for f in functions for c in f.__closure__ or () if c != CellType()}
    for holder in (*spaces, *kinds, *cells.values()):
        for name, value in items_of(holder):
            stand_in = _stand_in(value)
            if stand_in:
                yield Swap(holder, name, value, stand_in)


class _Uncached:
    """A cached function (``lru_cache``), bypassed for lengths so that its branches are recorded."""

    def __init__(self, cached: Any) -> None:
        self.cached = cached

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        past = has_lengths(args) or has_lengths(kwargs.values())
        return (self.cached.__wrapped__ if past else self.cached)(*args, **kwargs)

    def __get__(self, instance: Any, kind: type) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def cache_info(self) -> Any:
        """What it holds without lengths."""
        note_lost(f"a cache is asked what it holds, {UNFOLLOWED}")
        return self.cached.cache_info()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cached, name)


_HEARD = frozenset({FunctionType, NoneType, bool, dict, float, int, list, str, tuple})
"""Types of most values, which need no stand-in."""


def _stand_in(value: Any) -> Any:
    if type(value) in _HEARD:
        return None
    if value is math:
        return _MATH
    if isinstance(value, functools._lru_cache_wrapper):
        return _Uncached(value)
    if type(value) is type(math.sqrt) and value.__module__ == "math":
        return _of_math(value)
    if isinstance(value, torch.jit.ScriptFunction):
        return getattr(value, "_torchdynamo_inline", None)  # torch.compile asks for it as well
    if id(value) in _BARED_IDS or _is_compiled(value):
        return bared(value)
    if type(value) is ModuleType and value in _OTHERS:
        return _OTHERS[value]
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if type(value) in (type(numpy.array), type(numpy.add), type(numpy.sum)):
        return of_numpy(value) if str(value.__module__).startswith("numpy") else None
    return _numpy(numpy) if value is numpy else None


_MATH = _Seen(math, _of_math)
_OTHERS = {module: _Seen(module, _of_others) for module in (itertools, operator, struct)}


@functools.cache
def _numpy(numpy: ModuleType) -> ModuleType:
    return _Seen(numpy, of_numpy)
