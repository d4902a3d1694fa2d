"""Calls in the source: where an argument stands, and the edit that gives it another value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.edits import Unwritable
from shapelint.model import Edit
from shapelint.texts import Texts, decoded
from shapelint.trace import Span

__all__ = [
    "Slot",
    "call_at",
    "expression_at",
    "function_around",
    "insertion",
    "replaced",
    "source_of",
]

_CONV = "in_channels out_channels kernel_size stride padding dilation groups"
_CONV_TRANSPOSE = "in_channels out_channels kernel_size stride padding output_padding groups"
_FUNCTIONAL = "input weight bias stride padding output_padding"
_POSITIONS = {
    "ConvTranspose": _CONV_TRANSPOSE,
    "Conv": _CONV,
    "MaxPool": "kernel_size stride padding dilation return_indices ceil_mode",
    "AvgPool": "kernel_size stride padding ceil_mode",
    "Linear": "in_features out_features",
    "conv_transpose": _FUNCTIONAL,
    "max_pool": "input kernel_size stride padding dilation ceil_mode",
    "avg_pool": "input kernel_size stride padding ceil_mode",
}
"""Parameters in the order of PyTorch, by the beginning of the layer's name; longest first."""


@dataclass(frozen=True)
class Slot:
    """An argument of a call, whether it is there or not."""

    span: Span
    """Of the call."""
    keyword: str
    position: int | None = None
    """Where it may stand without its keyword."""

    @classmethod
    def of_layer(cls, span: Span, keyword: str, layer: str) -> Slot:
        """Of the constructor (or function) ``layer`` of PyTorch."""
        for start, parameters in _POSITIONS.items():
            names = parameters.split()
            if layer.startswith(start) and keyword in names:
                return cls(span, keyword, names.index(keyword))
        return cls(span, keyword)

    def value(self, files: Texts) -> ast.expr | None:
        """What stands there; None if the argument is not given, or not to be seen."""
        call = call_at(files, self.span)
        if call is None:
            return None
        named = [k.value for k in call.keywords if k.arg == self.keyword]
        if named or self.position is None or self.position >= len(call.args):
            return named[0] if named else None
        before = call.args[: self.position + 1]
        return None if any(isinstance(a, ast.Starred) for a in before) else before[-1]


def call_at(files: Texts, span: Span) -> ast.Call | None:
    """The call that is written there."""
    found = expression_at(files, span)
    return found if isinstance(found, ast.Call) else None


def expression_at(files: Texts, span: Span) -> ast.expr | None:
    """The expression that is written there; of several the outermost."""
    for node in ast.walk(files.tree(span.path)):
        if isinstance(node, ast.expr) and _range(node) == _range_of(span):
            return node
    return None


def function_around(files: Texts, span: Span) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function in whose body a place is."""
    best = None
    for node in ast.walk(files.tree(span.path)):
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


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or node.lineno, (node.end_col_offset or 0) + 1


def source_of(files: Texts, path: str, node: ast.expr) -> str:
    """An expression as it is written."""
    text, _ = decoded(files.read(path))
    return ast.get_source_segment(text, node) or ast.unparse(node)


def replaced(path: str, node: ast.expr, text: str) -> Edit:
    """The edit that writes ``text`` in place of an expression."""
    return Edit(Span(path, *_range(node)), text)


def insertion(files: Texts, span: Span, keyword: str, value: str) -> Edit:
    """The edit that adds a keyword to the call at ``span``.

    It goes after the last argument, which leaves a trailing comma and a comment where they are.
    Raises Unwritable if the only argument is a generator without brackets of its own.
    """
    call = call_at(files, span)
    if call is None or any(isinstance(a, ast.GeneratorExp) for a in call.args):
        raise Unwritable("no call to which a keyword can be added")
    end = span.end_line, span.end_column - 1
    text = f"{keyword}={value}"
    ends = [_end(n) for n in _arguments(call)]
    line, column = end
    if ends:
        line, column = _after_brackets(files.read(span.path), max(ends), end)
        text = f", {text}"
    return Edit(Span(span.path, line, column, line, column), text)


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (k.value for k in call.keywords)


def _after_brackets(source: bytes, start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
    """Behind the brackets around an argument that ends at ``start``.

    Between there and the end of the call stand only these, a comma, and comments.
    """
    text, found = decoded(source)[0], start
    lines = [line.encode() for line in _lines(text)]
    for line in range(start[0], end[0] + 1):
        first = start[1] - 1 if line == start[0] else 0
        last = end[1] - 1 if line == end[0] else None
        code = lines[line - 1][first:last].partition(b"#")[0]
        if b")" in code:
            found = line, first + code.rindex(b")") + 2
    return found


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
