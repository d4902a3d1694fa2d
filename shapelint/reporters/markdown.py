"""``markdown``: tables of the models and of the findings, for the summary of a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.model import Diagnostic, Report, TargetReport
from shapelint.reporters import reporter
from shapelint.text.findings import RANKS
from shapelint.text.layout import one_line
from shapelint.text.sources import Sources
from shapelint.text.summary import summary


@reporter("markdown")
def markdown(report: Report, sources: Sources) -> str:
    """A heading, a row for each finding (the worst first), and a row for each model."""
    found = sorted(report.diagnostics, key=lambda d: RANKS[d.severity])
    parts = ["### shapelint", summary(report)]
    if found:
        rows = [_finding(d, sources) for d in found]
        parts.append("\n".join(_table(("", "rule", "where", "finding", "fix"), rows)))
    if report.targets:
        rows = [_target(t) for t in report.targets]
        parts.append("\n".join(_table(("model", "runs at", "comes back at", "evidence"), rows)))
    return "\n\n".join(parts) + "\n"


def _finding(found: Diagnostic, sources: Sources) -> tuple[str, ...]:
    where = _code(f"{sources.shown(found.span.path)}:{found.span.line}")
    fix = _code(found.fixes[0].title) if found.fixes else ""
    return found.severity, f"{found.name} ({found.code})", where, _text(found.message), fix


def _target(target: TargetReport) -> tuple[str, ...]:
    valid, comes_back = target.valid_sizes, target.roundtrip_sizes
    reason = f": {_text(target.reason)}" if target.reason else ""
    return (
        _code(target.target),
        _code(valid.text) if valid is not None else "",
        _code(comes_back.text) if comes_back is not None else "",
        f"{target.evidence.replace('-', ' ')}{reason}",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def _text(words: str) -> str:
    """Text that Markdown takes as it is: no markup, no HTML, no end of the cell."""
    escaped = one_line(words).replace("\\", "\\\\")
    for char in "|*_`<[":
        escaped = escaped.replace(char, f"\\{char}")
    return escaped


def _code(words: str) -> str:
    """Code in a cell; a pipe would end the cell even there."""
    return f"`{one_line(words).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
