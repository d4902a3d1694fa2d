"""Calls that build a class with arguments that can be read off the source.

An argument that is no literal but a class, a layer or another model, ``Net(Block, act=nn.ReLU())``,
stays an expression: variables in it are replaced by what they were assigned, and imports say what
the other names mean.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shapelint.project.expressions import Expression, Meanings, Starred, inlined
from shapelint.project.names import (
    Known,
    called_as,
    calls_of,
    chosen_calls,
    inside,
    is_item,
    scopes,
    visible,
)
from shapelint.source.literals import NotLiteral, literal

_LONGEST = 80
"""Characters of an argument that are shown."""

Key = tuple[str, ...]
Looked = Callable[[Iterable[Key]], Iterator[Mapping[Key, ast.expr]]]
"""What the configs of the project hold under keys, one config after the other that has them all."""

Callers = Callable[[ast.AST, str], Iterator[Known]]
"""What the calls of a function give its parameters, one call after the other."""


@dataclass(frozen=True)
class Around:
    """What the rest of the project says about the names in a file."""

    options: Known = field(default_factory=dict)
    """What ``args.width`` is where all command lines agree."""
    lines: Sequence[Known] = ()
    """The same, one command line after the other."""
    looked_up: Looked = lambda keys: iter(())
    """What ``hps`` may be that nothing in the file tells, where a call reads ``hps.width``."""
    callers: Callers = lambda function, owner: iter(())
    starred: Starred = lambda node: ()


@dataclass(frozen=True)
class Construction:
    """A call that builds a class with arguments that can be read off the source."""

    class_name: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    path: Path
    line: int
    imports: tuple[str, ...] = ()
    """Statements that give the names in arguments that are expressions a meaning."""

    @property
    def is_literal(self) -> bool:
        """Whether no argument is an expression."""
        return not any(isinstance(a, Expression) for a in (*self.args, *self.kwargs.values()))

    def __str__(self) -> str:
        given = [*map(_short, self.args), *(f"{k}={_short(v)}" for k, v in self.kwargs.items())]
        line = "" if self.path.suffix == ".ipynb" else f":{self.line}"  # cells have their own lines
        return f"{self.class_name}({', '.join(given)}), as in {self.path.name}{line}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def constructions(
    tree: ast.Module, path: Path, class_name: str, own: bool = False, around: Around | None = None
) -> Iterator[Construction]:
    """Calls of a class in a file, those in functions and ``__main__`` blocks included.

    ``own`` says whether this is the file that defines the class.
    """
    nodes = list(ast.walk(tree))
    names = called_as(class_name, nodes)
    if not calls_of(names, nodes) and not any(is_item(names, n) for n in nodes):
        return
    around = around or Around()
    meanings = Meanings(tree, path, own, around.starred)
    for scope, owner in scopes(tree):
        here, values = list(inside(scope)), visible(tree, scope, around.options)
        chosen = chosen_calls(names, here, values)
        for call in (*calls_of(names, here), *chosen):
            for known in _known(call, values, meanings, around, (scope, owner)):
                try:
                    yield _construction(call, class_name, known, meanings, path)
                except NotLiteral:
                    continue
                break


def _known(
    call: ast.Call, values: Known, meanings: Meanings, around: Around, scope: tuple[ast.AST, str]
) -> Iterator[Known]:
    """The values of the names in a call: first as the file has them, then as others give them."""
    yield values
    arguments = [*call.args, *(k.value for k in call.keywords)]
    places = {
        text: keys
        for argument in arguments
        for root, keys, text in _places(argument)
        if root not in meanings.imports and root not in _OWN
    }
    for found in around.looked_up(places.values()) if places else ():
        yield {**values, **{text: found[keys] for text, keys in places.items()}}
    for line in around.lines:
        yield {**line, **values}
    for given in around.callers(*scope):
        yield {**values, **given}


_OWN = ("self", "cls", "nn", "torch")


def _places(node: ast.AST) -> Iterator[tuple[str, Key, str]]:
    """``hps.model["width"]`` inside an expression: the name, the keys, and the text."""
    at, keys = node, list[str]()
    while isinstance(at, (ast.Attribute, ast.Subscript)):
        if isinstance(at, ast.Attribute):
            keys.append(at.attr)
        elif isinstance(at.slice, ast.Constant) and isinstance(at.slice.value, str):
            keys.append(at.slice.value)
        else:
            break
        at = at.value
    if keys and isinstance(at, ast.Name):
        yield at.id, tuple(reversed(keys)), ast.unparse(node)
        return
    for child in ast.iter_child_nodes(node):
        yield from _places(child)


def _construction(
    call: ast.Call, name: str, values: Known, meanings: Meanings, path: Path
) -> Construction:
    """Raises NotLiteral."""
    imports: dict[str, None] = {}

    def value(node: ast.expr) -> object:
        try:
            return literal(node, values)
        except NotLiteral:
            return inlined(node, values, meanings, imports)

    args: list[object] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            args += _all_of(literal(argument.value, values), (list, tuple))
        else:
            args.append(value(argument))
    kwargs: dict[str, object] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            spread = literal(keyword.value, values)
            kwargs |= {str(key): spread[key] for key in _all_of(spread, (dict,))}  # type: ignore[index]
        else:
            kwargs[keyword.arg] = value(keyword.value)
    return Construction(name, tuple(args), kwargs, path, call.lineno, tuple(imports))


def _all_of(value: object, kinds: tuple[type, ...]) -> list[object]:
    """The items of a container of one of these kinds. Raises NotLiteral for anything else."""
    if not isinstance(value, kinds):
        raise NotLiteral(repr(value))
    return list(value)  # type: ignore[call-overload, no-any-return]
