"""Calls in the source: where an argument stands, and the edit that gives it another value."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapelint.model import Edit
from shapelint.source.edits import Unwritable
from shapelint.source.texts import Texts, decoded
from shapelint.trace import Span

_Argument = ast.expr | ast.keyword

_LAYERS = {
    "conv_transpose": "in_channels out_channels kernel_size stride padding output_padding groups",
    "conv": "in_channels out_channels kernel_size stride padding dilation groups",
    "max_pool": "kernel_size stride padding dilation return_indices ceil_mode",
    "avg_pool": "kernel_size stride padding ceil_mode",
    "linear": "in_features out_features",
}
_FUNCTIONS = {
    "conv_transpose": "input weight bias stride padding output_padding",
    "max_pool": "input kernel_size stride padding dilation ceil_mode",
    "avg_pool": "input kernel_size stride padding ceil_mode",
}
"""Parameters in the order of PyTorch, by the beginning of the operation; longest first."""


@dataclass(frozen=True)
class Slot:
    """An argument of a call, whether it is there or not."""

    span: Span
    """Of the call."""
    keyword: str
    position: int | None = None
    """Where it may stand without its keyword."""

    @classmethod
    def of_layer(cls, span: Span, keyword: str, op: str) -> Slot:
        """The argument in the constructor of the layer that runs ``op``."""
        return cls(span, keyword, _position(_LAYERS, op, keyword))

    @classmethod
    def of_function(cls, span: Span, keyword: str, op: str) -> Slot:
        """The argument of the function ``op`` of PyTorch."""
        return cls(span, keyword, _position(_FUNCTIONS, op, keyword))

    def value(self, files: Texts) -> ast.expr | None:
        """The expression that stands there; None if no such argument is to be seen."""
        call = call_at(files, self.span)
        if call is None:
            return None
        named = [k.value for k in call.keywords if k.arg == self.keyword]
        if named or self.position is None or self.position >= len(call.args):
            return named[0] if named else None
        before = call.args[: self.position + 1]
        return None if any(isinstance(a, ast.Starred) for a in before) else before[-1]


def _position(table: Mapping[str, str], op: str, keyword: str) -> int | None:
    for start, parameters in table.items():
        names = parameters.split()
        if op.startswith(start) and keyword in names:
            return names.index(keyword)
    return None


def call_at(files: Texts, span: Span) -> ast.Call | None:
    """The call that is written there."""
    found = expression_at(files, span)
    return found if isinstance(found, ast.Call) else None


def expression_at(files: Texts, span: Span) -> ast.expr | None:
    """The expression that is written there; of several the outermost."""
    for node in files.nodes(span.path):
        if isinstance(node, ast.expr) and _range(node) == _range_of(span):
            return node
    return None


def function_around(files: Texts, span: Span) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function in whose body a place is."""
    best = None
    for node in files.nodes(span.path):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _holds(node, span):
            best = node if best is None or node.lineno >= best.lineno else best
    return best


def _holds(node: ast.FunctionDef | ast.AsyncFunctionDef, span: Span) -> bool:
    first = node.body[0]
    start, end = (first.lineno, first.col_offset + 1), _end(node)
    inside = _range_of(span)
    return start <= inside[:2] and inside[2:] <= end


def _range(node: ast.expr) -> tuple[int, int, int, int]:
    return (node.lineno, node.col_offset + 1, *_end(node))


def _range_of(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _end(node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
    return node.end_lineno or node.lineno, (node.end_col_offset or 0) + 1


def source_of(files: Texts, path: str, node: ast.expr) -> str:
    """An expression as it is written."""
    text, _ = decoded(files.read(path))
    return ast.get_source_segment(text, node) or ast.unparse(node)


def replaced(path: str, node: ast.expr, text: str) -> Edit:
    """The edit that writes ``text`` in place of an expression."""
    return Edit(Span(path, *_range(node)), text)


def insertion(files: Texts, span: Span, keyword: str, value: str) -> list[Edit]:
    """The edits that add a keyword to the call at ``span``.

    It goes behind the last argument, on a line of its own if every argument has one; a trailing
    comma and comments stay where they are. Raises Unwritable if the only argument is a generator
    without brackets of its own.
    """
    call = call_at(files, span)
    if call is None or any(isinstance(a, ast.GeneratorExp) for a in call.args):
        raise Unwritable("no call to which a keyword can be added")
    end = span.end_line, span.end_column - 1
    text = f"{keyword}={value}"
    arguments: list[_Argument] = sorted([*call.args, *call.keywords], key=_end)
    if not arguments:
        return [_insertion(span.path, *end, text)]
    lines = _lines(decoded(files.read(span.path))[0])
    at = _after_brackets(lines, _end(arguments[-1]), end)
    indent = _indent(arguments, lines)
    if indent is None:
        return [_insertion(span.path, *at, f", {text}")]
    return list(_on_own_line(span, lines, at, f"\n{indent}{text}"))


def _insertion(path: str, line: int, column: int, text: str) -> Edit:
    return Edit(Span(path, line, column, line, column), text)


def _indent(arguments: Sequence[_Argument], lines: Sequence[bytes]) -> str | None:
    """The indentation of the last argument, if each argument starts a line of its own."""
    last = arguments[-1]
    before = lines[last.lineno - 1][: last.col_offset].decode()
    alone = len({a.lineno for a in arguments}) == len(arguments)
    return before if alone and not before.strip() else None


def _on_own_line(
    span: Span, lines: Sequence[bytes], at: tuple[int, int], text: str
) -> Iterator[Edit]:
    """A keyword on a line of its own, behind the last argument, which ends at ``at``."""
    line, column = at
    rest = lines[line - 1][column - 1 :]
    if line == span.end_line or not rest.strip():
        yield _insertion(span.path, *at, f",{text}")
    else:
        if b"," not in rest.partition(b"#")[0]:
            yield _insertion(span.path, *at, ",")
        yield _insertion(span.path, line, len(lines[line - 1]) + 1, f"{text},")


def _after_brackets(
    lines: Sequence[bytes], start: tuple[int, int], end: tuple[int, int]
) -> tuple[int, int]:
    """The place behind the brackets around an argument that ends at ``start``.

    Between there and the end of the call stand only these, a comma, and comments.
    """
    found = start
    for line in range(start[0], end[0] + 1):
        first = start[1] - 1 if line == start[0] else 0
        last = end[1] - 1 if line == end[0] else None
        code = lines[line - 1][first:last].partition(b"#")[0]
        if b")" in code:
            found = line, first + code.rindex(b")") + 2
    return found


def _lines(text: str) -> list[bytes]:
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [line.encode() for line in plain.split("\n")]
