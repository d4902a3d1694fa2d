"""Comments that silence findings.

=====================================================  =========================================
``# shapelint: ignore[roundtrip-length] -- reason``    at either layer, or alone on the line before
``# shapelint: file-ignore[SHP201, SHP302]``           anywhere in the file
``# shapelint: skip``                                  at a class, factory or instance: not linted
=====================================================  =========================================

Not ``# noqa``: other linters delete codes that they do not know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shapelint.model import Diagnostic, Report, Suppressed
from shapelint.source.comments import Comment, comments
from shapelint.source.texts import Texts
from shapelint.span import Span

KINDS = ("ignore", "file-ignore", "skip")

SKIP = "# shapelint: skip"
"""Begins the reason why a model is passed over."""

_DIRECTIVE = re.compile(
    r"#\s*shapelint:\s*(?P<kind>[\w-]+)\s*(?P<rules>\[[^\]]*\])?(?:\s*--\s*(?P<reason>.*))?"
)


@dataclass(frozen=True)
class Directive:
    """One comment for shapelint."""

    path: str
    """Absolute."""
    comment: Comment
    kind: str
    """One of :data:`KINDS`, or another word, which means nothing."""
    words: tuple[str, ...] | None
    """Names and codes of rules, as written; None for all rules."""
    reason: str
    before: str
    """The text before it on its line."""
    text: str
    """From the ``#`` to the end of the line."""

    @property
    def span(self) -> Span:
        """The place of the text."""
        start, line = len(self.before.encode()) + 1, self.comment.line
        return Span(self.path, line, start, line, start + len(self.text.encode()))

    def silences(self, found: Diagnostic) -> str | None:
        """The word by which it silences a finding, ``""`` if it names none; else None."""
        if not self._is_about(found):
            return None
        if self.words is None:
            return "" if not found.code.startswith("SHP8") else None
        names = (found.name, found.code.lower())
        return next((w for w in self.words if w.lower() in names), None)

    def _is_about(self, found: Diagnostic) -> bool:
        spans = [found.span, *(label.span for label in found.related)]
        if self.kind == "file-ignore":
            files = (found.span.path, found.target.rpartition(":")[0])
            return any(os.path.abspath(file) == self.path for file in files if file)
        first, last = self.comment.about
        return self.kind == "ignore" and any(
            s.line <= last and first <= s.end_line and os.path.abspath(s.path) == self.path
            for s in spans
        )


def directives(path: str, files: Texts) -> tuple[Directive, ...]:
    """The comments for shapelint in a file."""
    found = ((c, _DIRECTIVE.search(c.text)) for c in comments(path, files, "shapelint"))
    return tuple(_directive(os.path.abspath(path), c, match) for c, match in found if match)


def _directive(path: str, comment: Comment, match: re.Match[str]) -> Directive:
    rules = match["rules"]
    words = None if rules is None else tuple(w.strip() for w in rules[1:-1].split(",") if w.strip())
    before, text = comment.before + comment.text[: match.start()], comment.text[match.start() :]
    reason = (match["reason"] or "").strip()
    return Directive(path, comment, match["kind"], words, reason, before, text)


def skips(path: str, line: int, files: Texts) -> Directive | None:
    """The comment that says that what is defined on a line is not linted."""
    for directive in directives(path, files):
        first, last = directive.comment.about
        if directive.kind == "skip" and first <= line <= last:
            return directive
    return None


def silenced(report: Report, files: Texts) -> Report:
    """The report without the findings that a comment silences; they are kept apart."""
    kept, suppressed = [], []
    for found in report.diagnostics:
        by = next(_silencing(found, files), None)
        if by is None:
            kept.append(found)
        else:
            suppressed.append(Suppressed(found, "comment", by.reason))
    all_suppressed = (*report.suppressed, *suppressed)
    return replace(report, diagnostics=tuple(kept), suppressed=all_suppressed)


def _silencing(found: Diagnostic, files: Texts) -> Iterator[Directive]:
    """The comments that silence a finding."""
    paths = (
        found.span.path,
        *(label.span.path for label in found.related),
        found.target.rpartition(":")[0],
    )
    for path in dict.fromkeys(os.path.abspath(path) for path in paths if path):
        yield from (d for d in directives(path, files) if d.silences(found) is not None)
