"""The last line of a report, and the lines about what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shapelint.model import Report
from shapelint.text.layout import one_line
from shapelint.text.paint import paint


def summary(report: Report) -> str:
    """``Checked 3 of 4 models in 2 files: 1 error, 1 warning, 1 not checked``."""
    evidence = Counter(t.evidence for t in report.targets)
    total, missed = len(report.targets), evidence["not-checked"]
    files = count(report.files, "file")
    if not total:
        unseen = "; --verbose says what was passed over" if report.skipped else ""
        return f"No models found in {files}{_counted(report, 0, 0)}{unseen}"
    models = f"{total - missed} of {count(total, 'model')}" if missed else count(total, "model")
    where = f" in {files}" if report.files else ""
    return f"Checked {models}{where}{_counted(report, evidence['checked'], missed)}"


def _counted(report: Report, unproven: int, missed: int) -> str:
    found = Counter(d.severity for d in report.diagnostics)
    parts = [
        count(found["error"], "error"),
        count(found["warning"], "warning"),
        f"{found['info']} info",
    ]
    if not report.diagnostics:
        parts = ["no findings"] if report.targets else []
    parts += [f"{unproven} not proven", f"{missed} not checked"]
    parts += [f"{len(report.suppressed)} suppressed"]
    said = [part for part in parts if not part.startswith("0 ")]
    return f": {', '.join(said)}" if said else ""


def count(number: int, thing: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def fixable(report: Report) -> str:
    """``1 fix available with --fix, 2 with --unsafe-fixes``; empty if there are none.

    A fix that helps several findings counts once, and so does a finding with several fixes.
    """
    safe, unsafe = set(), set()
    for found in report.diagnostics:
        edits = {f.applicability: f.edits for f in reversed(found.fixes) if f.edits}
        if "safe" in edits:
            safe.add(edits["safe"])
        elif "unsafe" in edits:
            unsafe.add(edits["unsafe"])
    flags = ((len(safe), "--fix"), (len(unsafe), "--unsafe-fixes"))
    said = [(n, flag) for n, flag in flags if n]
    parts = [f"{n} with {flag}" for n, flag in said[1:]]
    first = [f"{n} fix{'' if n == 1 else 'es'} available with {flag}" for n, flag in said[:1]]
    return ", ".join([*first, *parts])


def unchecked(report: Report) -> Iterator[str]:
    """A line for every target that was not checked and that no diagnostic is about."""
    explained = {d.target for d in report.diagnostics}
    for target in report.targets:
        if target.evidence == "not-checked" and target.target not in explained:
            why = one_line(f"{target.target}: {target.reason}")
            yield f"{paint('not checked', 'warning')}: {why}"
