"""``concise``: one line a finding, for editors and grep."""

from __future__ import annotations

from shapelint.model import Diagnostic, Report
from shapelint.reporters import reporter
from shapelint.text.layout import one_line
from shapelint.text.paint import paint
from shapelint.text.sources import Sources
from shapelint.text.summary import summary, unchecked

__all__ = ["concise"]


@reporter("concise")
def concise(report: Report, sources: Sources) -> str:
    """Lines ``path:line:col: error[name] message (CODE)``, then the summary."""
    found = [_line(d, sources) for d in report.diagnostics]
    return "\n".join([*found, *unchecked(report), summary(report)]) + "\n"


def _line(found: Diagnostic, sources: Sources) -> str:
    span = found.span
    column = sources.column(span.path, span.line, span.column)
    where = f"{one_line(sources.shown(span.path))}:{span.line}:{column}"
    kind = paint(f"{found.severity}[{found.name}]", found.severity)
    message = one_line(found.message)
    return f"{where}: {kind} {message} ({found.code})"
