"""Stand-ins for packages that are not installed.

A model file imports plotting, logging and data packages that building the model does not need.
Where such a package is missing, the file gets a stub: it can be imported, named in annotations and
passed around, but whoever calls it, subclasses it or asks for its value gets :class:`StubUsed`.
What depends on a stub is "not checked", never "wrong".
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import FrameType, ModuleType
from typing import Any, NoReturn


class StubUsed(ImportError):
    """Something needs a package that is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(f"needs {package}, which is not installed", name=package)


def is_missing(exc: BaseException) -> bool:
    """Whether code failed for want of a package, a name or a part of a module.

    That says nothing about sizes: at every other one it would have failed as well. A local name
    that was not assigned is another matter: a loop may have run for a length of times.
    """
    if isinstance(exc, AttributeError):
        return isinstance(exc.obj, ModuleType)
    return isinstance(exc, ImportError) or type(exc) is NameError


class Stub:
    """An object of a package that is not installed.

    Attributes, subscripts (``Float[Tensor, "n 3 h w"]``) and ``|`` give stubs again, because
    annotations use them. ``stub_path`` and ``stub_index`` remember what was written.
    """

    def __init__(self, path: str, index: Any = None) -> None:
        self.stub_path = path
        self.stub_index = index

    def __getattr__(self, name: str) -> Stub:
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub(f"{self.stub_path}.{name}")

    def __getitem__(self, index: Any) -> Stub:
        return Stub(self.stub_path, index)

    def __or__(self, other: Any) -> Stub:
        return self

    __ror__ = __or__

    def __repr__(self) -> str:
        return self.stub_path


def _use(stub: Stub, *args: Any, **kwargs: Any) -> NoReturn:
    raise StubUsed(stub.stub_path.partition(".")[0])


_USES = (
    "__call__ __mro_entries__ __instancecheck__ __subclasscheck__ __bool__ __iter__ __len__ "
    "__contains__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ "
    "__floordiv__ __mod__ __neg__ __lt__ __le__ __gt__ __ge__ __int__ __float__ __index__ "
    "__enter__ __exit__ __next__ __str__ __format__"
)
for _name in _USES.split():
    setattr(Stub, _name, _use)


class StubModule(ModuleType):
    """A module all of whose attributes are stubs."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []
        self.__all__: list[str] = []

    def __getattr__(self, name: str) -> Stub:
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub(f"{self.__name__}.{name}")


class StubFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last finder: gives stubs for missing packages, to imports of the project's own code only.

    ``wants(frame)`` says whether an import that stands in ``frame`` may be given a stub: not inside
    installed packages, and not where the code catches ImportError and goes on without.
    """

    def __init__(self, wants: Callable[[FrameType], bool]) -> None:
        self.wants = wants
        self.packages: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for a stub, or None."""
        package = fullname.partition(".")[0]
        importer = _importing_frame()
        if path is None and (importer is None or not self.wants(importer)):
            return None
        if path is not None and package not in self.packages:
            return None
        self.packages.add(package)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """An empty stub module."""
        return StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def _importing_frame() -> FrameType | None:
    """The frame whose import is being resolved; None if it only asks whether it could be."""
    at: FrameType | None = sys._getframe(2)
    while at is not None and "importlib" in at.f_code.co_filename:
        if at.f_code is importlib.util.find_spec.__code__:
            return None
        at = at.f_back
    return at
