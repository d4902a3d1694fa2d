"""What names stand for in a file: assignments, defaults of parameters and of the command line."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

Values = Mapping[str, ast.expr | None]
"""What names stand for; None where that is not to be seen."""

Known = Mapping[str, ast.expr]

_PARSED = ("args", "opt", "opts", "options", "flags", "FLAGS")
"""What people call the result of ``parse_args``."""

_KEPT = tuple(f"self.{args}" for args in _PARSED)

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def called_as(name: str, nodes: Iterable[ast.AST]) -> frozenset[str]:
    """This name and what a file says instead: ``from models import UNet as Net``.

    Not if the file has its own of that name: then this is what it imports another one as.
    """
    found = {name}
    for node in nodes:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return frozenset((name,))
        if isinstance(node, ast.ImportFrom):
            found |= {a.asname for a in node.names if a.name == name and a.asname}
    return frozenset(found)


def calls_of(names: Collection[str], nodes: Iterable[ast.AST]) -> list[ast.Call]:
    """The calls of what has one of these names, or ends with it."""
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return [call for call in calls if dotted(call.func).rpartition(".")[2] in names]


def chosen_calls(names: Collection[str], nodes: Iterable[ast.AST], values: Known) -> list[ast.Call]:
    """``MODELS[kind](…)`` where the dict may give what has one of these names."""
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Subscript)]
    return [call for call in calls if is_item(names, values.get(_table_of(call)))]


def _table_of(call: ast.Call) -> str:
    return dotted(call.func.value) if isinstance(call.func, ast.Subscript) else ""


def is_item(names: Collection[str], table: ast.AST | None) -> bool:
    """Whether a dict has what has one of these names among its items."""
    items = table.values if isinstance(table, ast.Dict) else []
    return any(dotted(item).rpartition(".")[2] in names for item in items)


def scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The file, its functions and its classes; for a method also the name of its class."""
    methods: dict[int, str] = {}
    yield tree, ""
    for node in ast.walk(tree):  # a class comes before what is in it
        if isinstance(node, _SCOPES):
            yield node, methods.get(id(node), "")
        if isinstance(node, ast.ClassDef):
            methods.update((id(statement), node.name) for statement in node.body)


def visible(tree: ast.Module, scope: ast.AST, options: Mapping[str, ast.expr]) -> Known:
    """What names stand for in a scope; ``options`` are what other files say of the command line."""
    values: Values = {**options, **command_line(tree), **_assigned(tree), **_changed(tree)}
    if scope is not tree:
        values = {**values, **_defaults(scope), **_assigned(scope)}
    return {name: value for name, value in values.items() if value is not None}


def inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a file, class or function, without those of the classes and functions in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, _SCOPES):
            yield node
            yield from inside(node)


def assignments(scope: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """The targets of ``a = b = value`` and ``a: int = value`` in a scope, each with the value."""
    for node in inside(scope):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign):
            yield node.target, node.value


def _assigned(scope: ast.AST) -> dict[str, ast.expr | None]:
    """What names and attributes stand for that are set exactly once, or in the first round."""
    found: dict[str, ast.expr | None] = {}
    for target, value in assignments(scope):
        if value is not None and (name := dotted(target)):
            found[name] = None if name in found else value
    others = _set_otherwise(scope)
    once = {
        n: value for n, value in _first_rounds(scope) if others.count(n) == 1 and n not in found
    }
    return {**found, **dict.fromkeys(others), **once}


def _set_otherwise(scope: ast.AST) -> list[str]:
    """Names set by a loop, a ``with``, an unpacking or ``+=``, once for each time."""
    plain = {id(target) for target, _ in assignments(scope)}
    return [
        dotted(node)
        for node in inside(scope)
        if isinstance(node, (ast.Name, ast.Attribute))
        and isinstance(node.ctx, ast.Store)
        and id(node) not in plain
    ]


def _first_rounds(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What ``for width, depth in [(8, 2), (16, 3)]`` sets first."""
    rows = (ast.List, ast.Tuple)
    for node in inside(scope):
        if isinstance(node, ast.For) and isinstance(node.iter, rows) and node.iter.elts:
            first, target = node.iter.elts[0], node.target
            if isinstance(target, rows) and isinstance(first, rows):
                yield from ((dotted(name), value) for name, value in zip(target.elts, first.elts))
            else:
                yield dotted(target), first


def _changed(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Names that functions set at the top of the file."""
    return {n: None for node in ast.walk(tree) if isinstance(node, ast.Global) for n in node.names}


def _defaults(scope: ast.AST) -> dict[str, ast.expr | None]:
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
                    found.update({f"{args}.{name}": default for args in (*_PARSED, *_KEPT)})
    return found


def agreed(lines: Sequence[Known]) -> Known:
    """The options for which all command lines have the same default."""
    said: dict[str, set[str]] = {}
    for line in lines:
        for name, default in line.items():
            said.setdefault(name, set()).add(ast.dump(default))
    return {n: d for line in lines for n, d in line.items() if len(said[n]) == 1}


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
