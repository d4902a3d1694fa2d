"""Comments in a source file, and which lines each of them is about.

Found with :mod:`tokenize`, so that a string that looks like a comment is none.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from shapelint.source.texts import Texts


class Lines(NamedTuple):
    """Lines of a file, from 1, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class Comment:
    """One comment."""

    line: int
    before: str
    """The text before it on its line."""
    text: str
    about: Lines
    """Behind or above a statement: all its lines, and those of its decorators. Within a statement
    of several lines: its own line, or if it stands alone the next one.
    """


def comments(path: str, files: Texts, word: str = "") -> tuple[Comment, ...]:
    """The comments of a file; none if it cannot be read as Python, or nowhere has ``word``.

    To look for the word first spares the tokens of almost every file, some of which are huge.
    """
    try:
        source = files.read(path)
    except OSError:
        return ()
    return _comments(source) if word.encode() in source else ()


@lru_cache(maxsize=256)
def _comments(source: bytes) -> tuple[Comment, ...]:
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (SyntaxError, ValueError, LookupError, tokenize.TokenError):
        return ()  # importing it says what is wrong with it
    statements = list(_statements(tokens))
    code = sorted({t.start[0] for t in tokens if t.type not in _NO_CODE})
    return tuple(_comment(t, statements, code) for t in tokens if t.type == tokenize.COMMENT)


_NO_CODE = frozenset(
    (
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT),
        *(tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER),
    )
)


def _statements(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[Lines]:
    """The lines of each statement; of a compound one those of its head, decorators included."""
    first, decorator = 0, False
    for token in tokens:
        if token.type == tokenize.NEWLINE:
            if not decorator:
                yield Lines(first, token.start[0])
                first = 0
            decorator = False
        elif token.type not in _NO_CODE:
            if token.string == "@":
                starts = not first or token.line[: token.start[1]].strip() == ""
                decorator = decorator or starts
            first = first or token.start[0]


def _comment(
    token: tokenize.TokenInfo, statements: Sequence[Lines], code: Sequence[int]
) -> Comment:
    line, column = token.start
    before = token.line[:column]
    alone = not before.strip()
    itself = Lines(line, line)
    inside = next((s for s in statements if s.last >= line), itself)
    if alone and inside.first <= line:
        after = next((n for n in code if n > line), line)
        about = Lines(after, after)
    elif alone or line in inside:
        about = inside
    else:
        about = itself
    return Comment(line, before, token.string, about)
