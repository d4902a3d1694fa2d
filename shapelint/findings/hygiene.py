"""What is wrong with comments for shapelint: rules 801, 802 and 803.

A comment is called unused only where it could have been used: the whole file was linted, every
model of it was analysed, and so were the models elsewhere that are made of its classes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from shapelint.catalog import entries, find_entry
from shapelint.errors import UsageError, suggestion
from shapelint.findings.scope import Scope
from shapelint.findings.suppressions import KINDS, SKIP, Directive, directives
from shapelint.model import Diagnostic, Edit, Fix, Report
from shapelint.span import Span


def complaints(report: Report, scope: Scope) -> Iterator[Diagnostic]:
    """What is wrong with the comments of the files that were linted.

    ``report`` is the one before anything was silenced.
    """
    for path in dict.fromkeys(place.path for place in scope.places):
        running = scope.rules_for(path)
        for directive in directives(str(path.absolute()), scope.files):
            said = _complaints(directive, report, scope, running)
            yield from (d for d in said if d.name in running)


def _complaints(
    directive: Directive, report: Report, scope: Scope, running: set[str]
) -> Iterator[Diagnostic]:
    if directive.kind not in KINDS:
        words = f"no comment is called {directive.kind!r}{suggestion(directive.kind, KINDS)}"
        yield _diagnostic("unknown-rule", words, directive)
        return
    if directive.kind == "skip":
        if not _skips(directive, report) and scope.is_whole(Path(directive.path), report):
            yield _unused_diagnostic(directive, [])
        return
    if directive.words is None:
        kind = f"{directive.kind}[rule]"
        yield _diagnostic("blanket-ignore", f"silences every rule: name one, {kind}", directive)
    unknown = dict(_unknown(directive))
    for problem in unknown.values():
        yield _diagnostic("unknown-rule", problem, directive)
    unused = [w for w in _unused(directive, report, running) if w not in unknown]
    if unused and scope.is_whole(Path(directive.path), report):
        yield _unused_diagnostic(directive, unused)


def _skips(directive: Directive, report: Report) -> bool:
    """Whether a model was passed over because of the comment."""
    first, last = directive.comment.about
    return any(
        first <= s.line <= last and os.path.abspath(s.path) == directive.path and SKIP in s.what
        for s in report.skipped
    )


def _unknown(directive: Directive) -> Iterator[tuple[str, str]]:
    for word in directive.words or ():
        try:
            find_entry(word)
        except UsageError as exc:
            yield word, str(exc)


def _unused(directive: Directive, report: Report, running: set[str]) -> list[str]:
    """The words of a comment that silence nothing although their rule runs; ``""`` for all."""
    used = {directive.silences(found) for found in report.diagnostics}
    if directive.words is None:
        return [] if "" in used else [""]
    names = {w.lower(): e.name for e in entries() for w in (e.name, e.code)}
    judged = [w for w in directive.words if names.get(w.lower(), "") in running]
    return [w for w in judged if w not in used]


def _unused_diagnostic(directive: Directive, unused: list[str]) -> Diagnostic:
    rest = [w for w in directive.words or () if w not in unused]
    named = ", ".join(unused) or "all rules"
    title = f"remove {named}" if rest else "remove the comment"
    fix = Fix(title, "nothing else changes", "safe", "", (_edit(directive, rest),))
    idle = f"ignore here: {named}" if directive.kind != "skip" else "skip here"
    words = f"nothing to {idle}"
    return _diagnostic("unused-ignore", words, directive, (fix,))


def _edit(directive: Directive, rest: list[str]) -> Edit:
    """The comment with fewer rules, or no comment, and no line if nothing else stands on it."""
    span, before = directive.span, directive.before
    if rest:
        head, _, tail = directive.text.partition("]")
        return Edit(span, f"{head.partition('[')[0]}[{', '.join(rest)}]{tail}")
    if not before.strip():
        return Edit(Span(span.path, span.line, 1, span.line + 1, 1), "")
    start = len(before.rstrip().encode()) + 1
    return Edit(Span(span.path, span.line, start, span.line, span.end_column), "")


def _diagnostic(
    name: str, message: str, directive: Directive, fixes: tuple[Fix, ...] = ()
) -> Diagnostic:
    entry = find_entry(name)
    return Diagnostic(
        entry.code,
        entry.name,
        entry.severity,
        message=message,
        target=directive.path,
        span=directive.span,
        fixes=fixes,
    )
