"""Which statements of a file build models.

A model file is often a script as well: it trains, prints, downloads. Only what builds models is
run: imports, definitions, constants, and assignments. Statements that are there for their effect
are left out, with a reason each.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

_EFFECTS_THAT_BUILD = frozenset(
    (
        "add_argument",
        "add_module",
        "append",
        "extend",
        "insert",
        "register_buffer",
        "register_module",
        "set_defaults",
        "setdefault",
        "update",
    )
)
"""Methods that are called for their effect and may be part of building a model."""

_NOT_FOR_BUILDING = {
    "DataLoader": "loads data",
    "DataParallel": "wraps a model for several devices",
    "DistributedDataParallel": "wraps a model for several devices",
    "SummaryWriter": "writes logs",
    "Trainer": "trains",
    "backward": "trains",
    "download": "downloads",
    "fit": "trains",
    "imread": "reads a file",
    "input": "reads standard input",
    "jit.load": "loads a file",
    "jit.script": "compiles",
    "jit.trace": "compiles",
    "load_dataset": "loads data",
    "load_state_dict": "loads weights",
    "loadtxt": "reads a file",
    "np.load": "loads a file",
    "numpy.load": "loads a file",
    "open": "opens a file",
    "os.system": "runs a program",
    "pickle.load": "loads a file",
    "read_csv": "reads a file",
    "subprocess.run": "runs a program",
    "torch.compile": "compiles",
    "torch.load": "loads a file",
    "train_test_split": "loads data",
    "urlopen": "downloads",
    "urlretrieve": "downloads",
}
"""Calls whose result no model is built from, by the last part of the name or the last two."""

_DATA_SOURCES = frozenset({"datasets", "transforms"})


@dataclass
class Sliced:
    """The statements that run, and those that do not."""

    body: list[ast.stmt]
    skipped: list[tuple[ast.stmt, str]] = field(default_factory=list)


def slice_source(tree: ast.Module) -> Sliced:
    """The part of a module that builds models. The tree is changed in place."""
    sliced = Sliced([])
    sliced.body = _kept(tree.body, sliced)
    return sliced


def bound_names(statement: ast.stmt) -> tuple[str, ...]:
    """The names that a statement would define."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return (statement.name,)
    names: dict[str, None] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, ast.alias):
            names[(node.asname or node.name).split(".")[0]] = None
    return tuple(names)


def optional_imports(tree: ast.Module) -> frozenset[int]:
    """Lines inside a ``try`` that catches ImportError: the program can do without these imports."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(map(_catches_import_error, node.handlers)):
            for statement in node.body:
                lines.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return frozenset(lines)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    if handler.type is None:
        return True
    return any(isinstance(n, ast.Name) and n.id in caught for n in ast.walk(handler.type))


def _kept(statements: Iterable[ast.stmt], sliced: Sliced) -> list[ast.stmt]:
    out = []
    for statement in statements:
        reason = _reason_to_skip(statement)
        if reason:
            sliced.skipped.append((statement, reason))
        else:
            _slice_inside(statement, sliced)
            out.append(statement)
    return out


def _slice_inside(statement: ast.stmt, sliced: Sliced) -> None:
    """Slice the blocks of an ``if`` or ``try``; a block left empty passes."""
    if isinstance(statement, (ast.If, ast.Try)):
        blocks = [statement, *(statement.handlers if isinstance(statement, ast.Try) else ())]
        for block in blocks:
            block.body = _kept(block.body, sliced) or [ast.copy_location(ast.Pass(), block)]
        statement.orelse = _kept(statement.orelse, sliced)
        if isinstance(statement, ast.Try):
            statement.finalbody = _kept(statement.finalbody, sliced)
            if not (statement.handlers or statement.finalbody):
                statement.finalbody = [ast.copy_location(ast.Pass(), statement)]


def _reason_to_skip(statement: ast.stmt) -> str:
    """Why a statement does not run; empty if it does."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return _unwanted_call(statement.value)
    if isinstance(statement, ast.If):
        return "runs only as a script" if _is_main_guard(statement.test) else ""
    if isinstance(statement, ast.Expr):
        return _reason_to_skip_effect(statement.value)
    if isinstance(statement, ast.For):
        builds = not any(map(_reason_to_skip, [*statement.body, *statement.orelse]))
        return _unwanted_call(statement.iter) if builds else "a loop that does more than build"
    if isinstance(statement, (ast.While, ast.With, ast.AsyncWith, ast.AsyncFor)):
        return "a block that does more than build"
    if isinstance(statement, (ast.Assert, ast.Delete)):
        return "not needed to build models"
    return ""


def _reason_to_skip_effect(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return ""
    if not isinstance(value, ast.Call):
        return "an expression without a name"
    name = _last_name(value.func)
    if name in _EFFECTS_THAT_BUILD or name.startswith("register"):
        return _unwanted_call(value)
    return "called for its effect"


def _is_main_guard(test: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(test)) and any(
        isinstance(n, ast.Constant) and n.value == "__main__" for n in ast.walk(test)
    )


def _unwanted_call(value: ast.expr | None) -> str:
    """Why a value is not computed, judged by the calls that are made for it right away."""
    if value is None or isinstance(value, ast.Lambda):
        return ""
    if isinstance(value, ast.Call):
        name, owner = _last_name(value.func), _owner(value.func)
        if owner in _DATA_SOURCES:
            return "loads data"
        reason = _NOT_FOR_BUILDING.get(name) or _NOT_FOR_BUILDING.get(f"{owner}.{name}")
        if reason:
            return reason
    inner = (n for n in ast.iter_child_nodes(value) if isinstance(n, (ast.expr, ast.keyword)))
    reasons = (_unwanted_call(n.value if isinstance(n, ast.keyword) else n) for n in inner)
    return next(filter(None, reasons), "")


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _owner(function: ast.expr) -> str:
    """``datasets`` in ``torchvision.datasets.MNIST``."""
    return _last_name(function.value) if isinstance(function, ast.Attribute) else ""
