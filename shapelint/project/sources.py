"""One Python file of a project, parsed: its classes that look like models, and what names mean."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

from shapelint.project.names import called_as, dotted
from shapelint.source.texts import Texts

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
    takes_more: bool = False
    """Whether its constructor passes on keywords that it does not name."""

    @property
    def trains(self) -> bool:
        """Whether it is a LightningModule: a model and the way it is trained."""
        return any(base.rpartition(".")[2] == "LightningModule" for base in self.bases)


@dataclass(frozen=True)
class SourceFile:
    """One parsed file."""

    path: Path
    tree: ast.Module = field(repr=False)
    imports_model: Callable[[SourceFile, str], bool] = field(default=lambda f, n: False, repr=False)
    """Whether a name in this file is that of a model class of another one."""
    root: Path | None = None
    """The folder of the project."""

    @cached_property
    def classes(self) -> tuple[ModelClass, ...]:
        """Its classes that derive from ``nn.Module``, directly or from one of these.

        A class whose base nobody knows counts if it has a ``forward``.
        """
        found: dict[str, ModelClass] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(filter(None, map(dotted, node.bases)))
                inherits = any(_is_torch_base(b) or b in found for b in bases)
                if inherits or (bases and (_has_forward(node) or self._is_heir(bases))):
                    found[node.name] = _model_class(node, bases)
        return tuple(found.values())

    def _is_heir(self, bases: tuple[str, ...]) -> bool:
        return any(self.imports_model(self, base.rpartition(".")[2]) for base in bases)

    def mentions(self, name: str) -> bool:
        """Whether a name occurs in it, or may come with ``from … import *``."""
        found = map(_name_of, ast.walk(self.tree))
        return any(each.partition(".")[0] in (name, "*") for each in found)

    def names_for(self, name: str) -> frozenset[str]:
        """What this file calls what has this name elsewhere."""
        return called_as(name, self._binding)

    def means(self, name: str, defined_in: Path) -> bool:
        """Whether a name in this file can be the one that the file ``defined_in`` defines.

        It cannot if this file has its own, imports one from another module or something else as
        that, or has a variable of that name.
        """
        if self.path == defined_in:
            return True
        starred = False
        for node in self._binding:
            if not isinstance(node, ast.ImportFrom):
                if node.name == name:
                    return False
                continue
            if any(a.asname == name != a.name for a in node.names):
                return False
            imported = [a.name for a in node.names]
            if name in imported:
                return self._can_be(node, defined_in)
            if "*" in imported and (file := self.imported_file(node)) is not None:
                if file == defined_in:
                    return True
                starred = True
        return not starred and name not in self._variables

    @cached_property
    def _variables(self) -> frozenset[str]:
        """What is assigned, and never behind a dot, as what ``import models`` brings would be."""
        nodes = list(ast.walk(self.tree))
        assigned = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        return frozenset(assigned - {n.attr for n in nodes if isinstance(n, ast.Attribute)})

    def imports(self, name: str, defined_in: Path) -> bool:
        """Whether this file has a name of another one, or that file as a module."""
        module = defined_in.parent.name if defined_in.stem == "__init__" else defined_in.stem
        nodes = [node for node in self._binding if isinstance(node, ast.ImportFrom)]
        for imported, at in ((alias.name, node) for node in nodes for alias in node.names):
            if imported in (name, module):
                return imported == module or self._can_be(at, defined_in)
        return self.path == defined_in

    @cached_property
    def _binding(self) -> tuple[ast.ClassDef | ast.FunctionDef | ast.ImportFrom, ...]:
        """The nodes that define or import names; every class of the project asks for them."""
        kinds = (ast.ClassDef, ast.FunctionDef, ast.ImportFrom)
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def imported_file(self, node: ast.ImportFrom) -> Path | None:
        """The file that ``from a.models import …`` means, as seen from here or further up."""
        folders = self.path.parents
        for folder in folders[node.level - 1 : node.level] if node.level else folders:
            candidate = folder.joinpath(*(node.module or "").split(".")).with_suffix(".py")
            if candidate.is_file():
                return candidate
            if folder == self.root or self.root is None:
                break
        return None

    def _can_be(self, node: ast.ImportFrom, defined_in: Path) -> bool:
        file = self.imported_file(node)
        if file is not None:
            return file == defined_in
        source = (node.module or "").rpartition(".")[2]
        return source in (defined_in.stem, defined_in.parent.name, "")


def _name_of(node: ast.AST) -> str:
    """What a node binds or reads; of an import its new name, if it has one."""
    for field_name in ("asname", "name", "id"):
        if isinstance(name := getattr(node, field_name, None), str):
            return name
    return ""


def parsed(
    path: Path, texts: Texts, root: Path, imports_model: Callable[[SourceFile, str], bool]
) -> SourceFile | None:
    """The file of the project below ``root``, or None if it is not valid Python."""
    try:
        return SourceFile(path, ast.parse(texts.read(path), str(path)), imports_model, root)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None


def _model_class(node: ast.ClassDef, bases: tuple[str, ...]) -> ModelClass:
    inits = (s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__")
    for args in (init.args for init in inits):
        positional = [a.arg for a in (*args.posonlyargs, *args.args)][1:]
        required = positional[: max(0, len(positional) - len(args.defaults))]
        required += [a.arg for a, d in zip(args.kwonlyargs, args.kw_defaults) if d is None]
        named = (frozenset(required), tuple(positional), args.kwarg is not None)
        return ModelClass(node.name, node.lineno, bases, _mentioned(node), *named)
    return ModelClass(node.name, node.lineno, bases, _mentioned(node))


def _is_torch_base(base: str) -> bool:
    owner, _, name = base.rpartition(".")
    return name in _TORCH_BASES and (not owner or owner.split(".")[0] in ("nn", "torch", "pl", "L"))


def _has_forward(node: ast.ClassDef) -> bool:
    """Whether a class has a ``forward`` and is no autograd function, which has one as well."""
    differentiates = any(dotted(b).rpartition(".")[2] == "Function" for b in node.bases)
    has = any(isinstance(s, ast.FunctionDef) and s.name == "forward" for s in node.body)
    return has and not differentiates


def _mentioned(node: ast.ClassDef) -> frozenset[str]:
    """Names in a class body, by their last part; bases are not in the body.

    What only says of which kind something is, an annotation or a test, is not made of that kind.
    """
    named = {statement: frozenset(_named(statement)) for statement in node.body}
    offered = {s for s in node.body if _is_offered(s, node)}
    called = frozenset[str]().union(*(names for s, names in named.items() if s not in offered))
    return called.union(*(named[s] for s in offered if s.name in called))


def _is_offered(statement: ast.stmt, node: ast.ClassDef) -> TypeGuard[ast.FunctionDef]:
    """Whether it is a method for others to call, unless the class calls it itself.

    What only such a method makes, the model is not made of. A base may call any method.
    """
    if not isinstance(statement, ast.FunctionDef) or statement.decorator_list:
        return False
    alone = all(dotted(base) in ("nn.Module", "torch.nn.Module", "Module") for base in node.bases)
    return alone and statement.name not in ("__init__", "forward")


def _named(statement: ast.stmt) -> Iterator[str]:
    for node in _without_kinds(statement):
        if isinstance(node, (ast.Name, ast.Attribute)) and dotted(node):
            yield dotted(node).rpartition(".")[2]


def _without_kinds(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.Call) and dotted(node.func) in ("isinstance", "issubclass"):
        return
    kinds = [getattr(node, name, None) for name in ("annotation", "returns")]
    for child in ast.iter_child_nodes(node):
        if child not in kinds:
            yield from _without_kinds(child)
