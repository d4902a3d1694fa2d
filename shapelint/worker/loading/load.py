"""From a path to a module: the part of a file that builds models, executed.

The project's own modules, the file and what it imports, run statement by statement through
:func:`~shapelint.worker.loading.slicing.slice_source`; a statement that raises is passed over and
remembered. Imports resolve as they would for somebody who works in the project: relative ones by
``__init__.py``, absolute ones from the project root.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType

from shapelint.facts import SkippedStatement
from shapelint.source.texts import Texts
from shapelint.worker.device import OneDevice
from shapelint.worker.limits import time_limit
from shapelint.worker.loading.command_line import nothing_required
from shapelint.worker.loading.slicing import bound_names, optional_imports, slice_source
from shapelint.worker.loading.stubs import Stub, StubFinder, StubModule, StubUsed
from shapelint.worker.messages import error_text

_MISSING = (
    r": name '(?P<name>\w+)' is not",
    r": cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
    r": module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
)
"""What errors of Python say about a name that a statement would have defined."""


class Project:
    """The files below one folder; its modules are sliced when they are imported."""

    def __init__(self, root: Path, seconds: float = 10.0, files: Texts | None = None) -> None:
        self.root = root
        self.files = files or Texts()
        self.seconds = seconds
        """How long a statement at the top of a file may take before it is passed over."""
        self.skipped: dict[str, list[SkippedStatement]] = {}
        """By file."""
        self._optional: dict[str, frozenset[int]] = {}

    def load(self, path: Path) -> ModuleType:
        """Run a file of the project. Raises SyntaxError, UnicodeDecodeError or OSError.

        Changes ``sys.path``, ``sys.argv`` and ``sys.meta_path`` of this process for good.
        """
        name, top = module_name(path, self.root, self.files)
        sys.argv = [str(path)]
        self._install([top, self.root])
        if "." in name:
            importlib.import_module(name.rpartition(".")[0])
            sys.path.append(str(path.parent))
        elif name in sys.modules:
            name = f"{name}_"
        loaded = sys.modules.get(name)
        return self._execute(name, path) if loaded is None else loaded

    def imported(self, path: Path) -> ModuleType:
        """Another file of the project, after :meth:`load`. Raises what its import raises."""
        name, top = module_name(path, self.root, self.files)
        if str(top) not in sys.path:
            sys.path.append(str(top))
        return importlib.import_module(name)

    def _install(self, folders: Sequence[Path]) -> None:
        for folder in reversed(folders):
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
        sys.meta_path.insert(0, _ProjectFinder(self))
        sys.meta_path.append(StubFinder(self._may_get_stub))

    def _execute(self, name: str, path: Path) -> ModuleType:
        loader = _SlicingLoader(name, str(path), self)
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
        return module

    def again(self, module: ModuleType, device: str) -> dict[str, object]:
        """A second set of the globals of a loaded file, with its modules on another device."""
        assert module.__file__ is not None
        known = ("__name__", "__file__", "__package__", "__spec__", "__path__")
        namespace = {k: v for k, v in vars(module).items() if k in known}
        self.run(module.__file__, namespace, (device,))
        return namespace

    def _may_get_stub(self, frame: FrameType) -> bool:
        lines = self._optional.get(frame.f_code.co_filename)
        return lines is not None and frame.f_lineno not in lines

    def owns(self, origin: str | None) -> bool:
        """Whether a file belongs to the project, as opposed to an environment inside it."""
        if origin is None or "site-packages" in origin:
            return False
        return os.path.realpath(origin).startswith(os.path.realpath(self.root) + os.sep)

    def run(
        self, path: str, namespace: dict[str, object], devices: tuple[str, ...] = ("meta", "cpu")
    ) -> None:
        """Run the slice of a module in its namespace, each statement where it works first."""
        tree = ast.parse(self.files.read(path), path)
        self._optional[path] = optional_imports(tree)
        sliced = slice_source(tree)
        notes = self.skipped[path] = [_note(s, reason) for s, reason in sliced.skipped]
        flags = _future_flags(sliced.body)
        for statement in sliced.body:
            code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
            reason = self._run_guarded(code, namespace, _devices(statement, devices))
            if reason and isinstance(statement, ast.Try) and self._insists(statement, path):
                reason = self._run_guarded(code, namespace, ("cpu",))
            if reason and _undecorate(statement, namespace):
                code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
                reason = self._run_guarded(code, namespace, devices)
            if reason:
                notes.append(_note(statement, reason))
        notes.sort(key=lambda note: note.line)

    def _insists(self, statement: ast.Try, path: str) -> bool:
        """Note that a ``try`` which raised cannot do without its imports; whether that is news."""
        lines = set(range(statement.lineno, (statement.end_lineno or 0) + 1))
        before = self._optional[path]
        self._optional[path] = before - lines
        return self._optional[path] != before

    def _run_guarded(
        self, code: CodeType, namespace: dict[str, object], devices: Sequence[str]
    ) -> str:
        """Run one statement on the first device where it does not raise. The reason if none is.

        Imports, which never see the meta device, may take longer: others wrote what they run.
        """
        reason = ""
        seconds = self.seconds if "meta" in devices else 4 * self.seconds
        for device in devices:
            try:
                with OneDevice(device), nothing_required(), time_limit(seconds):
                    exec(code, namespace)
                return ""
            except (StubUsed, TimeoutError) as exc:
                return str(exc)
            except SystemExit as exc:
                return f"exits with status {exc.code or 0}"
            except BaseException as exc:  # whatever user code raises
                behind = self.why_missing(exc, code.co_filename)
                reason = f"{error_text(exc)}: {behind}" if behind else error_text(exc)
        return reason

    def why_missing(self, exc: BaseException, path: str) -> str:
        """What is behind a name that is missing: the statement that was passed over."""
        found = next(filter(None, (re.search(words, error_text(exc)) for words in _MISSING)), None)
        if not found:
            return ""
        name = found["name"]
        module = sys.modules.get(found.groupdict().get("module", ""))
        where = path if module is None else getattr(module, "__file__", "")
        notes = [n for n in self.skipped.get(where, ()) if name in n.names]
        return f"{name} (line {notes[0].line}) was passed over: {notes[0].reason}" if notes else ""


def module_name(path: Path, root: Path, files: Texts | None = None) -> tuple[str, Path]:
    """The dotted name of a file, and the folder from which that name can be imported.

    Packages are followed up as far as there is an ``__init__.py``. A file outside a package that
    uses relative imports is named from the project root.
    """
    top = path.parent
    while (top / "__init__.py").exists() and top != top.parent:
        top = top.parent
    in_root = top == path.parent and root in path.parents
    if in_root and _imports_relatively((files or Texts()).nodes(path)):
        top = root
    parts = path.relative_to(top).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    if all(map(str.isidentifier, parts)):
        return ".".join(parts), top
    return path.stem.replace(".", "_"), path.parent


def _imports_relatively(nodes: Iterable[ast.AST]) -> bool:
    return any(isinstance(n, ast.ImportFrom) and n.level > 0 for n in nodes)


class _ProjectFinder(importlib.abc.MetaPathFinder):
    """Gives the project's own modules a loader that slices them."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        if not self.project.owns(spec.origin):
            return None
        spec.loader = _SlicingLoader(fullname, str(spec.origin), self.project)
        return spec


class _SlicingLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, project: Project) -> None:
        super().__init__(name, path)
        self.project = project

    def exec_module(self, module: ModuleType) -> None:
        self.project.run(self.path, vars(module))


def _devices(statement: ast.stmt, devices: tuple[str, ...]) -> tuple[str, ...]:
    """Where to try a statement. An import never sees the meta device: packages compute tables."""
    imports = any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.walk(statement))
    defines = isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    return ("cpu",) if imports and not defines else devices


def _undecorate(statement: ast.stmt, namespace: Mapping[str, object]) -> bool:
    """Leave out decorators that may be why a definition raised; whether there were any.

    Those of the definition itself: a registry that is not installed, or one that has the class from
    the first run. Those of its methods that come from a package which is not installed.
    """
    if not isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
        return False
    left = not statement.decorator_list
    statement.decorator_list = []
    for method in statement.body if isinstance(statement, ast.ClassDef) else ():
        if isinstance(method, ast.FunctionDef):
            kept = [d for d in method.decorator_list if not _is_stub(d, namespace)]
            left = left and kept == method.decorator_list
            method.decorator_list = kept
    return not left


def _is_stub(decorator: ast.expr, namespace: Mapping[str, object]) -> bool:
    """Whether the name at the root of ``package.wraps(option)`` stands for a stub."""
    while isinstance(decorator, (ast.Call, ast.Attribute)):
        decorator = decorator.func if isinstance(decorator, ast.Call) else decorator.value
    found = namespace.get(decorator.id) if isinstance(decorator, ast.Name) else None
    return issubclass(type(found), (Stub, StubModule))  # asking the object would use a stub


def _future_flags(body: Sequence[ast.stmt]) -> int:
    flags = 0
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(__future__, alias.name).compiler_flag
    return flags


def _note(statement: ast.stmt, reason: str) -> SkippedStatement:
    text = ast.unparse(statement).partition("\n")[0]
    return SkippedStatement(statement.lineno, text[:100], reason, bound_names(statement))
