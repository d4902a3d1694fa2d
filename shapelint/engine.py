"""The straight line: paths in, report out.

Files are found, each is opened in the worker, its models are chosen and built, analysed, and
reported; what the cache knows is not looked at again. Whatever goes wrong with one of them becomes
a diagnostic about it; the others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.cache import FOLDER, Cache
from shapelint.config import Settings
from shapelint.errors import UsageError
from shapelint.findings.review import reviewed
from shapelint.findings.scope import Scope
from shapelint.findings.selection import ignored_in, selected_rules, severity_of
from shapelint.interpreters import find_interpreter, installed
from shapelint.model import Diagnostic, Examination, Inspected, Report, TargetReport
from shapelint.project.discovery import Place, mentions_models, places, project_root
from shapelint.project.files import Wanted
from shapelint.source.texts import Texts
from shapelint.unbuilt import in_one_line

if TYPE_CHECKING:
    from shapelint.analysis import Analysis
    from shapelint.lengths.conditions import Condition
    from shapelint.process import Worker

SettingsFor = Callable[[Path], Settings]
Outcome = tuple[Place, Inspected]
Watched = Callable[[Iterator[Outcome], int], Iterator[Outcome]]


def check(
    settings: Settings,
    settings_for: SettingsFor | None = None,
    texts: Texts | None = None,
    only: Collection[str] | None = None,
    watched: Watched = lambda found, files: found,
) -> Report:
    """Lint everything under ``settings.paths``.

    ``settings_for`` gives the settings of each file, where config files make a difference;
    ``texts`` are read instead of what files hold, and then nothing is remembered; of all files
    ``only`` these are linted; what is found out passes through ``watched``, which is told of how
    many files. Raises UsageError for paths or selectors that make no sense, NoInterpreter if no
    Python with torch is at hand.
    """
    of_file = settings_for or (lambda path: settings)
    if texts:
        settings = dataclasses.replace(settings, update_baseline=False)
    chosen = [p for p in _places(settings, of_file) if only is None or str(p.path) in only]
    scope = Scope(chosen, of_file, texts or Texts())
    if not chosen:
        return reviewed(Report((), (), files=0), scope, settings)
    python = _python(settings)
    cache = None if texts else _cache(settings, python)
    known: dict[Place, Inspected | None] = {}
    origins: list[str] = []
    for place in chosen:
        known[place], origin = cache.get(place, of_file(place.path)) if cache else (None, "")
        origins += [f"{place.path}: {origin}"] if origin else []
    missing = [place for place, inspected in known.items() if inspected is None]
    with closing(_inspected(python, missing, settings, of_file, texts)) as found:
        for place, inspected in watched(found, len(missing)):
            known[place] = inspected
            if cache:
                cache.put(place, of_file(place.path), inspected)
    origins += [cache.problem] if cache and cache.problem else []
    graded = (_graded(i, of_file(p.path)) for p, i in known.items() if i is not None)
    report = _report(list(graded), tuple(origins))
    if only is None:
        _all_used(settings.lengths, [t for t in report.targets if t.inputs])
    return in_one_line(reviewed(report, scope, settings))


def _inspected(
    python: str,
    missing: Sequence[Place],
    settings: Settings,
    of_file: SettingsFor,
    texts: Texts | None,
) -> Generator[Outcome, None, None]:
    """The results for files that the cache does not know, in the order of their completion."""
    if not missing:
        return

    def look(worker: Worker, place: Place) -> Inspected:
        from shapelint.inspection import inspect_file  # torch is being imported meanwhile

        return inspect_file(worker, place, of_file(place.path), texts)

    if len(missing) > 1:
        from shapelint.lanes import inspected_in_lanes, number_of_lanes

        lanes = number_of_lanes(settings.jobs, len(missing))
        if lanes > 1:
            yield from inspected_in_lanes(partial(_start, python, settings), missing, look, lanes)
            return
    with closing(_start(python, settings)) as worker:
        for place in missing:
            yield place, look(worker, place)


def _report(each: Sequence[Inspected], origins: tuple[str, ...]) -> Report:
    return Report(
        tuple(t for inspected in each for t in inspected.targets),
        tuple(_once(d for inspected in each for d in inspected.diagnostics)),
        len(each),
        tuple(s for inspected in each for s in inspected.skipped),
        origins,
        sources={t.path: inspected.sources for inspected in each for t in inspected.targets},
    )


def _once(diagnostics: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """Each finding once: instances of one class would repeat what is said of the class."""
    first: dict[object, Diagnostic] = {}
    for diagnostic in diagnostics:
        first.setdefault((diagnostic.code, diagnostic.span, diagnostic.message), diagnostic)
    return first.values()


def examine(target: str, settings: Settings) -> Examination:
    """Look at the first model of one target closely.

    Raises UsageError if there is none, with the reason.
    """
    settings = dataclasses.replace(settings, paths=(target,))
    with closing(_start(_python(settings), settings)) as worker:
        from shapelint.inspection import found_in

        for place in _meant(target, settings):
            for found in found_in(worker, place, settings):
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
    """Whether a file is opened; one that was named is, unless exclusions apply to it too."""
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
    here, wanted = Path.cwd(), Wanted(settings, Path(path))
    try:
        return list(places(path, here, wanted))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file, folder or module") from None


def _python(settings: Settings) -> str:
    """The interpreter that runs the models."""
    asked = str(settings.python) if settings.python else None
    return find_interpreter(_near(settings), asked).python


def _near(settings: Settings) -> Path:
    return Path(settings.paths[0].partition(":")[0])


def cache_folder(settings: Settings) -> Path:
    """The folder of the cache."""
    return settings.cache_dir or project_root(_near(settings)) / FOLDER


def _cache(settings: Settings, python: str) -> Cache | None:
    return Cache(cache_folder(settings), installed(python)) if settings.cache else None


def _start(python: str, settings: Settings) -> Worker:
    from shapelint.process import Limits, Worker

    return Worker(python, Limits(settings.timeout, settings.memory))


def _graded(inspected: Inspected, settings: Settings) -> Inspected:
    """The findings of the selected rules, as severe as was asked for; a guess stays info."""
    guesses = {t.target for t in inspected.targets if t.guessed}
    rules = {rule.code: rule for rule in selected_rules(settings)}
    said = (d for d in inspected.diagnostics if d.code in rules)
    graded = (
        d
        if d.target in guesses
        else dataclasses.replace(d, severity=severity_of(rules[d.code], settings, d.severity))
        for d in said
        if d.code not in {r.code for r in ignored_in(settings, _file_of(d), d.span.path)}
    )
    return dataclasses.replace(inspected, diagnostics=tuple(graded))


def _file_of(diagnostic: Diagnostic) -> str:
    """The file in which the target of a diagnostic was found."""
    path, _, name = diagnostic.target.rpartition(":")
    return path if path and not name.endswith(".py") else diagnostic.target


def _junctions(analysis: Analysis) -> tuple[int, ...]:
    nodes = analysis.exploration.base.nodes
    joins = ("cat", "stack", "add")
    return tuple(
        n.index for n in nodes if n.op in joins and len([i for i in n.inputs if i >= 0]) > 1
    )
