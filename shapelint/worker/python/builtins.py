"""``int(h / 2)``, ``float(n)``, ``hash(n)``, ``len(x)``, ``range(n)`` without losing the length.

CPython makes an exact ``int`` of whatever ``__int__`` returns, so a length that passes through
``int()`` would come out as a bare number. While a model runs, the modules that hold its code see
these builtins instead. ``int`` and ``float`` stay types: ``isinstance(x, int)`` and
``x: int`` mean what they always did.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import combinations, starmap
from types import ModuleType
from typing import Any

import torch
from torch import nn

from shapelint.lengths.real_tests import RealTest
from shapelint.worker.python import functions
from shapelint.worker.python.compared import condition
from shapelint.worker.python.containers import CALLED
from shapelint.worker.python.contents import number_in
from shapelint.worker.python.floats import giving_way, kinds_of
from shapelint.worker.python.length import Length, LengthFloat, as_float, computed, fixed
from shapelint.worker.python.reached import functions_of
from shapelint.worker.python.swaps import ABSENT, StandIn, Swap
from shapelint.worker.python.uncounted import Pieces
from shapelint.worker.shapes import shape_of


class _Transparent(StandIn):
    """A metaclass whose classes convert a length, and are the builtin to everybody else."""

    def __getattribute__(cls, name: str) -> Any:
        if name in ("stands_for", "converted") or name.startswith("__"):
            return super().__getattribute__(name)
        return getattr(super().__getattribute__("stands_for"), name)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1:
            args = (number_in(args[0]),)
            if isinstance(args[0], (Length, LengthFloat)):
                return cls.converted(args[0])
        return cls.stands_for(*args, **kwargs)


class _Int(metaclass=_Transparent):
    stands_for = int

    @staticmethod
    def converted(value: Any) -> Any:
        return value if isinstance(value, int) else value.__trunc__()


class _Float(metaclass=_Transparent):
    stands_for = float
    converted = staticmethod(as_float)


class _Bytes(metaclass=_Transparent):
    stands_for = bytes
    converted = staticmethod(functions.bared(bytes))


class _ByteArray(metaclass=_Transparent):
    stands_for = bytearray
    converted = staticmethod(functions.bared(bytearray))


def _len(value: Any, /) -> int:
    if isinstance(value, torch.Tensor):
        shape = shape_of(value)
        return shape[0] if shape else builtins.len(value)
    return value.cut.count if isinstance(value, Pieces) else builtins.len(value)


def _range(*args: Any) -> Any:
    args = tuple(map(number_in, args))
    if not any(isinstance(a, Length) for a in args):
        return builtins.range(*args)
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1), 3: args}[len(args)]
    if not (start < stop if step > 0 else start > stop):
        return builtins.range(0)
    count = fixed(
        (stop - start - 1) // step + 1 if step > 0 else (start - stop - 1) // -step + 1,
        "a loop runs as often as a length says",
    )
    if isinstance(start, Length) or isinstance(step, Length):
        return [start + i * step for i in builtins.range(count)]
    return builtins.range(start, start + count * step, step)


def _pow(base: Any, exp: Any, mod: Any = None) -> Any:
    if mod is None or not isinstance(exp, Length):
        return builtins.pow(base, exp) if mod is None else builtins.pow(base, exp, mod)
    return base**exp % mod


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    """``max`` or ``min``; of doubles that cannot be compared exactly, a computation of its own."""

    @wraps(function)
    def seen(*args: Any, **kwargs: Any) -> Any:
        values = [*args[0]] if len(args) == 1 else args
        unordered = not kwargs and all(isinstance(v, float) for v in values)
        if unordered and any(starmap(_is_undecided, combinations(values, 2))):
            return computed(function.__name__, *values)
        return function(values, **kwargs)

    return seen


def _is_undecided(one: float, other: float) -> bool:
    both = isinstance(one, LengthFloat), isinstance(other, LengthFloat)
    return any(both) and isinstance(condition("<", one, other), RealTest)


def _hash(value: Any, /) -> int:
    return builtins.hash(fixed(value, "a length is hashed") if isinstance(value, Length) else value)


_BARE = (bin, chr, enumerate, hex, oct)
"""Other builtins, which would take a length for a bare number."""

_TORCH_MODULES = {"torch.nn.modules.upsampling"}
"""Modules of torch whose constructors, called in ``forward``, convert what may be lengths."""

_SEEN: dict[str, Any] = {
    **{"int": _Int, "float": _Float, "bytes": _Bytes, "bytearray": _ByteArray},
    **{"hash": _hash, "len": _len, "pow": _pow, "range": _range},
    **{"max": _extreme(max), "min": _extreme(min)},
    **{function.__name__: functions.bared(function) for function in _BARE},
    **CALLED,
}


def in_modules_of(root: nn.Module) -> Iterator[Swap]:
    """The swaps for all code that ``root`` may run: these builtins, functions and floats."""
    reached = functions_of(root)
    names = {type(m).__module__ for m in root.modules()}
    names = {n for n in names if not n.startswith("torch.")} | _TORCH_MODULES
    modules = (sys.modules.get(name) for name in names)  # a file may put anything there
    found = [vars(module) for module in modules if isinstance(module, ModuleType)]
    spaces = list({id(s): s for s in (*found, *(f.__globals__ for f in reached))}.values())
    for space in spaces:
        yield from (Swap(space, key, ABSENT, _SEEN[key]) for key in _SEEN if key not in space)
    yield from giving_way(root, spaces, reached)
    yield from functions.noticing(spaces, kinds_of(root), reached)
