"""Which rules run, and how severe they are: ``--select``, ``--ignore``, ``--error``, ``--warn``.

A selector is a code (``SHP101``), a prefix of codes (``SHP1``), a name (``roundtrip-length``) or
``ALL``. Where two selectors of a layer disagree about a rule the more specific one wins, and at a
tie the one that ignores, as in ruff: ``--select SHP1 --ignore SHP103`` and ``--ignore SHP1 --select
SHP103`` both mean what they say. The layers are the config file and the command line: one that
selects starts anew, one that does not changes what the layers before it say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from shapelint import catalog
from shapelint.catalog import Entry
from shapelint.config import Globs, Selection, Settings
from shapelint.errors import UsageError, suggestion

if TYPE_CHECKING:
    from pathlib import Path

    from shapelint.model import Severity

_NONE = -1
_LEVELS: tuple[Severity, Severity, Severity] = ("error", "warning", "info")


def selected_rules(settings: Settings) -> tuple[Entry, ...]:
    """The rules that run, in the order of their codes."""
    return tuple(entry for entry in catalog.entries() if _runs(entry, settings))


def ignored_in(settings: Settings, *paths: str) -> tuple[Entry, ...]:
    """The rules that ``per-file-ignores`` silences for a finding about these files."""
    from pathlib import Path

    words: list[str] = []
    for globs, selectors in settings.per_file_ignores:
        words += selectors if any(_means(globs, Path(path)) for path in paths) else ()
    return tuple(r for r in catalog.entries() if _match(r, words) > _NONE) if words else ()


def _means(globs: Globs, path: Path) -> bool:
    """Whether a file matches the pattern, or does not if ``!`` stands in front."""
    from shapelint.project.files import matches

    (pattern,) = globs.patterns
    if pattern.startswith("!"):
        return not matches(Globs(globs.folder, (pattern[1:],)), path)
    return matches(globs, path)


def severity_of(rule: Entry, settings: Settings, given: Severity) -> Severity:
    """The severity of a diagnostic of ``rule`` that would have ``given`` by itself."""
    for layer in reversed(settings.selections):
        found = {level: _match(rule, _graded(layer, level)) for level in _LEVELS}
        most = max(found, key=lambda level: found[level])  # at a tie the most severe
        if found[most] > _NONE:
            return most
    return given


def check_selectors(settings: Settings) -> None:
    """Raise UsageError for a selector that matches no rule."""
    known = catalog.entries()
    for where, selector in _selectors(settings):
        if not any(_specificity(rule, selector) > _NONE for rule in known):
            words = [word for r in known for word in (r.name, r.code)]
            raise UsageError(f"{where}: no rule matches {selector!r}{suggestion(selector, words)}")


def _selectors(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every selector with the place where it stands."""
    for layer in settings.selections:
        before = f"{layer.origin}: " if layer.origin else ""
        for flag in ("select", "ignore", "error", "warn", "rules"):
            yield from ((f"{before}{flag}", s) for s in getattr(layer, flag) or ())
    for globs, selectors in settings.per_file_ignores:
        shown = f"per-file-ignores {', '.join(globs.patterns)}"
        yield from ((shown, s) for s in selectors)


def _runs(rule: Entry, settings: Settings) -> bool:
    """Whether a rule runs: the last layer that mentions it decides; selecting turns others off."""
    runs = rule.enabled
    for layer in settings.selections:
        wanted, unwanted = _match(rule, _wanted(layer)), _match(rule, _unwanted(layer))
        if layer.select is not None or max(wanted, unwanted) > _NONE:
            runs = wanted > unwanted
    return runs and (settings.preview or not rule.preview or _is_named(rule, settings))


def _is_named(rule: Entry, settings: Settings) -> bool:
    """Whether a layer wants the rule by its own name or code."""
    asked = {w.lower() for layer in settings.selections for w in _wanted(layer)}
    return not asked.isdisjoint((rule.name, rule.code.lower()))


def _wanted(layer: Selection) -> tuple[str, ...]:
    return (*(layer.select or ()), *(w for w, level in layer.rules.items() if level != "off"))


def _unwanted(layer: Selection) -> tuple[str, ...]:
    return (*layer.ignore, *(w for w, level in layer.rules.items() if level == "off"))


def _graded(layer: Selection, level: Severity) -> tuple[str, ...]:
    flags = {"error": layer.error, "warning": layer.warn, "info": ()}
    return (*flags[level], *(w for w, given in layer.rules.items() if given == level))


def _match(rule: Entry, selectors: Iterable[str]) -> int:
    """The specificity of the most specific selector that matches, ``_NONE`` if none does."""
    return max((_specificity(rule, s) for s in selectors), default=_NONE)


def _specificity(rule: Entry, selector: str) -> int:
    """Length of the code that the selector spells out; ``_NONE`` if it does not match."""
    if selector.upper() == "ALL":
        return 0
    if selector.lower() == rule.name:
        return len(rule.code)
    prefix = selector.upper()
    return len(prefix) if prefix.startswith("SHP") and rule.code.startswith(prefix) else _NONE
