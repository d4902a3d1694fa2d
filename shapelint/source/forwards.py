"""What stands in the ``forward`` of a model: names, functions of PyTorch, places for statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from shapelint.model import Edit
from shapelint.source.calls import expression_at, function_around, replaced, source_of
from shapelint.source.edits import Unwritable
from shapelint.source.texts import Texts, decoded
from shapelint.trace import Span

Function = ast.FunctionDef | ast.AsyncFunctionDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functional(texts: Texts, path: str) -> str:
    """How a file calls ``torch.nn.functional``. Raises Unwritable if it imports no torch."""
    found: dict[str, str] = {}
    for node in texts.nodes(path):
        if isinstance(node, ast.Import):
            found.update({a.name: a.asname or a.name for a in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({f"{node.module}.{a.name}": a.asname or a.name for a in node.names})
    for module, rest in _FUNCTIONAL:
        if module in found:
            return f"{found[module]}{rest}"
    raise Unwritable("torch is not imported")


_FUNCTIONAL = (
    ("torch.nn.functional", ""),
    ("torch.nn", ".functional"),
    ("torch", ".nn.functional"),
)


def joined(texts: Texts, span: Span) -> Sequence[ast.expr]:
    """The operands of the ``cat``, ``add`` or ``+`` that is written there, in order; or none."""
    found = expression_at(texts, span)
    if isinstance(found, ast.BinOp):
        return [found.left, found.right]
    if not isinstance(found, ast.Call) or not found.args:
        return []
    first = found.args[0]
    parts = first.elts if isinstance(first, (ast.List, ast.Tuple)) else found.args[:2]
    return [] if any(isinstance(p, ast.Starred) for p in parts) else parts


def method_of(texts: Texts, path: str, line: int, name: str) -> Function | None:
    """A method of the class that is defined at a line."""
    for node in texts.nodes(path):
        if isinstance(node, ast.ClassDef) and _first_line(node) <= line <= node.body[0].lineno:
            methods = (n for n in node.body if isinstance(n, _FUNCTIONS))
            return next((m for m in methods if m.name == name), None)
    return None


def _first_line(node: ast.ClassDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def before_statement(texts: Texts, path: str, line: int, statements: Sequence[str]) -> Edit:
    """The edit that writes statements in front of the one that starts at a line.

    Raises Unwritable if that is not alone on its line.
    """
    text = decoded(texts.read(path))[0].removeprefix("\ufeff")
    source = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1]
    indent = source[: len(source) - len(source.lstrip())]
    starts = [s for s in _statements(texts, path) if s.lineno == line]
    if len(starts) != 1 or starts[0].col_offset != len(indent.encode()):
        raise Unwritable("the statement shares its line with another")
    column = len(indent.encode()) + 1
    written = "".join(f"{statement}\n{indent}" for statement in statements)
    return Edit(Span(path, line, column, line, column), written)


def _statements(texts: Texts, path: str) -> Iterator[ast.stmt]:
    return (n for n in texts.nodes(path) if isinstance(n, ast.stmt))


def statement_around(texts: Texts, span: Span) -> ast.stmt:
    """The innermost statement that a place is part of. Raises Unwritable if there is none."""
    function = function_around(texts, span)
    inside = [
        s
        for s in (ast.walk(function) if function else ())
        if isinstance(s, ast.stmt) and s.lineno <= span.line <= (s.end_lineno or s.lineno)
    ]
    if not inside or inside[-1] is function:
        raise Unwritable("not inside a function")
    return max(inside, key=lambda s: (s.lineno, s.col_offset))


def fresh_names(function: ast.AST, *wanted: str) -> list[str]:
    """Names like these that the function does not use yet."""
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    used |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    out = []
    for name in wanted:
        candidates = (name, *(f"{name}_{suffix}" for suffix in ("in", "before", "given")))
        out.append(next((c for c in candidates if c not in used), f"{name}__"))
    return out


def rebound(function: ast.AST, name: str, first: int, last: int) -> bool:
    """Whether a name gets another value between two lines, those included."""
    names = (n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name)
    return any(isinstance(n.ctx, ast.Store) and first <= n.lineno <= last for n in names)


def wrapped(texts: Texts, path: str, node: ast.expr, template: str) -> Edit:
    """The edit that puts an expression in the place of ``{}`` in a template."""
    return replaced(path, node, template.format(source_of(texts, path, node)))
