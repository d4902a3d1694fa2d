"""Which files hold models, which classes are reported, and how the project builds them.

Everything here is read from source with :mod:`ast`; nothing is imported. What it finds is where to
look: the worker has the last word on what a class is.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shapelint.constructions import Construction, constructions, dotted
from shapelint.fences import code_blocks

__all__ = [
    "ModelClass",
    "Place",
    "Project",
    "SourceFile",
    "may_hold_models",
    "mentions_models",
    "places",
    "project_root",
]

_SKIPPED_FOLDERS = frozenset(
    ("__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv")
)
_LARGEST_FILE = 2**20
_MENTIONS_MODELS = re.compile(rb"\bnn\b|\bModule\b|\bLightningModule\b")
_ROOT_MARKERS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_TORCH_BASES = frozenset(("Module", "Sequential", "ModuleList", "ModuleDict", "LightningModule"))


@dataclass(frozen=True)
class Place:
    """A file to lint, and the one object in it that is meant, if only one is."""

    path: Path
    target: str = ""


@dataclass(frozen=True)
class ModelClass:
    """A class that looks like an ``nn.Module``."""

    name: str
    line: int
    bases: tuple[str, ...]
    uses: frozenset[str]
    """Names that its body mentions: the classes it is made of are among them."""

    @property
    def trains(self) -> bool:
        """Whether it is a LightningModule: a model and the way it is trained."""
        return any(base.rpartition(".")[2] == "LightningModule" for base in self.bases)


@dataclass(frozen=True)
class SourceFile:
    """One parsed file."""

    path: Path
    tree: ast.Module = field(repr=False)

    @cached_property
    def classes(self) -> tuple[ModelClass, ...]:
        """Its classes that derive from ``nn.Module``, directly or from one of these.

        A class with a base from elsewhere counts if it has a ``forward``.
        """
        found: dict[str, ModelClass] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(filter(None, map(dotted, node.bases)))
                inherits = any(_is_torch_base(b) or b in found for b in bases)
                if inherits or (bases and _has_forward(node)):
                    found[node.name] = ModelClass(node.name, node.lineno, bases, _mentioned(node))
        return tuple(found.values())

    def means(self, name: str, defined_in: Path) -> bool:
        """Whether a name in this file can be the one that the file ``defined_in`` defines.

        It cannot if this file has its own, or imports one from another module.
        """
        if self.path == defined_in:
            return True
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
                return False
            if isinstance(node, ast.ImportFrom):
                imported = [a.name for a in node.names]
                if name in imported or ("*" in imported and self._beside(node) is not None):
                    return self._can_be(node, defined_in)
        return True

    def _beside(self, node: ast.ImportFrom) -> Path | None:
        """The file that ``from models import …`` means if it lies beside this one."""
        candidate = self.path.parent.joinpath(*(node.module or "").split(".")).with_suffix(".py")
        return candidate if candidate.is_file() else None

    def _can_be(self, node: ast.ImportFrom, defined_in: Path) -> bool:
        beside = self._beside(node)
        if beside is not None:
            return beside == defined_in
        source = (node.module or "").rpartition(".")[2]
        return source in (defined_in.stem, defined_in.parent.name, "")


Wanted = Callable[[Path, bool], bool]
"""Whether a file or (True) a folder is to be looked at."""


def _everything(path: Path, is_folder: bool) -> bool:
    return True


def places(argument: str, root: Path, wanted: Wanted = _everything) -> Iterator[Place]:
    """The files that a command line argument means.

    A file, a folder (walked for what is wanted), ``FILE.py:Object``, or ``pkg.mod:object`` below
    ``root``. Raises FileNotFoundError if there is no such thing.
    """
    whole = Path(argument)
    if whole.is_dir():
        yield from (Place(path) for path in python_files(whole, wanted))
    elif whole.is_file():
        yield Place(whole)
    else:
        where, colon, target = argument.rpartition(":")
        path = _file_of(where, root) if colon else None
        if path is None:
            raise FileNotFoundError(argument)
        yield Place(path, target)


def _file_of(where: str, root: Path) -> Path | None:
    """``models/unet.py`` or ``models.unet``, which may also be below ``src``."""
    if Path(where).is_file():
        return Path(where)
    parts = where.split(".")
    for top in (root, root / "src"):
        module = top.joinpath(*parts)
        for candidate in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def python_files(folder: Path, wanted: Wanted = _everything) -> Iterator[Path]:
    """Python files below a folder; hidden folders, environments and build output are left out."""
    for top, folders, names in os.walk(folder):
        here = Path(top)
        inside = (f for f in folders if not _is_skipped(here / f))
        folders[:] = sorted(f for f in inside if wanted(here / f, True))
        files = (here / name for name in sorted(names) if name.endswith(".py"))
        present = (path for path in files if path.is_file())  # no pipe, no dangling link
        yield from (path for path in present if wanted(path, False))


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    hidden = name.startswith(".") or name in _SKIPPED_FOLDERS or name.endswith(".egg-info")
    return hidden or (folder / "pyvenv.cfg").exists()


def project_root(path: Path) -> Path:
    """The nearest folder above with a version control or packaging file.

    Without one: the folder that holds the package the file is in, or the file's own.
    """
    here = path.absolute() if path.is_dir() else path.absolute().parent
    for folder in (here, *here.parents):
        if any((folder / marker).exists() for marker in _ROOT_MARKERS):
            return folder
    while (here / "__init__.py").exists() and here != here.parent:
        here = here.parent
    return here


def may_hold_models(source: bytes) -> bool:
    """A quick look at the text, before it is parsed."""
    return b"torch" in source and _MENTIONS_MODELS.search(source) is not None


def source_of(path: Path, most: int = sys.maxsize) -> bytes:
    """The text of a file; empty if it has more than ``most`` bytes or cannot be read."""
    try:
        return path.read_bytes() if path.stat().st_size <= most else b""
    except OSError:
        return b""


def mentions_models(path: Path) -> bool:
    """:func:`may_hold_models` of a file; True if it cannot be read: opening it will say why."""
    try:
        return may_hold_models(path.read_bytes())
    except OSError:
        return True


class Project:
    """The Python files below one folder, each parsed once, when it is needed."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._parsed: dict[Path, SourceFile | None] = {}

    @cached_property
    def sources(self) -> Mapping[Path, bytes]:
        """The text of all files that are not too large to be written by hand."""
        return {path: source_of(path, _LARGEST_FILE) for path in python_files(self.root)}

    @cached_property
    def examples(self) -> tuple[SourceFile, ...]:
        """The Python code in the README of the project; each block stands for itself."""
        return tuple(
            SourceFile(path, tree)
            for path in sorted(self.root.glob("README*.md"))
            for tree in code_blocks(path.read_text(errors="replace"))
        )

    def parse(self, path: Path) -> SourceFile | None:
        """The file, or None if it is not valid Python."""
        if path not in self._parsed:
            self._parsed[path] = _parsed(path)
        return self._parsed[path]

    def mentioning(self, name: str) -> Iterator[SourceFile]:
        """All files in which a name occurs."""
        word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
        for path, source in self.sources.items():
            parsed = self.parse(path) if word.search(source) else None
            if parsed is not None:
                yield parsed

    def constructions(self, class_name: str, defined_in: Path) -> list[Construction]:
        """Calls of the class with literal arguments, those in ``__main__`` blocks included.

        Calls in the file that defines the class come first, those in a README last.
        """
        defined_in = defined_in.absolute()
        mentioning = (*self.mentioning(class_name), *self.examples)
        files = [f for f in mentioning if f.means(class_name, defined_in)]
        files.sort(key=lambda file: file.path != defined_in)
        return [c for file in files for c in constructions(file.tree, file.path, class_name)]

    def owners(self, class_name: str, defined_in: Path) -> list[tuple[Path, str]]:
        """The model classes whose bodies name this class: file and class name of each.

        A LightningModule does not count: it trains a model rather than being one.
        """
        return [
            (file.path, owner.name)
            for file in self.mentioning(class_name)
            if file.means(class_name, defined_in.absolute())
            for owner in file.classes
            if class_name in owner.uses and owner.name != class_name and not owner.trains
        ]


def _parsed(path: Path) -> SourceFile | None:
    try:
        return SourceFile(path, ast.parse(path.read_bytes(), str(path)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None


def _is_torch_base(base: str) -> bool:
    owner, _, name = base.rpartition(".")
    return name in _TORCH_BASES and (not owner or owner.split(".")[0] in ("nn", "torch", "pl", "L"))


def _has_forward(node: ast.ClassDef) -> bool:
    return any(isinstance(s, ast.FunctionDef) and s.name == "forward" for s in node.body)


def _mentioned(node: ast.ClassDef) -> frozenset[str]:
    """Names in a class body, by their last part; bases are not in the body."""
    nodes = (n for statement in node.body for n in ast.walk(statement))
    names = (dotted(n) for n in nodes if isinstance(n, (ast.Name, ast.Attribute)))
    return frozenset(name.rpartition(".")[2] for name in names if name)
