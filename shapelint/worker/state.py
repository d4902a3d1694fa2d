"""What ``forward`` changes in a model is undone: every run begins with the model as built."""

from __future__ import annotations

import operator
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from shapelint.worker.python.reached import functions_of

__all__ = ["kept"]

_CONTAINERS = (dict, list, set, OrderedDict, defaultdict)


@contextmanager
def kept(root: nn.Module) -> Iterator[None]:
    """Undo what happens to the attributes, buffers and caches of ``root`` and its submodules.

    So are containers that its functions know by a global name, or as a default. A lazy layer,
    which becomes another one in its first run, is lazy again.
    """
    modules = list(root.modules())
    lazy = [(m, type(m)) for m in modules if isinstance(m, LazyModuleMixin)]
    before = [(vars(m), dict(vars(m))) for m in modules]
    held = [v for _, values in before for v in values.values() if _held(v)]
    held += {id(v): v for v in _around(functions_of(root))}.values()
    inner = [(v, v.copy()) for v in held if v]
    empty = [v for v in held if not v]  # most of them: a module has ten for hooks it does not have
    for module, _ in lazy:
        _renew(module._parameters)
        _renew(module._buffers)
    try:
        yield
    finally:
        for now, then in (*before, *inner):
            _restore(now, then)
        for container in filter(None, empty):
            container.clear()
        for module, kind in lazy:
            module.__class__ = kind


def _renew(tensors: MutableMapping[str, Any]) -> None:
    """Other tensors without a shape for this run: they get theirs in place."""
    for name, tensor in tensors.items():
        if is_lazy(tensor):
            kind: Any = type(tensor)
            tensors[name] = kind(device=tensor.device, dtype=tensor.dtype)


def _around(functions: Iterable[FunctionType]) -> Iterator[Any]:
    """Containers that functions have as globals, and as defaults."""
    for function in functions:
        known = function.__globals__
        named = (known[name] for name in function.__code__.co_names if name in known)
        yield from filter(_held, (*named, *(function.__defaults__ or ())))


def _held(value: Any) -> bool:
    return type(value) in _CONTAINERS


def _restore(now: Any, then: Any) -> None:
    if now == then if type(now) is set else _same(now, then):
        return
    now.clear()
    if isinstance(now, list):
        now.extend(then)
    else:
        now.update(then)


def _same(now: Any, then: Any) -> bool:
    """Whether the very same objects are held, without comparing them: tensors have no truth."""
    if isinstance(now, dict):
        return [*now] == [*then] and all(map(operator.is_, now.values(), then.values()))
    return len(now) == len(then) and all(map(operator.is_, now, then))
