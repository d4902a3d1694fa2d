"""``html``: what ``full`` prints, with its colours, for notebooks and pages."""

from __future__ import annotations

from shapelint.model import Report
from shapelint.reporters import reporter
from shapelint.reporters.full import full
from shapelint.text.paint import as_html
from shapelint.text.sources import Sources


@reporter("html")
def html(report: Report, sources: Sources) -> str:
    """A fragment that needs neither a style sheet nor a script."""
    return f'<pre style="line-height: 1.3">{as_html(full(report, sources))}</pre>\n'
