"""The straight line: paths in, report out.

Files are found, each is opened in the worker, its models are chosen and built, analysed, and
reported. Whatever goes wrong with one of them becomes a diagnostic about it; the others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.client import Limits, Worker
from shapelint.config import Settings
from shapelint.discovery import Place, mentions_models, places
from shapelint.errors import UsageError
from shapelint.files import Wanted
from shapelint.interpreters import find_interpreter
from shapelint.model import Examination, Report, Skipped, TargetReport
from shapelint.selection import ignored_in, selected_rules, severity_of

if TYPE_CHECKING:
    from shapelint.analysis import Analysis
    from shapelint.inspection import Found
    from shapelint.lengths.conditions import Condition

__all__ = ["check", "examine", "files_of"]

SettingsFor = Callable[[Path], Settings]


def check(settings: Settings, settings_for: SettingsFor | None = None) -> Report:
    """Lint everything under ``settings.paths``.

    ``settings_for`` gives the settings of each file, where config files make a difference. Raises
    UsageError for paths or selectors that make no sense, NoInterpreter if no Python with torch is
    at hand.
    """
    of_file = settings_for or (lambda path: settings)
    chosen = list(_places(settings, of_file))
    if not chosen:
        return Report((), (), files=0)
    found: list[Found] = []
    skipped: list[Skipped] = []
    with closing(_start(settings)) as worker:
        from shapelint.inspection import guarded, inspect_file  # torch is being imported meanwhile

        for place in chosen:
            its = of_file(place.path)
            found += (_graded(f, its) for f in inspect_file(worker, place, its, skipped, guarded))
    _all_used(settings.lengths, [f.report for f in found if f.analysis is not None])
    return Report(
        targets=tuple(f.report for f in found),
        diagnostics=tuple(d for f in found for d in f.diagnostics),
        files=len(chosen),
        skipped=tuple(skipped),
    )


def examine(target: str, settings: Settings) -> Examination:
    """Look at the first model of one target closely.

    Raises UsageError if there is none, with the reason.
    """
    with closing(_start(dataclasses.replace(settings, paths=(target,)))) as worker:
        from shapelint.inspection import inspect_file, inspect_target

        for place in _meant(target, settings):
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


def files_of(settings: Settings) -> list[Path]:
    """The files that are opened for these settings. Raises UsageError."""
    return [place.path for place in _places(settings, lambda path: settings)]


def _places(settings: Settings, of_file: SettingsFor) -> Iterator[Place]:
    """The files to open: those that were named, and in folders those that mention models."""
    seen = set()
    for path in settings.paths:
        folder = Path(path).is_dir()
        for place in _meant(path, settings):
            if place in seen or not _is_opened(place, folder, settings, of_file):
                continue
            seen.add(place)
            yield place


def _is_opened(place: Place, folder: bool, settings: Settings, of_file: SettingsFor) -> bool:
    """A file that was named always is, unless it shall count as found in its folder."""
    if not folder and (place.target or not settings.force_exclude):
        return True
    wanted = folder or Wanted(settings, place.path.parent)(place.path, False)
    return wanted and _may_matter(place, of_file)


def _may_matter(place: Place, of_file: SettingsFor) -> bool:
    """Whether a file mentions models, or the config file says that there is one."""
    if mentions_models(place.path):
        return True
    return any(model.path == place.path.absolute() for model in of_file(place.path).models)


def _meant(path: str, settings: Settings) -> list[Place]:
    try:
        return list(places(path, Path.cwd(), Wanted(settings, Path(path))))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file, folder or module") from None


def _start(settings: Settings) -> Worker:
    near = Path(settings.paths[0].partition(":")[0])
    asked = str(settings.python) if settings.python else None
    interpreter = find_interpreter(near, asked)
    return Worker(interpreter.python, Limits(settings.timeout, settings.memory))


def _graded(found: Found, settings: Settings) -> Found:
    """What the selected rules say, with the severity that was asked for."""
    rules = {rule.code: rule for rule in selected_rules(settings)}
    said = (d for d in found.diagnostics if d.code in rules)
    graded = (
        dataclasses.replace(d, severity=severity_of(rules[d.code], settings, d.severity))
        for d in said
        if d.code not in {r.code for r in ignored_in(settings, found.report.path, d.span.path)}
    )
    return dataclasses.replace(found, diagnostics=tuple(graded))


def _junctions(analysis: Analysis) -> tuple[int, ...]:
    nodes = analysis.exploration.base.nodes
    joins = ("cat", "stack", "add")
    return tuple(
        n.index for n in nodes if n.op in joins and len([i for i in n.inputs if i >= 0]) > 1
    )
