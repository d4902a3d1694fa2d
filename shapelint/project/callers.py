"""What the callers of a function give its parameters.

``def build(width): return UNet(width)`` says nothing about the width; ``build(8)`` elsewhere does.
Only literals are taken over: other arguments mean something only where the call stands.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.project.names import Known, called_as, calls_of, dotted, inside, scopes, visible
from shapelint.source.literals import NotLiteral, literal

if TYPE_CHECKING:
    from shapelint.project.sources import SourceFile

Files = Callable[[str, Path], Iterable["SourceFile"]]
"""The files in which a name may be the one that a file defines."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEEPEST = 2
"""Callers of callers that are asked."""
_MOST = 8
"""Calls of one function that are looked at."""


def builders(name: str, files: Iterable[SourceFile]) -> Iterator[tuple[Path, str]]:
    """The functions that call what has this name: file and name of each."""
    for file in files:
        names = file.names_for(name)
        for scope, owner in scopes(file.tree):
            called = _called(scope, owner)
            if called and calls_of(names, inside(scope)):
                yield file.path, called


def makers_of(name: str, tree: ast.Module) -> Iterator[str]:
    """The functions of a file that return what they make of what has this name."""
    names = called_as(name, ast.walk(tree))
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            statements = list(inside(function))
            assigned = [n for n in statements if isinstance(n, ast.Assign) and _makes(n, names)]
            made = {dotted(target) for n in assigned for target in n.targets}
            returned = [n for n in statements if isinstance(n, ast.Return) and n.value]
            if any(_makes(n, names) or dotted(n.value) in made for n in returned if n.value):
                yield function.name


def _makes(statement: ast.Assign | ast.Return, names: Collection[str]) -> bool:
    """Whether a call is made of what has such a name, or gets it: ``ResNet(Block, 4)``."""
    calls = (n for n in ast.walk(statement) if isinstance(n, ast.Call))
    said = (dotted(n) for call in calls for n in (call.func, *call.args))
    return any(each.rpartition(".")[2] in names for each in said)


def given(
    function: ast.AST, owner: str, path: Path, files: Files, options: Known, depth: int = 0
) -> Iterator[Known]:
    """For each call of a function: its parameters that are given a literal, and what that is.

    ``owner`` is the class of a method, which counts only where it is called on that class or on
    ``self``; a constructor is called as its class.
    """
    called = _called(function, owner)
    if not called or depth > _DEEPEST:
        return
    constructs = called == owner
    found = (
        (file, scope, around, call)
        for file in files(called, path)
        for names in (file.names_for(called),)
        for scope, around in scopes(file.tree)
        for call in calls_of(names, inside(scope))
        if constructs or not owner or _is_on(call, owner)
    )
    for file, scope, around, call in islice(found, _MOST):
        values = visible(file.tree, scope, options)
        yield _bound(call, function, values)
        for further in given(scope, around, file.path, files, options, depth + 1):
            yield _bound(call, function, {**values, **further})


def _called(scope: ast.AST, owner: str) -> str:
    """The name by which a function is called; empty for other calls, and for runs of a model."""
    if not isinstance(scope, _FUNCTIONS) or scope.name == "forward":
        return ""
    return owner if owner and scope.name == "__init__" else scope.name


def _is_on(call: ast.Call, owner: str) -> bool:
    on = dotted(call.func).rpartition(".")[0]
    return on in ("self", "cls") or on.rpartition(".")[2] == owner


def _bound(call: ast.Call, function: ast.AST, values: Known) -> Known:
    """The parameters whose arguments can be read off."""
    assert isinstance(function, _FUNCTIONS)
    args = function.args
    names = [a.arg for a in (*args.posonlyargs, *args.args)]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    every = {*names, *(a.arg for a in args.kwonlyargs)}
    pairs = [*zip(names, call.args), *((k.arg, k.value) for k in call.keywords)]
    found: dict[str, ast.expr] = {}
    for name, value in pairs:
        if isinstance(value, ast.Starred):
            break
        with suppress(NotLiteral, SyntaxError):
            said = repr(literal(value, values))
            if name in every:
                found[str(name)] = ast.parse(said, mode="eval").body
    return found
