"""The straight line: paths in, report out.

Files are found, each is opened in the worker, its models are chosen and built, analysed, and
reported. Whatever goes wrong with one of them becomes a diagnostic about it; the others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.client import Limits, Worker
from shapelint.config import Settings
from shapelint.discovery import Place, may_hold_models, places
from shapelint.errors import UsageError
from shapelint.interpreters import find_interpreter
from shapelint.model import Diagnostic, Examination, Report, Skipped, TargetReport
from shapelint.selection import selected_rules, severity_of

if TYPE_CHECKING:
    from shapelint.analysis import Analysis
    from shapelint.inspection import Found
    from shapelint.lengths.conditions import Condition

__all__ = ["check", "examine"]


def check(settings: Settings) -> Report:
    """Lint everything under ``settings.paths``.

    Raises UsageError for paths or selectors that make no sense, NoInterpreter if no Python with
    torch is at hand.
    """
    found: list[Found] = []
    skipped: list[Skipped] = []
    with closing(_start(settings)) as worker:
        from shapelint.inspection import guarded, inspect_file  # torch is being imported meanwhile

        chosen = list(_places(settings.paths))
        for place in chosen:
            found += inspect_file(worker, place, settings, skipped, guarded)
    _all_used(settings.lengths, [f.report for f in found if f.analysis is not None])
    return Report(
        targets=tuple(f.report for f in found),
        diagnostics=tuple(d for f in found for d in _chosen(f.diagnostics, settings)),
        files=len(chosen),
        skipped=tuple(skipped),
    )


def examine(target: str, settings: Settings) -> Examination:
    """Look at the first model of one target closely.

    Raises UsageError if there is none, with the reason.
    """
    with closing(_start(dataclasses.replace(settings, paths=(target,)))) as worker:
        from shapelint.inspection import inspect_file, inspect_target

        for place in _places((target,)):
            for found in inspect_file(worker, place, settings, [], inspect_target):
                if found.analysis is not None:
                    base = found.analysis.exploration.base
                    return Examination(found.report, base, _junctions(found.analysis))
                raise UsageError(f"{found.report.target or target}: {found.report.reason}")
    raise UsageError(f"{target}: no model found")


def _all_used(lengths: Iterable[Condition], analysed: Sequence[TargetReport]) -> None:
    """Raise UsageError if a declared size is one that no model has."""
    known = [{d for i in r.inputs for d in i.dims if isinstance(d, str)} for r in analysed]
    for condition in lengths if analysed else ():
        if not any(condition.symbols <= symbols for symbols in known):
            names = ", ".join(sorted(condition.symbols))
            has = "; ".join(sorted({", ".join(sorted(symbols)) for symbols in known}))
            raise UsageError(f"--length: no model has the sizes {names}; they have {has}")


def _places(paths: Iterable[str]) -> Iterator[Place]:
    """The files to open: those that were named, and in folders those that mention models."""
    seen = set()
    for path in paths:
        folder = Path(path).is_dir()
        for place in _meant(path):
            if place in seen or (folder and not may_hold_models(place.path.read_bytes())):
                continue
            seen.add(place)
            yield place


def _meant(path: str) -> list[Place]:
    try:
        return list(places(path, Path.cwd()))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file, folder or module") from None


def _start(settings: Settings) -> Worker:
    near = Path(settings.paths[0].partition(":")[0])
    asked = str(settings.python) if settings.python else None
    interpreter = find_interpreter(near, asked)
    return Worker(interpreter.python, Limits(seconds=settings.timeout))


def _chosen(diagnostics: tuple[Diagnostic, ...], settings: Settings) -> Iterator[Diagnostic]:
    """Those of the selected rules, with the severity that was asked for."""
    rules = {rule.code: rule for rule in selected_rules(settings)}
    for diagnostic in diagnostics:
        rule = rules.get(diagnostic.code)
        if rule is not None:
            severity = severity_of(rule, settings, diagnostic.severity)
            yield dataclasses.replace(diagnostic, severity=severity)


def _junctions(analysis: Analysis) -> tuple[int, ...]:
    nodes = analysis.exploration.base.nodes
    joins = ("cat", "stack", "add")
    return tuple(
        n.index for n in nodes if n.op in joins and len([i for i in n.inputs if i >= 0]) > 1
    )
