"""``sarif``: Static Analysis Results Interchange Format 2.1.0, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; section numbers below are of it.
What somebody silenced is left out: code scanning does not read ``suppressions``, and would open an
alert for it. ``json`` has it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from shapelint import __version__
from shapelint.catalog import FIX_SAFETY, Entry, find_entry
from shapelint.findings.fingerprints import fingerprints
from shapelint.model import Diagnostic, Edit, Fix, Label, Report, TargetReport
from shapelint.reporters import reporter
from shapelint.text.findings import details
from shapelint.text.sources import Sources
from shapelint.trace import Span

Json = dict[str, Any]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
"""The name that code scanning knows for the top of the repository."""

_LEVELS: dict[str, str] = {"error": "error", "warning": "warning", "info": "note"}


@reporter("sarif")
def sarif(report: Report, sources: Sources) -> str:
    """One log with one run."""
    codes = sorted({found.code for found in report.diagnostics})
    identified = zip(report.diagnostics, fingerprints(report.diagnostics, sources))
    driver = {
        "name": "shapelint",
        "semanticVersion": __version__,
        "rules": [_rule(find_entry(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"uri": f"{PurePath(sources.root).as_uri()}/"}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, codes.index(d.code), mark, sources) for d, mark in identified],
    }
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Entry) -> Json:
    """3.49: what the documentation says, for the page that shows an alert."""
    help_ = f"{rule.documentation}\n\n## Kinds of fixes\n{FIX_SAFETY.rstrip()}"
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": f"{rule.summary}."},
        "help": {"text": help_, "markdown": help_},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["pytorch", "shapes"]},
    }


def _invocation(report: Report) -> Json:
    """3.20: what could not be looked at is not silent, whatever rules are selected."""
    missed = [_notification(t) for t in report.targets if t.evidence == "not-checked"]
    return {"executionSuccessful": True, "toolExecutionNotifications": missed}


def _notification(target: TargetReport) -> Json:
    return {"level": "warning", "message": {"text": f"{target.target}: {target.reason}"}}


def _result(found: Diagnostic, rule: int, fingerprint: str, sources: Sources) -> Json:
    """3.27."""
    name = {"fullyQualifiedName": found.target, "kind": "type"}
    place = {"physicalLocation": _physical(found.span, sources), "logicalLocations": [name]}
    result = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": "\n".join([f"{found.message.rstrip('.')}.", *details(found)])},
        "locations": [place],
        "partialFingerprints": {"targetModulesRule/v1": fingerprint},
        "relatedLocations": [_related(i, r, sources) for i, r in enumerate(found.related, 1)],
        "codeFlows": list(_code_flows(found, sources)),
        "fixes": [
            _fix(f, sources) for f in found.fixes if f.edits and f.applicability != "display"
        ],
        "properties": {"evidence": found.evidence, "witness": found.witness},
    }
    return {key: value for key, value in result.items() if value != []}


def _related(number: int, label: Label, sources: Sources) -> Json:
    return {"id": number, **_location(label, sources)}


def _code_flows(found: Diagnostic, sources: Sources) -> Iterator[Json]:
    """3.36: the lengths on the way through the model, in the order of execution."""
    if found.flow:
        steps = [{"location": _location(step, sources)} for step in found.flow]
        yield {"threadFlows": [{"locations": steps}]}


def _fix(fix: Fix, sources: Sources) -> Json:
    """3.55: whoever applies it is told for which sizes it works."""
    paths = dict.fromkeys(edit.span.path for edit in fix.edits)
    return {
        "description": {"text": f"{fix.title}: {fix.note}"},
        "artifactChanges": [_change(p, fix.edits, sources) for p in paths],
    }


def _change(path: str, edits: Iterable[Edit], sources: Sources) -> Json:
    here = [edit for edit in edits if edit.span.path == path]
    return {
        "artifactLocation": _artifact(path, sources),
        "replacements": [
            {"deletedRegion": _region(e.span, sources), "insertedContent": {"text": e.text}}
            for e in here
        ],
    }


def _location(label: Label, sources: Sources) -> Json:
    physical = _physical(label.span, sources)
    return {"physicalLocation": physical, "message": {"text": label.message}}


def _physical(span: Span, sources: Sources) -> Json:
    """3.29; a span without columns stands for the whole line."""
    empty = (span.line, span.column) == (span.end_line, span.end_column)
    region = {"startLine": span.line} if empty else _region(span, sources)
    return {"artifactLocation": _artifact(span.path, sources), "region": region}


def _region(span: Span, sources: Sources) -> Json:
    return {
        "startLine": span.line,
        "startColumn": sources.column(span.path, span.line, span.column),
        "endLine": span.end_line,
        "endColumn": sources.column(span.path, span.end_line, span.end_column),
    }


def _artifact(path: str, sources: Sources) -> Json:
    """3.4: relative to the root, or an absolute URI for what is not below it."""
    shown = sources.shown(path)
    if PurePath(shown).is_absolute():
        return {"uri": PurePath(shown).as_uri()}
    return {"uri": quote(os.fsencode(shown)), "uriBaseId": _ROOT}
