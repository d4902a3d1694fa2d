"""What the rules are called and what they say about themselves, read from their source.

No rule is imported for it: their imports bring isl and networkx along, and neither
``shapelint rule`` nor an answer from the cache needs those.
"""

from __future__ import annotations

import inspect
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shapelint.errors import UsageError, suggestion

if TYPE_CHECKING:
    from shapelint.model import Severity

HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "Fix safety",
    "References",
)
"""Headings of a rule's documentation, in this order.

The last three may be absent, and the example where no code is at fault (SHP9).
"""

FIX_SAFETY = """\
A fix is *safe* if the keys and shapes of the state_dict stay as they are, every declared size that
worked still works and all declared sizes work afterwards (traced again on the edited source), the
edited call built exactly one layer or every layer it built gains, and no comment is lost. It is
*unsafe* if the keys and shapes stay but the rest cannot be shown, because no sizes are declared or
some that work today would not. It is for *display* if weights change their shape or `forward` is
restructured: it is shown and never applied.
"""

_RULE = re.compile(
    r'^@(?:rule|notice)\(\s*"(?P<code>\w+)",\s*"(?P<name>[a-z-]+)",\s*severity="(?P<severity>\w+)"'
    r"(?P<off>,\s*enabled=False)?(?P<preview>,\s*preview=True)?"
    r"(?:,\s*after=\([^)]*\))?,?\s*\)"
    r'\ndef .*?:\n    """(?P<documentation>.*?)"""',
    re.MULTILINE | re.DOTALL,
)
"""The head of a rule. A full parse of all rules would take longer than starting Python."""


class Entry(NamedTuple):
    """One rule, as it is found in a list."""

    code: str
    name: str
    severity: Severity
    enabled: bool
    documentation: str
    """Markdown."""
    preview: bool = False
    """Whether it may still change, and runs with ``--preview`` or where it is named."""

    @property
    def summary(self) -> str:
        """The first line of the documentation, without the full stop."""
        return self.documentation.partition("\n")[0].rstrip(".")


@cache
def entries() -> tuple[Entry, ...]:
    """Every rule, in the order of their codes."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules")
    files = (os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".py"))
    return tuple(sorted(entry for file in files for entry in _read(file)))


def _read(file: str) -> list[Entry]:
    with open(file, encoding="utf-8") as source:
        found = _RULE.finditer(source.read())
    return [_entry(m) for m in found]


def _entry(m: re.Match[str]) -> Entry:
    documentation = inspect.cleandoc(m["documentation"])
    off, preview = bool(m["off"]), bool(m["preview"])
    severity: Any = m["severity"]
    return Entry(m["code"], m["name"], severity, not off, documentation, preview)


def find_entry(word: str) -> Entry:
    """The rule with that code or name, in any case. Raises UsageError with the closest match."""
    named = {name: entry for entry in entries() for name in (entry.code, entry.name)}
    found = named.get(word.upper()) or named.get(word.lower())
    if found is None:
        raise UsageError(f"no rule is called {word!r}{suggestion(word, named)}")
    return found
