"""``github``: annotations on the lines of a pull request, as commands in the log of a job.

GitHub shows ten of a kind for each step, so the worst come first and the rest are plain lines.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shapelint.model import Diagnostic, Report, Severity
from shapelint.reporters import reporter
from shapelint.text.findings import RANKS, details, one_liner
from shapelint.text.sources import Sources
from shapelint.text.summary import summary, unchecked

SHOWN = 10
"""Annotations of a kind that GitHub shows for one step."""

_KINDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


@reporter("github")
def github(report: Report, sources: Sources) -> str:
    """Lines ``::error file=…,line=…,title=…::message``, then the summary."""
    found = sorted(report.diagnostics, key=lambda d: RANKS[d.severity])
    return "\n".join([*_lines(found, sources), *unchecked(report), summary(report)]) + "\n"


def _lines(found: list[Diagnostic], sources: Sources) -> Iterator[str]:
    shown: Counter[Severity] = Counter()
    for diagnostic in found:
        shown[diagnostic.severity] += 1
        fits = shown[diagnostic.severity] <= SHOWN
        yield _annotation(diagnostic, sources) if fits else one_liner(diagnostic, sources)


def _annotation(found: Diagnostic, sources: Sources) -> str:
    properties = {**_place(found, sources), "title": f"{found.code} {found.name}"}
    written = ",".join(f"{key}={_escaped(str(p), ':,')}" for key, p in properties.items())
    message = "\n".join([found.message, *details(found)])
    return f"::{_KINDS[found.severity]} {written}::{_escaped(message)}"


def _place(found: Diagnostic, sources: Sources) -> dict[str, str | int]:
    """Columns only within a line: GitHub refuses them elsewhere."""
    span = found.span
    place: dict[str, str | int] = {"file": sources.shown(span.path), "line": span.line}
    if span.end_line != span.line:
        return {**place, "endLine": span.end_line}
    if span.end_column != span.column:
        place["col"] = sources.column(span.path, span.line, span.column)
        place["endColumn"] = sources.column(span.path, span.line, span.end_column)
    return place


def _escaped(text: str, more: str = "") -> str:
    """Percent signs first, or they would be escaped twice."""
    for char in f"%\r\n{more}":
        text = text.replace(char, f"%{ord(char):02X}")
    return text
