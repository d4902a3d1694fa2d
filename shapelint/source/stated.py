"""Shapes that comments state: ``x = self.conv(x)  # (N, 64, H/2, W/2)``.

A comment counts if it stands behind the end of an assignment to one name or of a ``return``, and is
a shape and nothing else: in brackets, or ``B x 64 x 32 x 32``; of ``a -> b`` the last one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapelint.lengths.domain import DomainError, expression_of
from shapelint.lengths.expr import Expr
from shapelint.source.comments import comments
from shapelint.source.texts import Texts
from shapelint.span import Span

Function = ast.FunctionDef | ast.AsyncFunctionDef

_BATCH = frozenset(("B", "b", "bs", "BS", "batch", "batch_size"))
_BATCH_OR_COUNT = _BATCH | {"N", "n"}
_PREFIX = re.compile(r"(?:(?:output |out )?shape|size|output|out|result)\b\s*[:=]?\s*")
_TERM = r"\(*(?:[A-Za-z_]\w*|\d+)\)*"
_DIM = re.compile(rf"{_TERM}(?:\s*(?:\*|//?|\+|-)\s*{_TERM})*")
_QUOTIENT = re.compile(r"\(?([A-Za-z_]\w*)\s*//?\s*([1-9]\d*)\)?")
_COMPUTES = (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript)


@dataclass(frozen=True)
class Word:
    """One dim of a shape in a comment: ``value / divisor``, without a remainder."""

    text: str
    value: Expr | None
    """In terms of the names in the comment; None if it cannot be read."""
    divisor: int = 1

    @property
    def is_name(self) -> bool:
        """Whether it is a name and nothing else."""
        return self.text.isidentifier()


@dataclass(frozen=True)
class Stated:
    """A comment that states the shape of a result."""

    text: str
    words: tuple[Word, ...]
    span: Span
    """Of the comment."""
    value: ast.expr
    """The expression whose result it is about."""
    function: Function
    """The function around it."""

    def is_of(self, span: Span) -> bool:
        """Whether the call at ``span`` is the whole expression, not a part of it."""
        value = self.value
        end = (value.end_lineno or 0, (value.end_col_offset or 0) + 1)
        if span.column == span.end_column:  # Python 3.10 tells lines alone
            parts = [n for n in ast.walk(value) if isinstance(n, _COMPUTES)]
            return value.lineno == span.line == end[0] and len(parts) == 1
        starts = (span.line, span.column) == (value.lineno, value.col_offset + 1)
        return starts and (span.end_line, span.end_column) == end

    def may_leave_out_dims(self, rank: int) -> bool:
        """Whether the comment may describe a result of another ``rank``, some dims left out.

        Not if it names the batch. ``N`` alone may be another count than the batch.
        """
        first = self.words[0].value
        names = first.symbols if first is not None else frozenset[str]()
        return not names & (_BATCH if len(self.words) == rank - 1 else _BATCH_OR_COUNT)


def stated(path: str, files: Texts) -> Iterator[Stated]:
    """The shapes that the comments of a file state, from the first line to the last."""
    values = _values(files.tree(path))
    for comment in comments(path, files):
        text = comment.text.lstrip("#").partition("#")[0].strip()
        words = _words(text)
        if words and comment.before.strip() and comment.line in values:
            column = len(comment.before.encode()) + 1
            end = column + len(comment.text.encode())
            span = Span(path, comment.line, column, comment.line, end)
            yield Stated(text, words, span, *values[comment.line])


def _values(tree: ast.Module) -> dict[int, tuple[ast.expr, Function]]:
    """What is assigned or returned, and in which function, by the line on which it ends."""
    found: dict[int, tuple[ast.expr, Function]] = {}
    for function in _functions(tree):
        for node in ast.walk(function):
            value = _value(node)
            if value is not None:
                found[value.end_lineno or value.lineno] = (value, function)
    return found


def _functions(tree: ast.Module) -> Iterator[Function]:
    """The functions of a file, outer ones before inner ones."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _value(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Assign):
        return node.value if [type(t) for t in node.targets] == [ast.Name] else None
    return node.value if isinstance(node, (ast.AnnAssign, ast.Return)) else None


def _words(text: str) -> tuple[Word, ...]:
    """The dims of a shape; none if the text is something else."""
    last = re.split(r"->|=>", text)[-1].strip()
    last = _PREFIX.sub("", last, count=1) if _PREFIX.match(last) else last
    parts = _dims(last.removeprefix("torch.Size").strip())
    if len(parts) < 2 or not all(_DIM.fullmatch(part) for part in parts):
        return ()
    words = tuple(map(_word, parts))
    first = words[0].value
    begins_with_batch = first is not None and bool(first.symbols & _BATCH_OR_COUNT)
    return words if len(words) > 2 or begins_with_batch else ()


def _dims(text: str) -> Sequence[str]:
    bracketed = False
    while text[:1] + text[-1:] in ("()", "[]"):
        text, bracketed = text[1:-1].strip(), True
    if bracketed and "," in text:
        return [part.strip() for part in text.rstrip(",").split(",")]
    spaced = re.split(r"\s+[x\u00d7]\s+", text)
    return spaced if len(spaced) > 1 else re.split(r"(?<=[\dA-Z])[x\u00d7](?=[\dA-Z])", text)


def _word(text: str) -> Word:
    quotient = _QUOTIENT.fullmatch(text)
    try:
        if quotient:
            return Word(text, expression_of(quotient[1]), int(quotient[2]))
        return Word(text, None if "/" in text else expression_of(text))
    except DomainError:
        return Word(text, None)
