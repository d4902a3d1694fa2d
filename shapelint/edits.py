"""Edits at exact spans: set a keyword of a call, and touch nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.model import Edit
from shapelint.trace import Span

if TYPE_CHECKING:
    from shapelint.fixes import Change

__all__ = ["edits_for", "keyword_source"]

_POSITIONS = {
    "in_channels": 0,
    "in_features": 0,
    "kernel_size": 2,
    "stride": 3,
    "padding": 4,
    "output_padding": 5,
}
"""Where the constructors of convolutions take these arguments by position."""


def edits_for(changes: Iterable[Change]) -> tuple[Edit, ...]:
    """The edits that write down all changes; empty if one of them cannot be written safely."""
    found: list[Edit] = []
    for change in changes:
        edits = _edits(change)
        if edits is None:
            return ()
        found += edits
    return tuple(found)


def _edits(change: Change) -> Sequence[Edit] | None:
    call = _call_at(change.span)
    if call is None or any(k.arg is None for k in call.keywords):
        return None
    if any(isinstance(a, (ast.Starred, ast.GeneratorExp)) for a in call.args):
        return None
    given = {k.arg: k.value for k in call.keywords}
    position = _POSITIONS.get(change.keyword)
    if change.keyword in given:
        return [_replace(change.span.path, given[change.keyword], change.value)]
    if position is not None and position < len(call.args):
        return [_replace(change.span.path, call.args[position], change.value)]
    if change.keyword == "output_padding" and change.value == "0":
        return []
    return [_insert(change, call)]


def keyword_source(span: Span, keyword: str) -> str:
    """The source of a keyword argument of the call at ``span``; empty if it is not a plain name."""
    call = _call_at(span)
    values = [k.value for k in call.keywords if k.arg == keyword] if call else []
    return (
        ast.unparse(values[0])
        if values and isinstance(values[0], (ast.Name, ast.Attribute))
        else ""
    )


def _call_at(span: Span) -> ast.Call | None:
    for node in ast.walk(_tree(span.path)):
        if isinstance(node, ast.Call) and _starts_at(node, span) and _ends_at(node, span):
            return node
    return None


def _starts_at(node: ast.Call, span: Span) -> bool:
    return (node.lineno, node.col_offset + 1) == (span.line, span.column)


def _ends_at(node: ast.Call, span: Span) -> bool:
    return (node.end_lineno, (node.end_col_offset or 0) + 1) == (span.end_line, span.end_column)


@lru_cache(maxsize=64)
def _tree(path: str) -> ast.Module:
    try:
        return ast.parse(_source(path))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@lru_cache(maxsize=64)
def _source(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _replace(path: str, node: ast.expr, text: str) -> Edit:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return Edit(Span(path, node.lineno, node.col_offset + 1, end_line, end_column + 1), text)


def _insert(change: Change, call: ast.Call) -> Edit:
    """After the last argument, which leaves a trailing comma and a comment where they are."""
    end = change.span.end_line, change.span.end_column - 1
    ends = [_end(n) for n in [*call.args, *(k.value for k in call.keywords)]]
    text = f"{change.keyword}={change.value}"
    line, column = end
    if ends:
        line, column = _after_brackets(change.span.path, max(ends), end)
        text = f", {text}"
    return Edit(Span(change.span.path, line, column, line, column), text)


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, (node.end_col_offset or 0) + 1


def _after_brackets(path: str, start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
    """Behind the brackets around an argument that ends at ``start``.

    Between there and the end of the call stand only these, a comma, and comments.
    """
    lines, found = _source(path).splitlines(), start
    for line in range(start[0], end[0] + 1):
        first = start[1] - 1 if line == start[0] else 0
        last = end[1] - 1 if line == end[0] else None
        code = lines[line - 1][first:last].partition(b"#")[0]
        if b")" in code:
            found = line, first + code.rindex(b")") + 2
    return found
