"""``statistics``: how many findings of each rule."""

from __future__ import annotations

from collections import Counter

from shapelint.model import Report
from shapelint.reporters import reporter
from shapelint.text.layout import pad
from shapelint.text.paint import paint
from shapelint.text.sources import Sources
from shapelint.text.summary import summary, unchecked


@reporter("statistics")
def statistics(report: Report, sources: Sources) -> str:
    """Lines ``count  code  name  severity``, the most frequent first, then the summary."""
    counts = Counter((d.code, d.name, d.severity) for d in report.diagnostics)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    digits = max((len(str(n)) for n in counts.values()), default=0)
    names = max((len(name) for _, name, _ in counts), default=0)
    lines = [
        f"{number:>{digits}}  {code}  {pad(name, names)}  {paint(severity, severity)}"
        for (code, name, severity), number in ranked
    ]
    return "\n".join([*lines, *unchecked(report), summary(report)]) + "\n"
