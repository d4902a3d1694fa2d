"""``gitlab``: a Code Quality report, shown in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Any

from shapelint.findings.fingerprints import fingerprints
from shapelint.model import Diagnostic, Report, Severity
from shapelint.reporters import reporter
from shapelint.text.layout import one_line
from shapelint.text.sources import Sources

_SEVERITIES: dict[Severity, str] = {"error": "major", "warning": "minor", "info": "info"}


@reporter("gitlab")
def gitlab(report: Report, sources: Sources) -> str:
    """A JSON array with an object for each finding."""
    identified = zip(report.diagnostics, fingerprints(report.diagnostics, sources))
    found = [_issue(diagnostic, mark, sources) for diagnostic, mark in identified]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _issue(found: Diagnostic, fingerprint: str, sources: Sources) -> dict[str, Any]:
    help_ = f" (help: {found.fixes[0].title})" if found.fixes else ""
    return {
        "description": one_line(f"{found.code}: {found.message}{help_}"),
        "check_name": found.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[found.severity],
        "location": {
            "path": sources.shown(found.span.path),
            "lines": {"begin": found.span.line, "end": found.span.end_line},
        },
    }
