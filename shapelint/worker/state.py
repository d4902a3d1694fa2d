"""Undoes what ``forward`` changes in a model, so that every run begins with the model as built."""

from __future__ import annotations

import dis
import operator
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from shapelint.worker.python.reached import functions_of, is_user

_NO_STATE = (type, FunctionType, MethodType, ModuleType, nn.Module, torch.Tensor)
"""What has attributes that a model does not change, or is looked at itself."""

_SETS = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_UNBOUND = object()

Name = tuple[dict[str, Any], str]

_CONTAINERS = (dict, list, set, OrderedDict, defaultdict)


class Snapshot:
    """Copies of the attributes of ``owners``, of the containers in them and of ``shared`` ones.

    ``rebound`` are names that code declares ``global`` and assigns, with their namespaces.
    """

    def __init__(
        self, owners: Iterable[object], shared: Iterable[Any] = (), rebound: Iterable[Name] = ()
    ) -> None:
        self._bound = [(space, name, space.get(name, _UNBOUND)) for space, name in rebound]
        self._full = [(vars(owner), dict(vars(owner))) for owner in owners]
        held = [v for _, values in self._full for v in values.values() if _held(v)]
        held += {id(v): v for v in shared}.values()
        self._full += [(v, v.copy()) for v in held if v]
        self._empty = [v for v in held if not v]
        """Kept apart as they are most of them: every module has ten empty dicts of hooks."""

    def is_kept(self) -> bool:
        """Whether everything is as it was; a container that was replaced by an equal one is not."""
        return (
            not any(self._empty)
            and all(map(_is_as_it_was, self._full))
            and all(space.get(name, _UNBOUND) is then for space, name, then in self._bound)
        )

    def restored(self) -> bool:
        """Put everything back. Whether anything had changed, but for values of tensors."""
        filled = [container for container in self._empty if container]
        for container in filled:
            container.clear()
        restored = [_restore(now, then) for now, then in self._full]
        rebound = [_rebind(space, name, then) for space, name, then in self._bound]
        return any(restored) or any(rebound) or bool(filled)


Outside = tuple[Sequence[Any], Sequence[Name]]
"""State outside of modules that their functions may change: containers, and global names."""


def outside_of(root: nn.Module) -> Outside:
    """The containers that functions use as globals or defaults, and the names they rebind."""
    functions = functions_of(root)
    return tuple(_shared_by(functions)), tuple(_rebound_by(functions))


@contextmanager
def restoring(root: nn.Module, outside: Outside | None = None) -> Iterator[None]:
    """On leaving, undo what was done to ``root`` and its submodules, and to what is ``outside``.

    That is attributes, buffers, and what :func:`outside_of` finds, which is looked for if it is
    not given. Lazy layers, which their first run materializes, are lazy again.
    """
    modules = list(root.modules())
    lazy = [(m, type(m)) for m in modules if isinstance(m, LazyModuleMixin)]
    before = Snapshot(modules, *(outside or outside_of(root)))
    for module, _ in lazy:
        _renew(module._parameters)
        _renew(module._buffers)
    try:
        yield
    finally:
        before.restored()
        for module, kind in lazy:
            module.__class__ = kind


def _renew(tensors: MutableMapping[str, Any]) -> None:
    """Replace uninitialized parameters by new ones: they are materialized in place."""
    for name, tensor in tensors.items():
        if is_lazy(tensor):
            kind: Any = type(tensor)
            tensors[name] = kind(device=tensor.device, dtype=tensor.dtype)


def _shared_by(functions: Iterable[FunctionType]) -> Iterator[Any]:
    """The containers among the globals and defaults of functions, and attributes of globals."""
    for function in functions:
        known = function.__globals__
        named = [known[name] for name in function.__code__.co_names if name in known]
        yield from filter(_held, (*named, *(function.__defaults__ or ())))
        yield from (vars(value) for value in named if has_state(value))


def _rebound_by(functions: Iterable[FunctionType]) -> Iterator[Name]:
    """The names that functions declare ``global`` and assign, each with its namespace."""
    for function in functions:
        yield from ((function.__globals__, name) for name in _set_by(function.__code__))


@lru_cache(maxsize=8192)
def _set_by(code: CodeType) -> frozenset[str]:
    named = {i.argval for i in dis.get_instructions(code) if i.opname in _SETS}
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return frozenset(named).union(*map(_set_by, inner))


def has_state(value: Any) -> bool:
    """Whether it is an object of the user's that has attributes, and no module."""
    plain = not isinstance(value, _NO_STATE) and is_user(type(value).__module__)
    return plain and isinstance(getattr(value, "__dict__", None), dict)


def _rebind(space: dict[str, Any], name: str, then: Any) -> bool:
    """Bind a name as it was. Whether it was bound to something else."""
    if space.get(name, _UNBOUND) is then:
        return False
    if then is _UNBOUND:
        del space[name]
    else:
        space[name] = then
    return True


def _held(value: Any) -> bool:
    return type(value) in _CONTAINERS


def _restore(now: Any, then: Any) -> bool:
    """Fill a container as it was. Whether that differs in more than the values of tensors."""
    if now == then if type(now) is set else _same(now, then, operator.is_):
        return False
    differs = type(now) is set or not _same(now, then, _alike)
    now.clear()
    if isinstance(now, list):
        now.extend(then)
    else:
        now.update(then)
    return differs


def _is_as_it_was(kept: tuple[Any, Any]) -> bool:
    now, then = kept
    return now == then if type(now) is set else _same(now, then, operator.is_)


def _same(now: Any, then: Any, same: Callable[[Any, Any], bool]) -> bool:
    """Whether two containers hold the same items by ``same``, as ``==`` of tensors is a tensor."""
    if isinstance(now, dict):
        return [*now] == [*then] and all(map(same, now.values(), then.values()))
    return len(now) == len(then) and all(map(same, now, then))


def _alike(now: Any, then: Any) -> bool:
    """Whether two are the same, or tensors that differ at most in values.

    Weights that every call computes anew (weight_norm) do.
    """
    if now is then:
        return True
    plain = (torch.Tensor, nn.Parameter)
    if type(now) not in plain or type(then) not in plain or not now.is_meta:
        return False
    seen = [(t.shape, t.dtype, t.device, t.layout) for t in (now, then)]
    return seen[0] == seen[1] and now.stride() == then.stride()
