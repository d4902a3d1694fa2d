"""``concise``: one line a finding, for editors and grep."""

from __future__ import annotations

from shapelint.model import Report
from shapelint.reporters import reporter
from shapelint.text.findings import one_liner
from shapelint.text.sources import Sources
from shapelint.text.summary import summary, unchecked


@reporter("concise")
def concise(report: Report, sources: Sources) -> str:
    """Lines ``path:line:col: error[name] message (CODE)``, then the summary."""
    found = [one_liner(d, sources) for d in report.diagnostics]
    return "\n".join([*found, *unchecked(report), summary(report)]) + "\n"
