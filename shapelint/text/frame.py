"""Code frames in the manner of rustc: source lines with marks and a few words under them.

::

      --> models/ae.py:10:20
       |
     9 |         self.enc = nn.Conv1d(1, 8, 3, stride=2, padding=1)
       |                    --------------------------------------- L -> ceil(L/2)
    10 |         self.dec = nn.ConvTranspose1d(8, 1, 3, stride=2, padding=1)
       |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ n -> 2n - 1

Every mark has a row of its own, so marks may overlap. A span of several lines has a bar on its left
and a label in another file has a frame of its own that starts with ``:::``::

     9 |           self.dec = nn.ConvTranspose1d(
       |  ____________________^
    10 | |             8, 1, 3, stride=2, padding=1
    11 | |         )
       | |_________^ n -> 2n - 1
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from shapelint.model import Label, Severity
from shapelint.span import Span
from shapelint.text.layout import expand, one_line
from shapelint.text.paint import Style, paint
from shapelint.text.sources import Sources

LONGEST, KEPT = 10, 5
"""Lines of one span that are shown in full; of a longer one, how many besides the last."""


@dataclass(frozen=True)
class _Mark:
    """A stretch of code to point at; columns in characters, from 0, end exclusive."""

    first: int
    """The line where it starts."""
    start: int
    last: int
    end: int
    hangs: bool
    """Whether there is code to the left of its start."""
    char: str
    style: Style
    words: str

    @property
    def lines(self) -> list[int]:
        """The lines that are shown."""
        numbers = list(range(self.first, self.last + 1))
        return numbers if len(numbers) <= LONGEST else [*numbers[:KEPT], self.last]


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
        marks = [_mark(label, "-", "frame", sources) for label in here]
        if first is primary:
            marks.append(_mark(primary, "^", severity, sources))
        known = [m for m in dict.fromkeys(marks) if sources.line(path, m.first)]
        yield from _lines(path, known, columns, sources)


def _location(span: Span, sources: Sources) -> str:
    column = sources.column(span.path, span.line, span.column)
    return f"{one_line(sources.shown(span.path))}:{span.line}:{column}"


def _mark(label: Label, char: str, style: Style, sources: Sources) -> _Mark:
    """Where a label points; a span without columns stands for the whole line."""
    span = label.span
    text = sources.line(span.path, span.line)
    indent = len(text) - len(text.lstrip())
    start, end = indent, len(text.rstrip())
    if (span.line, span.column) != (span.end_line, span.end_column):
        start = sources.column(span.path, span.line, span.column) - 1
        end = sources.column(span.path, span.end_line, span.end_column) - 1
    words = one_line(label.message)
    return _Mark(span.line, start, span.end_line, end, start > indent, char, style, words)


class _Margin:
    """The bars at the left of the code: a column for each span of several lines.

    Spans that do not overlap share a column.
    """

    def __init__(self, marks: Sequence[_Mark]) -> None:
        self.open: set[_Mark] = set()
        self.columns: list[list[_Mark]] = []
        for mark in sorted(marks, key=lambda m: (m.first, -m.last)):
            free = next((c for c in self.columns if c[-1].last < mark.first), None)
            if free is None:
                self.columns.append([mark])
            else:
                free.append(mark)

    def bars(self, starting: Collection[_Mark] = (), count: int | None = None) -> str:
        """The first ``count`` columns: a bar for what is open, the head of one that starts here."""
        return "".join(self._cell(column, starting) for column in self.columns[:count])

    def _cell(self, column: Sequence[_Mark], starting: Collection[_Mark]) -> str:
        for mark in column:
            if mark in self.open or mark in starting:
                return paint("/" if mark in starting else "|", mark.style) + " "
        return "  "

    def reach(self, mark: _Mark, at: int, words: str = "") -> str:
        """A line from the bar of a mark to column ``at`` of the code, where it starts or ends."""
        place = next(i for i, column in enumerate(self.columns) if mark in column)
        corner = "|" if mark in self.open else " "
        line = "_" * (2 * (len(self.columns) - place) - 1 + at)
        drawn = f"{corner}{line}{mark.char} {words}".rstrip()
        return self.bars(count=place) + paint(drawn, mark.style)


def _lines(path: str, marks: list[_Mark], columns: int, sources: Sources) -> Iterator[str]:
    if not marks:
        return
    empty = f"{' ' * columns} {paint('|', 'frame')}"
    yield empty
    margin = _Margin([m for m in marks if m.first < m.last])
    before = 0
    for number in sorted({n for m in marks for n in m.lines}):
        if before and number - before == 2:
            yield _code(path, number - 1, columns, margin.bars(), sources)
        elif before and number - before > 2:
            yield f"{paint('...', 'frame')}{' ' * columns}{margin.bars()}".rstrip()
        here = [m for m in marks if number in (m.first, m.last)]
        flush = {m for m in here if m.first == number < m.last and not m.hangs}
        yield _code(path, number, columns, margin.bars(flush), sources)
        margin.open |= flush
        starts = expand(sources.line(path, number))[1]
        yield from (f"{empty} {row}" for row in _rows(number, here, starts, margin))
        before = number


def _code(path: str, number: int, columns: int, bars: str, sources: Sources) -> str:
    text = expand(sources.line(path, number))[0]
    return f"{paint(f'{number:>{columns}} |', 'frame')} {bars}{text}".rstrip()


def _rows(number: int, marks: Sequence[_Mark], starts: list[int], margin: _Margin) -> Iterator[str]:
    """The marks under a line: those within it, then spans that start there, then those that end.

    ``starts`` are the terminal columns of the characters of the line.
    """
    for mark in sorted((m for m in marks if m.first == m.last), key=lambda m: (m.start, m.end)):
        yield margin.bars() + _underline(mark, starts)
    for mark in marks:
        if mark.first == number < mark.last and mark.hangs:
            yield margin.reach(mark, _at(mark.start, starts))
            margin.open.add(mark)
    for mark in marks:
        if mark.first < number == mark.last:
            yield margin.reach(mark, _at(mark.end - 1, starts), mark.words)
            margin.open.discard(mark)


def _underline(mark: _Mark, starts: list[int]) -> str:
    start, end = _at(mark.start, starts), _at(mark.end, starts)
    drawn = mark.char * max(end - start, 1)
    return " " * start + paint(f"{drawn} {mark.words}".rstrip(), mark.style)


def _at(character: int, starts: list[int]) -> int:
    """The terminal column of a character, of the end of the line if there is none."""
    return starts[max(0, min(character, len(starts) - 1))]
