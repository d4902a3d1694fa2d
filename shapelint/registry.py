"""One decorator and a package walk: how operations, rules and reporters are found.

A package of plug-ins holds one :class:`Registry`. Its modules call the decorator; the first lookup
imports every module of the package, so there is no list to keep in step.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
F = TypeVar("F")


def module_names(package: str) -> list[str]:
    """The modules of one of our packages, without importing it."""
    folders = package.split(".")[1:]
    files = os.listdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), *folders))
    names = (file.removesuffix(".py") for file in files if file.endswith(".py"))
    return sorted(name for name in names if not name.startswith("__"))


class Registry(Generic[T]):
    """Names to things, filled by walking one package."""

    def __init__(self, package: str) -> None:
        self.package = package
        self._found: dict[str, T] = {}
        self._walked = False

    def register(self, *names: str) -> Callable[[F], F]:
        """Decorator: file the thing under each name. Raises ValueError for a name taken."""

        def decorate(thing: F) -> F:
            for name in names:
                if name in self._found:
                    raise ValueError(f"{name!r} is registered twice in {self.package}")
                self._found[name] = thing  # type: ignore[assignment]  # keeps its own type F
            return thing

        return decorate

    def _walk(self) -> None:
        if not self._walked:
            for name in module_names(self.package):
                importlib.import_module(f"{self.package}.{name}")
            self._walked = True  # not before: a deadline may interrupt it

    def get(self, name: str) -> T | None:
        """The thing of that name, or None. The module of that name alone is imported if it can."""
        if self._walked or name in self._found:
            return self._found.get(name)
        if name in module_names(self.package):
            importlib.import_module(f"{self.package}.{name}")
        if name not in self._found:
            self._walk()
        return self._found.get(name)

    def __iter__(self) -> Iterator[str]:
        self._walk()
        return iter(self._found)

    def items(self) -> Iterator[tuple[str, T]]:
        """All names with their things."""
        self._walk()
        return iter(self._found.items())
