"""Calls that build a class with arguments that can be read off the source.

An argument that is no literal but a class, a layer or another model, ``Net(Block, act=nn.ReLU())``,
stays an expression: variables in it are replaced by what they were assigned, and imports say what
the other names mean.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shapelint.project.expressions import Expression, Meanings, inlined
from shapelint.source.literals import NotLiteral, literal

__all__ = ["Construction", "command_line", "constructions", "dotted"]

_PARSED = ("args", "opt", "opts", "options", "flags", "FLAGS")
"""What people call the result of ``parse_args``."""

_LONGEST = 80
"""Characters of an argument that are shown."""

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Key = tuple[str, ...]
Looked = Callable[[Iterable[Key]], Iterator[Mapping[Key, ast.expr]]]
"""What the configs of the project hold under keys, one config after the other that has them all."""

_Values = Mapping[str, ast.expr | None]
"""What names stand for; None where that is not to be seen."""


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
    tree: ast.Module,
    path: Path,
    class_name: str,
    options: Mapping[str, ast.expr] | None = None,
    own: bool = False,
    looked_up: Looked = lambda keys: iter(()),
) -> Iterator[Construction]:
    """Calls of a class in a file, those in functions and ``__main__`` blocks included.

    ``options`` are what other files say about the command line; ``own`` says whether this is the
    file that defines the class; ``looked_up`` says what ``hps`` may be that nothing in the file
    tells, where a call reads ``hps.model.width``.
    """
    if not _calls(ast.walk(tree), class_name):
        return
    meanings = Meanings(tree, path, own)
    top: _Values = {**(options or {}), **command_line(tree), **_assigned(tree), **_changed(tree)}
    for scope in (tree, *_scopes(tree)):
        calls = _calls(_inside(scope), class_name)
        if calls:
            inner: _Values = {} if scope is tree else {**_parameters(scope), **_assigned(scope)}
            values = {name: v for name, v in {**top, **inner}.items() if v is not None}
            for call in calls:
                for known in _known(call, values, meanings, looked_up):
                    try:
                        yield _construction(call, class_name, known, meanings, path)
                    except NotLiteral:
                        continue
                    break


def _known(
    call: ast.Call, values: Mapping[str, ast.expr], meanings: Meanings, looked_up: Looked
) -> Iterator[Mapping[str, ast.expr]]:
    """The values of the names in a call; first without what the configs say, then with it."""
    yield values
    places: dict[str, Key] = {}
    for argument in (*call.args, *(k.value for k in call.keywords)):
        for root, keys, text in _places(argument):
            if root not in meanings.imports and root not in _OWN:
                places[text] = keys
    for found in looked_up(places.values()) if places else ():
        yield {**values, **{text: found[keys] for text, keys in places.items()}}


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


def _calls(nodes: Iterable[ast.AST], class_name: str) -> list[ast.Call]:
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return [call for call in calls if dotted(call.func).rpartition(".")[2] == class_name]


def _construction(
    call: ast.Call, name: str, values: Mapping[str, ast.expr], meanings: Meanings, path: Path
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


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, _SCOPES))


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a file, class or function, without those of the classes and functions in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, _SCOPES):
            yield node
            yield from _inside(node)


def _assigned(scope: ast.AST) -> dict[str, ast.expr | None]:
    """What names and attributes stand for that are assigned exactly once."""
    found: dict[str, ast.expr | None] = {}
    for node in _inside(scope):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in filter(dotted, targets):
                name = dotted(target)
                found[name] = None if name in found else node.value
    return found | _set_otherwise(scope)


def _set_otherwise(scope: ast.AST) -> dict[str, ast.expr | None]:
    """Names that a loop, a ``with``, an unpacking or ``+=`` sets."""
    plain = {
        id(target)
        for node in _inside(scope)
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    return {
        dotted(node): None
        for node in _inside(scope)
        if isinstance(node, (ast.Name, ast.Attribute))
        and isinstance(node.ctx, ast.Store)
        and id(node) not in plain
    }


def _changed(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Names that functions set at the top of the file."""
    return {n: None for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names}


def _parameters(scope: ast.AST) -> dict[str, ast.expr | None]:
    """The defaults of the parameters of a function; a class has none."""
    if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {}
    args = scope.args
    names = [a.arg for a in (*args.posonlyargs, *args.args)]
    others = [a.arg for a in (args.vararg, args.kwarg) if a]
    found: dict[str, ast.expr | None] = dict.fromkeys([*names, *others])
    found |= zip(names[len(names) - len(args.defaults) :], args.defaults)
    return found | {a.arg: d for a, d in zip(args.kwonlyargs, args.kw_defaults)}


def command_line(tree: ast.Module) -> dict[str, ast.expr]:
    """``args.width`` for ``add_argument("--width", default=8)``, under the usual names."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".add_argument"):
            default = _default(node)
            for flag in node.args:
                if default is not None and isinstance(flag, ast.Constant):
                    name = str(flag.value).lstrip("-").replace("-", "_")
                    found.update({f"{args}.{name}": default for args in _PARSED})
    return found


def _default(call: ast.Call) -> ast.expr | None:
    keywords = {k.arg: k.value for k in call.keywords}
    action = keywords.get("action")
    if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
        return ast.Constant(action.value == "store_false")
    return keywords.get("default")


def dotted(node: ast.expr) -> str:
    """``nn.Module`` as text; empty for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
