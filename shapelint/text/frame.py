"""Code frames in the manner of rustc: source lines with marks and a few words under them.

::

      --> models/ae.py:10:20
       |
     9 |         self.enc = nn.Conv1d(1, 8, 3, stride=2, padding=1)
       |                    --------------------------------------- L -> ceil(L/2)
    10 |         self.dec = nn.ConvTranspose1d(8, 1, 3, stride=2, padding=1)
       |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ n -> 2n - 1

Every mark has a row of its own, so marks may overlap. A label in another file gets a frame of its
own that starts with ``:::``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapelint.model import Label, Severity
from shapelint.text.layout import expand, one_line
from shapelint.text.paint import Style, paint
from shapelint.text.sources import Sources
from shapelint.trace import Span

__all__ = ["frame", "gutter_width"]

LONGEST = 5
"""Lines of one span that are shown in full; of a longer one, the first two and the last."""


@dataclass(frozen=True, order=True)
class _Mark:
    """A stretch of one line; columns in characters, from 0, end exclusive."""

    line: int
    start: int
    end: int
    char: str
    style: Style
    words: str


def gutter_width(labels: Sequence[Label]) -> int:
    """Columns that the line numbers of all labels need."""
    return len(str(max(label.span.end_line for label in labels)))


def frame(
    primary: Label, related: Sequence[Label], severity: Severity, sources: Sources
) -> Iterator[str]:
    """The lines of the frame: ``^`` under the primary label, ``-`` under the related ones.

    The primary label's file comes first, then each other file in the order of its labels.
    """
    columns = gutter_width([primary, *related])
    for path in dict.fromkeys(label.span.path for label in (primary, *related)):
        here = [label for label in related if label.span.path == path]
        first = primary if path == primary.span.path else here[0]
        arrow = "-->" if first is primary else ":::"
        yield f"{' ' * columns}{paint(arrow, 'frame')} {_location(first.span, sources)}"
        marks = [m for label in here for m in _marks(label, "-", "frame", sources)]
        if first is primary:
            marks += _marks(primary, "^", severity, sources)
        yield from _lines(path, marks, columns, sources)


def _location(span: Span, sources: Sources) -> str:
    column = sources.column(span.path, span.line, span.column)
    return f"{one_line(sources.shown(span.path))}:{span.line}:{column}"


def _marks(label: Label, char: str, style: Style, sources: Sources) -> Iterator[_Mark]:
    """One mark for each shown line of a span; the words stand behind the last one."""
    span = label.span
    if not sources.line(span.path, span.line):
        return
    numbers = list(range(span.line, span.end_line + 1))
    if len(numbers) > LONGEST:
        numbers = [*numbers[:2], numbers[-1]]
    for number in numbers:
        start, end = _extent(span, number, sources)
        words = one_line(label.message) if number == numbers[-1] else ""
        yield _Mark(number, start, end, char, style, words)


def _extent(span: Span, number: int, sources: Sources) -> tuple[int, int]:
    """Where the span begins and ends in a line, without the white space around it."""
    text = sources.line(span.path, number)
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    unknown = (span.line, span.column) == (span.end_line, span.end_column)
    if number == span.line and not unknown:
        first = sources.column(span.path, number, span.column) - 1
    if number == span.end_line and not unknown:
        last = sources.column(span.path, number, span.end_column) - 1
    return first, max(last, first + 1)


def _lines(path: str, marks: list[_Mark], columns: int, sources: Sources) -> Iterator[str]:
    if not marks:
        return
    bar = paint("|", "frame")
    yield f"{' ' * columns} {bar}"
    before = 0
    for number, here in itertools.groupby(sorted(marks), key=lambda m: m.line):
        if before and number - before == 2:
            yield _code(path, number - 1, columns, sources)
        elif before and number - before > 2:
            yield paint("...", "frame")
        yield _code(path, number, columns, sources)
        starts = expand(sources.line(path, number))[1]
        yield from (f"{' ' * columns} {bar} {_underline(mark, starts)}" for mark in here)
        before = number


def _code(path: str, number: int, columns: int, sources: Sources) -> str:
    text = expand(sources.line(path, number))[0].rstrip()
    return f"{paint(f'{number:>{columns}} |', 'frame')} {text}".rstrip()


def _underline(mark: _Mark, starts: list[int]) -> str:
    start, end = starts[min(mark.start, len(starts) - 1)], starts[min(mark.end, len(starts) - 1)]
    drawn = mark.char * max(end - start, 1)
    return " " * start + paint(f"{drawn} {mark.words}".rstrip(), mark.style)
