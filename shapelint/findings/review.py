"""From what was found to what is reported: comments, the baseline, and what is wrong with both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.catalog import find_entry
from shapelint.errors import UsageError
from shapelint.findings.hygiene import complaints
from shapelint.findings.scope import Scope
from shapelint.findings.selection import severity_of
from shapelint.findings.suppressions import silenced
from shapelint.model import Diagnostic, Report

if TYPE_CHECKING:
    from shapelint.config import Settings
    from shapelint.findings.baseline import Baseline


def reviewed(report: Report, scope: Scope, settings: Settings) -> Report:
    """The report without the findings that comments and the baseline silence.

    With ``--update-baseline`` the file is written before. Raises UsageError for a baseline that
    cannot be read or written.
    """
    spoken = silenced(report, scope.files)
    graded = replace(report, diagnostics=tuple(_graded(report, scope)), suppressed=())
    hygiene = silenced(graded, scope.files)
    if settings.baseline is None:
        if settings.update_baseline:
            raise UsageError("--update-baseline: --baseline or the config file says which")
        return _together(spoken, hygiene)
    from shapelint.findings.baseline import judge, read  # most runs have none

    known = read(settings.baseline, may_be_missing=settings.update_baseline)
    judged = judge(known, report, scope)
    if settings.update_baseline:
        known = known.updated(spoken, judged)
        _write(known)
    stale = tuple(known.stale(spoken, judged)) if _reports_stale(settings, scope) else ()
    applied = _together(known.applied(spoken), hygiene)
    return replace(applied, diagnostics=(*applied.diagnostics, *stale))


def _together(report: Report, hygiene: Report) -> Report:
    return replace(
        report,
        diagnostics=(*report.diagnostics, *hygiene.diagnostics),
        suppressed=(*report.suppressed, *hygiene.suppressed),
    )


def _graded(report: Report, scope: Scope) -> Iterator[Diagnostic]:
    """The findings about comments, with the severity that the settings give them."""
    for found in complaints(report, scope):
        settings = scope.settings_for(Path(found.span.path))
        severity = severity_of(find_entry(found.code), settings, found.severity)
        yield replace(found, severity=severity)


def _reports_stale(settings: Settings, scope: Scope) -> bool:
    return settings.baseline is not None and "stale-baseline" in scope.rules_for(settings.baseline)


def _write(baseline: Baseline) -> None:
    from shapelint.findings.baseline import written
    from shapelint.source.replacing import NotReplaced, write_text

    try:
        write_text(str(baseline.path), written(baseline).encode())
    except NotReplaced as exc:
        raise UsageError(f"baseline: {baseline.path}: {exc}") from exc
