"""``0.5 * h`` and ``self.scale * h`` without losing the length.

``h * 0.5`` calls a method of the length, but ``0.5 * h`` one of the float, which takes any int for
a bare number. While a model runs, the floats in its code, its attributes, the globals of its
modules and in constant tuples are of a class that defers to the length. Floats in other containers
are not replaced: a length is lost there, which shows when the claims are confirmed.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from torch import nn

from shapelint.worker.python.length import Length, LengthFloat
from shapelint.worker.python.rewriting import rewritten
from shapelint.worker.python.swaps import Swap, items_of


class Float(float):
    """A float whose operators defer to those of a length."""


def _binary(name: str, answered_by: str) -> Callable[[Float, Any], Any]:
    ours = getattr(float, f"__{name}__")

    def method(self: Float, other: Any) -> Any:
        if isinstance(other, (Length, LengthFloat)):
            return getattr(type(other), f"__{answered_by}__")(other, float(self))
        result = ours(self, other)
        return Float(result) if type(result) is float else result

    return method


def _unary(name: str) -> Callable[[Float], Float]:
    ours = getattr(float, f"__{name}__")
    return lambda self: Float(ours(self))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Float, f"__{_name}__", _binary(_name, f"r{_name}"))
    setattr(Float, f"__r{_name}__", _binary(f"r{_name}", _name))
for _name, _mirrored in ("lt", "gt"), ("le", "ge"), ("gt", "lt"), ("ge", "le"):
    setattr(Float, f"__{_name}__", _binary(_name, _mirrored))
for _name in ("neg", "pos", "abs"):
    setattr(Float, f"__{_name}__", _unary(_name))


def giving_way(
    root: nn.Module,
    spaces: Sequence[dict[str, Any]],
    reached: Iterable[types.FunctionType],
) -> Iterator[Swap]:
    """The swaps that replace floats by :class:`Float` in a model and all code that it may run."""
    kinds = kinds_of(root)
    models = [vars(m) for m in root.modules() if type(m) in kinds]
    functions = {f for space in (*map(vars, kinds), *spaces) for f in _functions(space)}
    for holder in (*models, *spaces, *kinds):
        for name, value in items_of(holder):
            if type(value) is float:
                yield Swap(holder, name, value, Float(value))
    asking = set(map(id, spaces))
    for function in functions.union(reached):
        code, defaults = function.__code__, function.__defaults__
        seen = _seen(code, rewrite=id(function.__globals__) in asking)
        if seen is not code:  # new code starts cold
            yield Swap(function, "__code__", code, seen)
        if _constant(defaults) is not defaults:
            yield Swap(function, "__defaults__", defaults, _constant(defaults))


def kinds_of(root: nn.Module) -> set[type]:
    """The classes that define a model, torch's own left out."""
    own = set(map(type, root.modules()))
    return {k for k in {base for kind in own for base in kind.__mro__} if _is_user(k)}


def _is_user(kind: type) -> bool:
    return not f"{kind.__module__}.".startswith(("torch.", "builtins."))


_METHODS = (staticmethod, classmethod, types.MethodType)
"""Nothing else is asked for its function: what stands for a missing package raises if asked."""


def _functions(space: Mapping[str, Any]) -> Iterator[types.FunctionType]:
    """The functions defined in a namespace, not those imported into it from packages like torch."""
    for value in space.values():
        inner = value.__func__ if type(value) in _METHODS else value
        if type(inner) is types.FunctionType and not str(inner.__module__).startswith("torch."):
            yield inner


def _seen(code: types.CodeType, rewrite: bool) -> types.CodeType:
    """What a function runs instead; found by identity, as hashing code goes through all of it."""
    key = id(code), rewrite
    if key not in _known:
        seen = _code(rewritten(code, code.co_filename) if rewrite else code, code.co_filename)
        _known[key] = code, seen
    return _known[key][1]


_known: dict[tuple[int, bool], tuple[types.CodeType, types.CodeType]] = {}
"""With the code itself, which keeps its id from being used again."""


@lru_cache(maxsize=4096)
def _code(code: types.CodeType, path: str) -> types.CodeType:
    """The same code with constants of type :class:`Float`; itself if it has no floats.

    Code of two files may be equal, so ``path`` is part of the key.
    """
    constants = _constants(code.co_consts)
    same = all(map(operator.is_, constants, code.co_consts))
    return code if same else code.replace(co_consts=constants)


def _constants(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(_constant, values))


class _Members(frozenset[Any]):
    """``n in {3, 5}``, ``x.shape in {(2, 3)}``: compared with each; hashing hides what is asked."""

    def __contains__(self, value: object) -> bool:
        if isinstance(value, (Length, LengthFloat, tuple)):
            return any(value == member for member in self)
        return super().__contains__(value)


def _constant(value: Any) -> Any:
    if type(value) is float:
        return Float(value)
    if type(value) is tuple:
        constants = _constants(value)
        return value if all(map(operator.is_, constants, value)) else constants
    if type(value) is frozenset:
        return _Members(value)
    return _code(value, value.co_filename) if isinstance(value, types.CodeType) else value
