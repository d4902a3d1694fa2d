"""The functions that ``forward`` may reach, as far as names tell.

Read from code objects, starting at the ``forward`` of every module: a global ``helper`` leads into
the module that defines it, ``self.method`` to every method of that name, a class to those of its
methods that somebody names. What belongs to PyTorch, to Python or to numpy is left alone.
"""

from __future__ import annotations

import sys
import types
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

_LEFT_ALONE = frozenset({*sys.stdlib_module_names, "torch", "numpy", "shapelint"})
_STARTS = ("forward", "__call__", "__init__")
_INNER = ("__func__", "__wrapped__", "func", "fget")
"""What a method, a wrapper, a partial and a property call."""
_NAMESPACES = (dict, types.MappingProxyType)


def functions_of(root: nn.Module) -> frozenset[types.FunctionType]:
    """Every Python function that a call of ``root`` may reach."""
    if root not in _found:
        _found[root] = frozenset(_Search(root).found)
    return _found[root]


_found: WeakKeyDictionary[nn.Module, frozenset[types.FunctionType]] = WeakKeyDictionary()


class _Search:
    """Names that are used meet methods that have them, whichever is seen first."""

    def __init__(self, root: nn.Module) -> None:
        self.found: set[types.FunctionType] = set()
        self._seen: set[int] = set()
        self._named: set[str] = {"forward"}
        self._methods: dict[str, list[Any]] = defaultdict(list)
        modules = list(root.modules())
        self._waiting: list[Any] = list({k for m in set(map(type, modules)) for k in m.__mro__})
        for module in modules:
            self._waiting += filter(callable, vars(module).values())
        while self._waiting:
            self._look(self._waiting.pop())

    def _look(self, value: Any) -> None:
        if id(value) in self._seen or isinstance(value, nn.Module):
            return
        self._seen.add(id(value))
        if isinstance(value, type):
            self._add_class(value)
        elif isinstance(value, types.FunctionType) and is_user(value.__module__):
            self._add_function(value)
        else:
            self._waiting.append(type(value))
        self._waiting += _inner(value)

    def _add_class(self, kind: type) -> None:
        if not is_user(kind.__module__):
            return
        self._waiting += kind.__mro__
        for name, value in vars(kind).items():
            if name in self._named or (name in _STARTS and not issubclass(kind, nn.Module)):
                self._waiting.append(value)
            else:
                self._methods[name].append(value)

    def _add_function(self, function: types.FunctionType) -> None:
        self.found.add(function)
        names = _names(function.__code__)
        for name in names - self._named:
            self._waiting += self._methods.pop(name, ())
        self._named |= names
        self._waiting += _named_in(function.__globals__, names)
        self._waiting += _named_in(_closed_over(function), names | {*function.__code__.co_freevars})


def is_user(module: str | None) -> bool:
    """Whether what a module of this name defines belongs to a project, or to a package it uses."""
    return str(module).partition(".")[0] not in _LEFT_ALONE


def _named_in(space: dict[str, Any], names: frozenset[str]) -> Iterator[Any]:
    for name in space.keys() & names:
        value = space[name]
        if isinstance(value, types.ModuleType):
            if is_user(value.__name__):
                yield from (vars(value)[inner] for inner in vars(value).keys() & names)
        elif callable(value):
            yield value


def _inner(value: Any) -> Iterator[Any]:
    attributes = getattr(type(value), "__dict__", {})
    own = getattr(value, "__dict__", {})
    if not isinstance(own, _NAMESPACES):  # an object that answers to any name
        return
    for name in _INNER:
        if name in attributes or name in own:
            yield getattr(value, name)


def _closed_over(function: types.FunctionType) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    return {name: cell.cell_contents for name, cell in cells if cell != _UNFILLED}


_UNFILLED = types.CellType()


@lru_cache(maxsize=8192)
def _names(code: types.CodeType) -> frozenset[str]:
    """All names that the code uses, those of inner functions included."""
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return frozenset(code.co_names).union(*map(_names, inner))
