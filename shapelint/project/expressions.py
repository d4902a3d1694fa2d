"""Arguments that are no literals: classes, layers, models that are built on the spot.

They travel to the worker as source. Only what builds something may be called in them: classes, by
their capital, and a few functions that do nothing but compute.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

from shapelint.source.literals import NotLiteral

_COMPUTES = (
    "abs",
    "ceil",
    "float",
    "floor",
    "int",
    "len",
    "log2",
    "max",
    "min",
    "range",
    "round",
    "sum",
)
_HOLDS = ("device", "dict", "is_available", "list", "partial", "set", "tuple")
_CALLABLE = frozenset((*_COMPUTES, *_HOLDS))
_MOVES = frozenset(("cpu", "cuda", "double", "eval", "float", "half", "to", "train"))
"""Methods of a module that give the module itself."""
_EVERYWHERE = frozenset(("nn", "torch"))
"""What a model file means by these needs no import."""
_CPU = ast.Constant("cpu")
"""What ``self.device`` is where nothing tells: sizes do not depend on it."""
_DEEPEST = 8
_IMPORT = "from shapelint.worker.loading.settings import with_attributes"

Starred = Callable[[ast.ImportFrom], Iterable[str]]
"""The names that ``from models import *`` brings into a file."""


class Expression(str):
    """The source of an expression; ``repr`` is the source as it is, as ``repr(1)`` is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Meanings:
    """What the names in a file mean that are no variables."""

    def __init__(
        self, tree: ast.Module, path: Path, own: bool, starred: Starred = lambda node: ()
    ) -> None:
        self.imports: dict[str, str] = {}
        """The import for each name; empty for names that are known where the class is."""
        package = _package(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = (alias.asname or alias.name).partition(".")[0]
                    self.imports[bound] = ast.unparse(ast.Import([alias]))
            elif isinstance(node, ast.ImportFrom):
                self._from(node, package, starred)
        for node in tree.body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                module = ".".join((*package, path.stem))
                self.imports[node.name] = f"from {module} import {node.name}"
        if own:
            self.imports = dict.fromkeys(self.imports, "")

    def _from(self, node: ast.ImportFrom, package: tuple[str, ...], starred: Starred) -> None:
        """Relative imports become absolute ones, if the file is in a package that deep."""
        if node.level > len(package):
            return
        above = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join((*above, *filter(None, [node.module])))
        named = [alias for alias in node.names if alias.name != "*"]
        if len(named) < len(node.names):
            named += [ast.alias(name) for name in starred(node)]
        for alias in named:
            statement = ast.ImportFrom(module, [alias], 0)
            self.imports[alias.asname or alias.name] = ast.unparse(statement)


def _package(path: Path) -> tuple[str, ...]:
    """The packages that a file is in, the outermost first."""
    if not (path.parent / "__init__.py").exists():
        return ()
    return (*_package(path.parent), path.parent.name)


def inlined(
    node: ast.expr,
    values: Mapping[str, ast.expr],
    meanings: Meanings,
    imports: MutableMapping[str, None],
) -> Expression:
    """An expression with its variables replaced by their ``values``; adds to ``imports``.

    Raises NotLiteral for names without a meaning, and for calls that may do more than build.
    """
    whole = _Inliner(values, meanings, imports).visit(copy.deepcopy(node))
    return Expression(ast.unparse(ast.fix_missing_locations(whole)))


class _Inliner(ast.NodeTransformer):
    def __init__(
        self,
        values: Mapping[str, ast.expr],
        meanings: Meanings,
        imports: MutableMapping[str, None],
        depth: int = 0,
    ) -> None:
        self.values, self.meanings, self.imports = values, meanings, imports
        self.depth = depth

    def visit_Attribute(self, node: ast.Attribute | ast.Subscript) -> ast.AST:
        text = ast.unparse(node)
        if text not in self.values and text.endswith(".device") and text != "torch.device":
            return _CPU
        known = self.values.get(text)
        return self.generic_visit(node) if known is None else self._inside(known)

    visit_Subscript = visit_Attribute

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.values:
            return self._with_attributes(node.id, self._inside(self.values[node.id]))
        statement = self.meanings.imports.get(node.id)
        if statement:
            self.imports[statement] = None
        elif statement is None and node.id not in _CALLABLE | _EVERYWHERE:
            raise NotLiteral(node.id)
        return node

    def _inside(self, known: ast.expr) -> ast.AST:
        if self.depth >= _DEEPEST:
            raise NotLiteral("nested too deep")
        deeper = _Inliner(self.values, self.meanings, self.imports, self.depth + 1)
        found: ast.AST = deeper.visit(copy.deepcopy(known))
        return found

    def _with_attributes(self, name: str, held: ast.AST) -> ast.AST:
        """With what the file sets of an object after it was made: ``config.width = 8``.

        What cannot be read is left out.
        """
        if isinstance(held, ast.Constant):
            return held
        attributes: dict[str, ast.AST] = {}
        for text, value in self.values.items():
            if text.startswith(f"{name}."):
                with suppress(NotLiteral):
                    attributes[text.removeprefix(f"{name}.")] = self._inside(value)
        if not attributes:
            return held
        self.imports[_IMPORT] = None
        given = ", ".join(f"{text!r}: {ast.unparse(value)}" for text, value in attributes.items())
        return ast.parse(f"with_attributes({ast.unparse(held)}, {{{given}}})", mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES:
            found: ast.AST = self.visit(node.func.value)
            return found
        name = ast.unparse(node.func).rpartition(".")[2]
        if not name[:1].isupper() and name not in _CALLABLE:
            raise NotLiteral(ast.unparse(node))
        return self.generic_visit(node)

    def _refused(self, node: ast.AST) -> ast.AST:
        raise NotLiteral(ast.unparse(node))

    visit_Lambda = visit_ListComp = visit_SetComp = visit_DictComp = _refused
    visit_GeneratorExp = visit_NamedExpr = visit_Await = visit_Yield = _refused
