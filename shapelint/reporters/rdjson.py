"""``rdjson``: the Reviewdog Diagnostic Format, which comments on pull requests of many hosts.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

import json
from typing import Any

from shapelint.model import Diagnostic, Edit, Fix, Label, Report
from shapelint.reporters import reporter
from shapelint.text.findings import details
from shapelint.text.sources import Sources
from shapelint.trace import Span


@reporter("rdjson")
def rdjson(report: Report, sources: Sources) -> str:
    """One object with all findings. Columns count bytes of UTF-8, as the format wants them."""
    found = [_diagnostic(diagnostic, sources) for diagnostic in report.diagnostics]
    body = {"source": {"name": "shapelint"}, "diagnostics": found}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _diagnostic(found: Diagnostic, sources: Sources) -> dict[str, Any]:
    return {
        "message": "\n".join([found.message, *details(found)]),
        "location": _location(found.span, sources),
        "severity": found.severity.upper(),
        "code": {"value": found.code},
        "suggestions": [_suggestion(f.edits[0]) for f in found.fixes if _is_suggestion(f, found)],
        "related_locations": [_related(label, sources) for label in found.related],
    }


def _is_suggestion(fix: Fix, found: Diagnostic) -> bool:
    """A reader applies suggestions one by one, in the file of the finding."""
    return len(fix.edits) == 1 and fix.edits[0].span.path == found.span.path


def _suggestion(edit: Edit) -> dict[str, Any]:
    return {"range": _range(edit.span), "text": edit.text}


def _related(label: Label, sources: Sources) -> dict[str, Any]:
    return {"message": label.message, "location": _location(label.span, sources)}


def _location(span: Span, sources: Sources) -> dict[str, Any]:
    return {"path": sources.shown(span.path), "range": _range(span)}


def _range(span: Span) -> dict[str, Any]:
    return {
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }
