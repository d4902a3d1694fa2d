"""``full``: every finding with its code frame, for people."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic, Label, Report
from shapelint.reporters import reporter
from shapelint.text.findings import helps, notes
from shapelint.text.frame import frame, gutter_width
from shapelint.text.layout import one_line, visible, width
from shapelint.text.paint import paint
from shapelint.text.sources import Sources
from shapelint.text.summary import summary, unchecked

COLUMNS = 100
"""Where the code at the end of a headline ends."""


@reporter("full")
def full(report: Report, sources: Sources) -> str:
    """Findings in the order of the report, what was not checked, and the summary."""
    blocks = ["\n".join(_block(d, sources)) for d in report.diagnostics]
    end = "\n".join([*unchecked(report), paint(summary(report), "strong")])
    return "\n\n".join([*blocks, end]) + "\n"


def _block(found: Diagnostic, sources: Sources) -> Iterator[str]:
    primary = Label(found.span, found.label)
    yield _headline(found)
    yield from frame(primary, found.related, found.severity, sources)
    indent = " " * gutter_width([primary, *found.related])
    for note in notes(found):
        first, *rest = visible(note).split("\n")
        yield f"{indent} {paint('=', 'frame')} {first}"
        yield from (f"{indent}   {line}".rstrip() for line in rest)
    yield from (f"{paint('help', 'help')}: {words}" for words in helps(found.fixes))


def _headline(found: Diagnostic) -> str:
    kind, message = f"{found.severity}[{found.name}]", one_line(found.message)
    space = max(COLUMNS - width(f"{kind}: {message}{found.code}"), 2)
    code = paint(found.code, "faint")
    return f"{paint(kind, found.severity)}{paint(f': {message}', 'strong')}{' ' * space}{code}"
