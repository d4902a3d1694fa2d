"""``json``: the whole report, for programs.

One object. A key that has nothing to say is there all the same, as ``null``, ``""``, ``[]`` or
``{}``. Paths are relative to the working directory where they are below it, with forward slashes;
lines and columns count from 1, columns in characters, ends exclusive.

``version``
    Version of this format, the integer 1. It grows when a key changes its meaning or goes away; new
    keys may come without notice.
``targets[]``
    One for each model that was found: ``target`` (``models/unet.py:UNet``), ``path``, ``class``,
    ``inputs[]`` (``name``, ``dims[]``: sizes and names of sizes, ``dtype``), ``evidence``
    (``proven``, ``checked`` or ``not-checked``), ``reason`` (why it is not proven),
    ``valid_sizes`` (the sizes that run: ``text`` and the ``smallest``, an object from names to
    the sizes that add up to the least, or null if there is none; null if unknown),
    ``roundtrip_sizes`` (``text``; null where the output is not meant to be as long as the input),
    ``unknown_sizes`` (``text``; null where there are none), ``outputs[]`` (shapes as formulas),
    ``assumed[]`` (what had to be guessed), ``contracts[]`` (what it promises: ``text``,
    ``verdict``: ``proven``, ``checked``, ``disproved`` or ``not-checked``, ``reason``).
``diagnostics[]``
    ``code``, ``name``, ``severity`` (``error``, ``warning``, ``info``), ``message``, ``target``,
    ``path``, ``line``, ``column``, ``end_line``, ``end_column``, ``label`` (a few words about that
    place), ``related[]`` (``path``, ``line``, ``column``, ``end_line``, ``end_column``,
    ``message``), ``witness`` (the smallest sizes at which it happens), ``passing`` (sizes nearby at
    which it does not), ``evidence``, ``notes[]``, ``error`` (what PyTorch raises at the witness),
    ``fixes[]``, ``modules[]`` (paths of the modules it is about), ``flow[]`` (the lengths on the
    way through the model at the witness, keys as in ``related[]``), ``fingerprint`` (stays the same
    when lines move; unique in a report).
``fixes[]``
    ``title``, ``note``, ``applicability`` (``safe``, ``unsafe``, ``display``), ``sizes_before``,
    ``sizes_after`` and ``sizes_broken`` (``text``; of the last, empty if there are none),
    ``checkpoints_load``, ``traced`` (``source`` or ``model``), ``edits[]`` (``path``, ``line``,
    ``column``, ``end_line``, ``end_column``, ``text``: what to write in place of the range).
``skipped[]``
    Statements that were not executed and things that were not linted: ``path``, ``line``, ``what``.
``suppressed[]``
    Findings that somebody silenced: ``code``, ``name``, ``message``, ``target``, ``path``,
    ``line``, ``by`` (``comment`` or ``baseline``), ``reason`` (what the comment says).
``summary``
    ``files``, ``targets``, ``proven``, ``checked``, ``not_checked``, ``errors``, ``warnings``,
    ``infos``, ``suppressed``: counts.
"""

from __future__ import annotations

import dataclasses
import json as stdlib_json
from collections import Counter
from typing import Any

from shapelint.findings.fingerprints import fingerprints
from shapelint.model import (
    Diagnostic,
    Fix,
    Label,
    Report,
    Sizes,
    Skipped,
    Suppressed,
    TargetReport,
)
from shapelint.reporters import reporter
from shapelint.span import Span
from shapelint.text.sources import Sources

VERSION = 1


@reporter("json")
def json(report: Report, sources: Sources) -> str:
    """The report as one JSON object."""
    identified = zip(report.diagnostics, fingerprints(report.diagnostics, sources))
    body = {
        "version": VERSION,
        "targets": [_target(t, sources) for t in report.targets],
        "diagnostics": [_diagnostic(d, f, sources) for d, f in identified],
        "skipped": [_skipped(s, sources) for s in report.skipped],
        "suppressed": [_suppressed(s, sources) for s in report.suppressed],
        "summary": _summary(report),
    }
    return stdlib_json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _target(target: TargetReport, sources: Sources) -> dict[str, Any]:
    return {
        "target": target.target,
        "path": sources.shown(target.path),
        "class": target.class_name,
        "inputs": [{"name": i.name, "dims": i.dims, "dtype": i.dtype} for i in target.inputs],
        "evidence": target.evidence,
        "reason": target.reason,
        "valid_sizes": _valid(target.valid_sizes),
        "roundtrip_sizes": _words(target.roundtrip_sizes),
        "unknown_sizes": _words(target.unknown_sizes),
        "outputs": target.outputs,
        "assumed": target.assumed,
        "contracts": [dataclasses.asdict(contract) for contract in target.contracts],
    }


def _valid(sizes: Sizes | None) -> dict[str, Any] | None:
    return None if sizes is None else {"text": sizes.text, "smallest": sizes.smallest()}


def _words(sizes: Sizes | None) -> dict[str, Any] | None:
    return None if sizes is None else {"text": sizes.text}


def _diagnostic(found: Diagnostic, fingerprint: str, sources: Sources) -> dict[str, Any]:
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity,
        "message": found.message,
        "target": found.target,
        **_place(found.span, sources),
        "label": found.label,
        "related": [_label(label, sources) for label in found.related],
        "witness": found.witness,
        "passing": found.passing,
        "evidence": found.evidence,
        "notes": found.notes,
        "error": found.error,
        "fixes": [_fix(fix, sources) for fix in found.fixes],
        "modules": found.modules,
        "flow": [_label(step, sources) for step in found.flow],
        "fingerprint": fingerprint,
    }


def _fix(fix: Fix, sources: Sources) -> dict[str, Any]:
    return {
        "title": fix.title,
        "note": fix.note,
        "applicability": fix.applicability,
        "sizes_before": {"text": fix.sizes_before},
        "sizes_after": {"text": fix.sizes_after},
        "sizes_broken": {"text": fix.sizes_broken},
        "checkpoints_load": fix.checkpoints_load,
        "traced": fix.traced,
        "edits": [{**_place(edit.span, sources), "text": edit.text} for edit in fix.edits],
    }


def _label(label: Label, sources: Sources) -> dict[str, Any]:
    return {**_place(label.span, sources), "message": label.message}


def _place(span: Span, sources: Sources) -> dict[str, Any]:
    return {
        "path": sources.shown(span.path),
        "line": span.line,
        "column": sources.column(span.path, span.line, span.column),
        "end_line": span.end_line,
        "end_column": sources.column(span.path, span.end_line, span.end_column),
    }


def _skipped(skipped: Skipped, sources: Sources) -> dict[str, Any]:
    return {"path": sources.shown(skipped.path), "line": skipped.line, "what": skipped.what}


def _suppressed(suppressed: Suppressed, sources: Sources) -> dict[str, Any]:
    found = suppressed.diagnostic
    return {
        "code": found.code,
        "name": found.name,
        "message": found.message,
        "target": found.target,
        "path": sources.shown(found.span.path),
        "line": found.span.line,
        "by": suppressed.by,
        "reason": suppressed.reason,
    }


def _summary(report: Report) -> dict[str, int]:
    evidence = Counter(target.evidence for target in report.targets)
    severity = Counter(found.severity for found in report.diagnostics)
    return {
        "files": report.files,
        "targets": len(report.targets),
        "proven": evidence["proven"],
        "checked": evidence["checked"],
        "not_checked": evidence["not-checked"],
        "errors": severity["error"],
        "warnings": severity["warning"],
        "infos": severity["info"],
        "suppressed": len(report.suppressed),
    }
