"""Findings that are known and pass: ``--baseline FILE``, ``--update-baseline``.

The file lists each by its model, its rule and the modules it is about, so that moving lines changes
nothing; one a line, sorted, with paths relative to the file::

    {"version": 1, "findings": [
    {"target": "models/ae.py:AE", "rule": "roundtrip-length", "modules": ["dec", "enc"]}
    ]}

Two findings with the same key are two entries. An entry whose finding is gone is an error, so that
the list only gets shorter.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shapelint.catalog import find_entry
from shapelint.errors import UsageError
from shapelint.findings.fingerprints import identity
from shapelint.findings.scope import Scope
from shapelint.model import Diagnostic, Report, Suppressed
from shapelint.project.discovery import mentions_models
from shapelint.span import Span
from shapelint.text.sources import Sources

VERSION = 1

Key = tuple[str, ...]
"""Target, rule, and up to two modules."""


@dataclass(frozen=True)
class Baseline:
    """The entries of one file."""

    path: Path
    entries: tuple[Key, ...] = ()

    def keys(self, found: Iterable[Diagnostic]) -> Iterator[tuple[Key, Diagnostic]]:
        """The findings that a baseline can list, behind their keys.

        What is mere information never fails a run, and hygiene is about the comments themselves.
        """
        sources = Sources(root=Path(os.path.abspath(self.path)).parent)
        for d in found:
            if d.severity != "info" and not d.code.startswith("SHP8"):
                target, *rest = identity(replace(d, target=_absolute(d.target)), sources)
                yield (target if ":" in target else sources.shown(target), *rest), d

    def applied(self, report: Report) -> Report:
        """The report without the findings that are listed; they are kept apart."""
        left = Counter(self.entries)
        known: list[Diagnostic] = []
        for key, found in self.keys(report.diagnostics):
            if left[key]:
                left[key] -= 1
                known.append(found)
        ids = {id(d) for d in known}
        return replace(
            report,
            diagnostics=tuple(d for d in report.diagnostics if id(d) not in ids),
            suppressed=(*report.suppressed, *(Suppressed(d, "baseline") for d in known)),
        )

    def gone(self, report: Report, judged: Callable[[Key], bool]) -> list[int]:
        """The positions of the entries that no finding of the whole report answers to."""
        left = Counter(key for key, _ in self.keys(report.diagnostics))
        positions = []
        for position, key in enumerate(self.entries):
            if left[key]:
                left[key] -= 1
            elif judged(key):
                positions.append(position)
        return positions

    def stale(self, report: Report, judged: Callable[[Key], bool]) -> Iterator[Diagnostic]:
        """A finding of rule 804 for every entry that is gone."""
        rule = find_entry("stale-baseline")
        for position in self.gone(report, judged):
            target, name, *modules = self.entries[position]
            where = f" at {' and '.join(modules)}" if modules else ""
            line = _FIRST_LINE + position
            yield Diagnostic(
                rule.code,
                rule.name,
                rule.severity,
                message=f"{name}{where} is no longer found: --update-baseline removes it",
                target=_path(target, self.path),
                span=Span.at_line(str(self.path), line),
            )

    def updated(self, report: Report, judged: Callable[[Key], bool]) -> Baseline:
        """What was found, and the entries that this run says nothing about."""
        found = [key for key, _ in self.keys(report.diagnostics)]
        gone = set(self.gone(report, judged))
        rest = Counter(k for i, k in enumerate(self.entries) if i not in gone) - Counter(found)
        return Baseline(self.path, tuple(sorted((*found, *rest.elements()))))


def judge(baseline: Baseline, report: Report, scope: Scope) -> Callable[[Key], bool]:
    """Whether the run that gave ``report`` would have come across the finding of an entry."""
    whole = {os.path.abspath(p.path) for p in scope.places if not p.target}
    named = {f"{os.path.abspath(p.path)}:{p.target}" for p in scope.places if p.target}
    missed = {_absolute(t.target) for t in report.targets if t.evidence == "not-checked"}

    def was_looked_for(key: Key) -> bool:
        target = _path(key[0], baseline.path)
        file = target.rpartition(":")[0] or target
        if not Path(file).exists():
            return True
        if {file, target} & missed and not _is_about_coverage(key[1]):
            return False
        looked_at = file in whole or target in named or _holds_no_models(Path(file), scope)
        return looked_at and key[1] in scope.rules_for(Path(file))

    return was_looked_for


def _holds_no_models(file: Path, scope: Scope) -> bool:
    """Whether a file need not be opened to know that a model is gone."""
    declared = any(model.path == file for model in scope.settings_for(file).models)
    return not declared and not mentions_models(file)


def _is_about_coverage(rule: str) -> bool:
    """Whether a rule says why something could not be looked at."""
    try:
        return find_entry(rule).code.startswith("SHP9")
    except UsageError:  # a rule of another version
        return False


def _absolute(target: str) -> str:
    path, colon, name = target.rpartition(":")
    return f"{os.path.abspath(path)}:{name}" if colon else os.path.abspath(target)


def _path(target: str, baseline: Path) -> str:
    """A target of a baseline, with an absolute path."""
    path, colon, name = target.rpartition(":")
    folder = Path(os.path.abspath(baseline)).parent
    return f"{folder / path}:{name}" if colon else str(folder / target)


# -- the file -------------------------------------------------------------------------------------

_FIRST_LINE = 2
"""The line of the first entry in a file that was written here."""


def written(baseline: Baseline) -> str:
    """The text of the file."""
    lines = ",\n".join(json.dumps(_record(*key)) for key in baseline.entries)
    return f'{{"version": {VERSION}, "findings": [\n{lines}{chr(10) if lines else ""}]}}\n'


def _record(target: str, rule: str, *modules: str) -> dict[str, Any]:
    return {"target": target, "rule": rule, "modules": modules}


def read(path: Path, may_be_missing: bool = False) -> Baseline:
    """The entries of a file. Raises UsageError for a file that is missing or no baseline."""
    if may_be_missing and not path.exists():
        return Baseline(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(_key(item) for item in content["findings"])
        version = content["version"]
    except FileNotFoundError:
        raise UsageError(f"baseline: no such file: {path} (--update-baseline writes it)") from None
    except OSError as exc:
        raise UsageError(f"baseline: cannot read {path}: {exc.strerror}") from exc
    except (ValueError, TypeError, LookupError, RecursionError) as exc:
        raise UsageError(f"baseline: {path} is not what --update-baseline writes: {exc!r}") from exc
    if version != VERSION:
        raise UsageError(f"baseline: {path} has version {version}, expected {VERSION}")
    return Baseline(path, entries)


def _key(item: Mapping[str, Any]) -> Key:
    key = (item["target"], item["rule"], *item["modules"])
    if not all(isinstance(word, str) for word in key):
        raise ValueError(f"not an entry: {item}")
    return key
