"""The source of a project: its classes, and how it builds them.

Everything here is read with :mod:`ast`; nothing is imported. What it finds is where to look: the
worker has the last word on what a class is.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

from shapelint.project import hyperparameters
from shapelint.project.constructions import Construction, command_line, constructions, dotted
from shapelint.project.discovery import configs, digest, python_files, readmes, source_of
from shapelint.project.fences import code_blocks, notebook
from shapelint.project.objects import BUILT_BY, given_as_one
from shapelint.source.texts import Texts

__all__ = ["ModelClass", "Project", "SourceFile", "project_at"]

_LARGEST_FILE = 2**20
_TORCH_BASES = frozenset(("Module", "Sequential", "ModuleList", "ModuleDict", "LightningModule"))


@dataclass(frozen=True)
class ModelClass:
    """A class that looks like an ``nn.Module``."""

    name: str
    line: int
    bases: tuple[str, ...]
    uses: frozenset[str]
    """Names that its body mentions: the classes it is made of are among them."""
    required: frozenset[str] = frozenset()
    """Parameters of its own constructor without a default."""
    positional: tuple[str, ...] = ()
    """Those of its parameters that have a position, in order."""

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
                    found[node.name] = _model_class(node, bases)
        return tuple(found.values())

    def means(self, name: str, defined_in: Path) -> bool:
        """Whether a name in this file can be the one that the file ``defined_in`` defines.

        It cannot if this file has its own, or imports one from another module.
        """
        if self.path == defined_in:
            return True
        for node in self._binding:
            if not isinstance(node, ast.ImportFrom):
                if node.name == name:
                    return False
                continue
            imported = [a.name for a in node.names]
            if name in imported or ("*" in imported and self._beside(node) is not None):
                return self._can_be(node, defined_in)
        return True

    @cached_property
    def _binding(self) -> tuple[ast.ClassDef | ast.FunctionDef | ast.ImportFrom, ...]:
        """What defines or imports names: it is asked for every class of the project."""
        kinds = (ast.ClassDef, ast.FunctionDef, ast.ImportFrom)
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, kinds))

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


class Project:
    """The Python files below one folder, each parsed once, when it is needed."""

    def __init__(self, root: Path, texts: Texts | None = None) -> None:
        self.root = root.absolute()
        self.texts = texts or Texts()
        self._parsed: dict[Path, SourceFile | None] = {}

    @cached_property
    def sources(self) -> Mapping[Path, bytes]:
        """The text of all files that are not too large to be written by hand."""
        found = {path: source_of(path, _LARGEST_FILE) for path in python_files(self.root)}
        return {path: self.texts.texts.get(str(path), text) for path, text in found.items()}

    def mentions(self, names: Iterable[str]) -> str:
        """Changes when a file comes or goes, or when one changes in which a name occurs.

        So it does for one that builds what classes are given as one object.
        """
        words = "|".join(map(re.escape, sorted({*names, *BUILT_BY})))
        word = re.compile(rf"\b(?:{words or '(?!)'})\b".encode())
        files = {**self.sources, **{path: source_of(path) for path in readmes(self.root)}}
        read = {p: source if word.search(source) else b"" for p, source in files.items()}
        return digest(
            part
            for path, source in sorted({**read, **self._configs}.items())
            for part in (bytes(path), source)
        )

    @cached_property
    def _configs(self) -> Mapping[Path, bytes]:
        """The text of its YAML and JSON files."""
        return {path: source_of(path) for path in configs(self.root)}

    @cached_property
    def examples(self) -> tuple[SourceFile, ...]:
        """The Python code in READMEs, each block for itself, and in notebooks."""
        return tuple(
            SourceFile(path, tree)
            for path in readmes(self.root)
            for tree in (notebook if path.suffix == ".ipynb" else code_blocks)(
                path.read_text("utf-8", errors="replace")
            )
        )

    def parse(self, path: Path) -> SourceFile | None:
        """The file, or None if it is not valid Python."""
        if path not in self._parsed:
            self._parsed[path] = _parsed(path, self.texts)
        return self._parsed[path]

    def mentioning(self, name: str) -> Iterator[SourceFile]:
        """All files in which a name occurs."""
        text = name.encode()
        word = re.compile(rb"\b" + re.escape(text) + rb"\b")
        for path, source in self.sources.items():  # most files do not even have the letters
            parsed = self.parse(path) if text in source and word.search(source) else None
            if parsed is not None:
                yield parsed

    def constructions(self, class_name: str, defined_in: Path) -> list[Construction]:
        """Calls of the class whose arguments can be read off the source.

        Those with literal arguments come first; of these, those in the file that defines the class
        come first, and those in a README last.
        """
        defined_in = defined_in.absolute()
        mentioning = (*self.mentioning(class_name), *self.examples)
        files = [f for f in mentioning if f.means(class_name, defined_in)]
        files.sort(key=lambda file: file.path != defined_in)
        look_up = partial(hyperparameters.looked_up, self._configs)
        known = (class_name, self._options)
        calls = (
            constructions(f.tree, f.path, *known, f.path == defined_in, look_up) for f in files
        )
        return sorted(itertools.chain(*calls), key=lambda call: not call.is_literal)

    def described(
        self, class_name: str, defined_in: Path, parameters: Sequence[str]
    ) -> Iterator[Construction]:
        """What the YAML and JSON files of the project give the parameters of a class.

        Its first parameter may be an object with all that it reads of it.
        """
        yield from hyperparameters.called(self._configs, class_name, parameters)
        source = self.parse(defined_in) if parameters else None
        for node in ast.walk(source.tree) if source else ():
            if isinstance(node, ast.ClassDef) and node.name == class_name:
                files = ((name, file) for name in BUILT_BY for file in self.mentioning(name))
                yield from given_as_one(node, parameters[0], self._configs, files)

    @cached_property
    def _options(self) -> dict[str, ast.expr]:
        """What ``args.width`` is in files that leave the command line to another one."""
        found: dict[str, ast.expr] = {}
        for file in self.mentioning("add_argument"):
            for name, default in command_line(file.tree).items():
                same = ast.dump(found.get(name, default)) == ast.dump(default)
                found[name] = default if same else ast.Name("?")
        return found

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

    def has_heirs(self, class_name: str, defined_in: Path) -> bool:
        """Whether another model class derives from this one."""
        return any(
            class_name in (base.rpartition(".")[2] for base in heir.bases)
            for file in self.mentioning(class_name)
            if file.means(class_name, defined_in.absolute())
            for heir in file.classes
        )

    def with_owners(self, names: Iterable[str], path: Path) -> tuple[str, ...]:
        """Classes of a file, and those that they are part of, directly or not."""
        found = dict.fromkeys(names, path)
        queue = list(found)
        for name in queue:
            for where, owner in self.owners(name, found[name]):
                if owner not in found:
                    found[owner] = where
                    queue.append(owner)
        return tuple(found)

    def is_lost(self, name: str, path: Path, asked: frozenset[str] = frozenset()) -> bool:
        """Whether nothing in the project says how to build a class, or a model it is part of."""
        source = self.parse(path)
        found = next((c for c in source.classes if c.name == name), None) if source else None
        if found is None or not found.required:
            return False
        parameters = [*found.positional, *sorted(found.required.difference(found.positional))]
        described = self.described(name, path, parameters)
        for call in itertools.chain(self.constructions(name, path), described):
            if found.required <= {*found.positional[: len(call.args)], *call.kwargs}:
                return False
        owners = [(p, n) for p, n in self.owners(name, path) if n not in asked]
        return all(self.is_lost(n, p, asked | {name}) for p, n in owners)


@cache
def project_at(root: Path, texts: Texts) -> Project:
    """The project below ``root``, read once in a run."""
    return Project(root, texts)


def _parsed(path: Path, texts: Texts) -> SourceFile | None:
    try:
        return SourceFile(path, ast.parse(texts.read(path), str(path)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None


def _model_class(node: ast.ClassDef, bases: tuple[str, ...]) -> ModelClass:
    inits = (s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__")
    for args in (init.args for init in inits):
        positional = [a.arg for a in (*args.posonlyargs, *args.args)][1:]
        required = positional[: max(0, len(positional) - len(args.defaults))]
        required += [a.arg for a, d in zip(args.kwonlyargs, args.kw_defaults) if d is None]
        uses = _mentioned(node)
        return ModelClass(
            node.name, node.lineno, bases, uses, frozenset(required), tuple(positional)
        )
    return ModelClass(node.name, node.lineno, bases, _mentioned(node))


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
