"""Do not import ``torch._dynamo``, symbolic shapes and sympy to run a model on the meta device.

Meta kernels are PyTorch functions that ``torch.compile`` can follow. The first call of one imports
packages, which together take longer than torch itself, to ask what has one answer here.

``torch._dynamo``
    is asked to leave the function alone. Nothing is compiled here, so the answer is the function.
``torch.fx.experimental.symbolic_shapes``
    is asked whether conditions on a ``SymInt`` hold, and imports sympy to find out. Sizes are
    plain integers here, and so conditions are known.
``sympy``
    is asked whether a number is an expression of its own. There is none before it is imported.

A stand-in gives the answer. Whoever asks it for anything else (``torch.compile`` or
``torch.export`` in a model file) gets the real package.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import torch

_DYNAMO = "torch._dynamo"
_SYMPY = "sympy"
_SHAPES = "torch.fx.experimental.symbolic_shapes"
_GUARDS = (
    *("expect_true", "guard_or_false", "guard_or_true"),
    *("guard_size_oblivious", "statically_known_true"),
)
_DECIDE: dict[str, Callable[[Sequence[Any]], int]] = {
    **dict.fromkeys((*_GUARDS, "sym_and"), all),
    "sym_or": any,
    "is_nested_int": lambda known: False,
    "has_guarding_hint": lambda known: True,
    "guarding_hint_or_throw": lambda known: known[0],
    "sym_eq": lambda known: known[0] == known[1],
}
"""What comes of conditions and lengths that are known."""


_PUBLIC = ("__all__", "__version__")
"""Names with underscores that people, and not the import system, want of a module."""


class _Deferred(ModuleType):
    """A module until something is wanted of it that it does not know."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _PUBLIC:
            raise AttributeError(name)
        return getattr(_real(self), name)


class _Expression:
    """The type of what a meta kernel never gets: instances there are none."""


class _Sympy(_Deferred):
    """sympy, which meta kernels ask for the type of its expressions, and users for the real one."""

    def __getattr__(self, name: str) -> Any:
        if name == "Basic" and sys._getframe(1).f_globals.get("__name__") == "torch._prims_common":
            return _Expression
        return super().__getattr__(name)


def _real(stand_in: ModuleType) -> ModuleType:
    """The module itself, in the place of its stand-in."""
    name = stand_in.__name__
    if sys.modules.get(name) is stand_in:
        del sys.modules[name]
        parent, _, child = name.rpartition(".")
        vars(sys.modules.get(parent, torch)).pop(child, None)
    return importlib.import_module(name)


def defer_compiler() -> None:
    """Put the stand-ins in place, unless the packages are there already."""
    _defer(_Deferred(_DYNAMO)).disable = _disable
    _defer(_Sympy(_SYMPY))
    shapes = _defer(_Deferred(_SHAPES))
    for name, decide in _DECIDE.items():
        setattr(shapes, name, _decided(shapes, name, decide))


class _Submodules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the modules of a package whose stand-in has no path to look along."""

    def __init__(self, package: ModuleType) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for what the real package has imported already, or can import."""
        if fullname.rpartition(".")[0] != self.package.__name__ or path != self.package.__path__:
            return None
        _real(self.package)
        if importlib.util.find_spec(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module itself."""
        self._found = importlib.import_module(spec.name)
        self._spec = self._found.__spec__
        return self._found

    def exec_module(self, module: ModuleType) -> None:
        """It has run already; only its spec has to be its own again."""
        module.__spec__ = self._spec


def _defer(stand_in: ModuleType) -> Any:
    name = stand_in.__name__
    if name not in sys.modules:
        stand_in.__spec__ = importlib.util.find_spec(name)
        sys.meta_path.insert(0, _Submodules(stand_in))
        sys.modules[name] = stand_in
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(importlib.import_module(parent), child, stand_in)
    return stand_in


def _disable(fn: Any = None, recursive: bool = True, **_: Any) -> Any:
    return fn if fn is not None else lambda function: function


def _decided(
    stand_in: ModuleType, name: str, decide: Callable[[Sequence[Any]], int]
) -> Callable[..., Any]:
    def decided(*arguments: Any, **options: Any) -> Any:
        if all(map(_is_known, arguments)):
            return decide(arguments)
        return getattr(_real(stand_in), name)(*arguments, **options)

    return decided


def _is_known(value: Any) -> bool:
    """A plain bool, a plain length, or a shape of these."""
    return isinstance(value, int) or (isinstance(value, tuple) and all(map(_is_known, value)))
