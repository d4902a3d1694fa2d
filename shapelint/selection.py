"""Which rules run, and how severe they are: ``--select``, ``--ignore``, ``--error``, ``--warn``.

A selector is a code (``SHP101``), a prefix of codes (``SHP1``), a name (``roundtrip-length``) or
``ALL``. Where two selectors disagree about a rule the more specific one wins, and at a tie the one
that ignores, as in ruff: ``--select SHP1 --ignore SHP103`` and ``--ignore SHP1 --select SHP103``
both mean what they say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from shapelint import catalog
from shapelint.catalog import Entry
from shapelint.config import Settings
from shapelint.errors import UsageError, suggestion

if TYPE_CHECKING:
    from shapelint.model import Severity

__all__ = ["check_selectors", "selected_rules", "severity_of"]

_NONE = -1


def selected_rules(settings: Settings) -> tuple[Entry, ...]:
    """The rules that run, in the order of their codes."""
    return tuple(entry for entry in catalog.entries() if _runs(entry, settings))


def severity_of(rule: Entry, settings: Settings, given: Severity) -> Severity:
    """The severity of a diagnostic of ``rule`` that would have ``given`` by itself."""
    error, warn = _match(rule, settings.error), _match(rule, settings.warn)
    if error == warn == _NONE:
        return given
    return "error" if error >= warn else "warning"


def check_selectors(settings: Settings) -> None:
    """Raise UsageError for a selector that matches no rule."""
    known = catalog.entries()
    flags = ("select", "ignore", "error", "warn")
    for flag, selector in ((f, s) for f in flags for s in getattr(settings, f)):
        if not any(_specificity(rule, selector) > _NONE for rule in known):
            words = [word for r in known for word in (r.name, r.code)]
            raise UsageError(f"{flag}: no rule matches {selector!r}{suggestion(selector, words)}")


def _runs(rule: Entry, settings: Settings) -> bool:
    named = _match(rule, settings.select)
    by_default = rule.enabled and not settings.select
    return _match(rule, settings.ignore) < (max(named, 0) if by_default else named)


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
