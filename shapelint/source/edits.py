"""Edits, applied to the bytes of a file: what is not edited stays as it is.

Positions are those of syntax trees: lines end at CR LF, LF or CR alone (a form feed ends none), and
columns count bytes of UTF-8, whatever encoding the file declares.
"""

from __future__ import annotations

import ast
import io
import itertools
import os
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Sequence

from shapelint.model import Edit
from shapelint.source.texts import Texts, decoded
from shapelint.trace import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


class Unwritable(Exception):
    """Edits that cannot be applied without doing harm, and why."""


def edited_texts(files: Texts, edits: Iterable[Edit]) -> dict[str, bytes]:
    """The texts of the files that the edits change, by absolute path.

    Raises Unwritable if one cannot be read or edited, would not parse, or would lose a comment.
    """
    by_path: dict[str, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(os.path.abspath(edit.span.path), []).append(edit)
    out = {}
    for path, own in by_path.items():
        try:
            before = files.read(path)
        except OSError as exc:
            raise Unwritable(f"{path}: {exc.strerror}") from exc
        out[path] = applied(before, own)
        _check(before, out[path], path)
    return out


def applied(source: bytes, edits: Iterable[Edit]) -> bytes:
    """A source after edits; a new line ends as the line does in which it is inserted.

    Raises Unwritable for edits that overlap or lie outside, and for an encoding that cannot hold
    the text or does not give back what it was given.
    """
    try:
        text, encoding = decoded(source)
        if text.encode(encoding) != source:
            raise Unwritable(f"{encoding} does not keep every byte")
        lines = _LINE.findall(text)
        for edit in _from_the_end(edits):
            _apply(lines, edit)
        return "".join(lines).encode(encoding)
    except (SyntaxError, UnicodeError) as exc:
        raise Unwritable(f"cannot be read or written in its encoding: {exc}") from exc


def overlap(a: Edit, b: Edit) -> bool:
    """Whether two edits touch the same place: then only one of them can be applied."""
    if os.path.abspath(a.span.path) != os.path.abspath(b.span.path):
        return False
    (start, end), (other, its_end) = _range(a.span), _range(b.span)
    return start == other or (start < its_end and other < end)


def _from_the_end(edits: Iterable[Edit]) -> list[Edit]:
    """The edits from last to first, so that no position moves, each of them once."""
    ordered = sorted(dict.fromkeys(edits), key=lambda e: _range(e.span), reverse=True)
    for later, earlier in itertools.pairwise(ordered):
        if overlap(earlier, later):
            raise Unwritable("two edits of the same place")
    return ordered


def _range(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span.line, span.column), (span.end_line, span.end_column)


def _apply(lines: list[str], edit: Edit) -> None:
    first, last = edit.span.line - 1, edit.span.end_line - 1
    if not 0 <= first <= last < len(lines):
        raise Unwritable(f"there is no line {last + 1}")
    head, _ = _split(lines[first], edit.span.column)
    _, tail = _split(lines[last], edit.span.end_column)
    lines[first : last + 1] = [f"{head}{_with_ends(edit.text, lines, first)}{tail}"]


def _split(line: str, column: int) -> tuple[str, str]:
    """A line before and after a column that counts bytes of UTF-8 from 1."""
    raw = line.removeprefix("\ufeff").encode()
    if column - 1 > len(raw):
        raise Unwritable(f"there is no column {column}")
    mark = "\ufeff" if line.startswith("\ufeff") else ""
    return mark + raw[: column - 1].decode(), raw[column - 1 :].decode()


def _with_ends(text: str, lines: Sequence[str], line: int) -> str:
    ends = {"\r\n", "\n", "\r"}
    near = [lines[line], *lines]
    end = next((e for one in near for e in (one[-2:], one[-1:]) if e in ends), "\n")
    return text.replace("\n", end)


def _check(before: bytes, after: bytes, path: str) -> None:
    try:
        ast.parse(after)
        lost = _comments(before) - _comments(after)
    except (SyntaxError, ValueError, tokenize.TokenError) as exc:
        raise Unwritable(f"{path} would not parse: {exc}") from exc
    if lost:
        raise Unwritable(f"{path}: the comment {next(iter(lost))!r} would be lost")


def _comments(source: bytes) -> Counter[str]:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT)
