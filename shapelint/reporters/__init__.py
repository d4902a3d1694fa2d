"""Reporters: one module per output format, found by walking this package.

A reporter is a plain function from a report and the sources it points into to the text of the
report, registered under the name of the format. It may paint; :func:`render` removes the paint.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.errors import UsageError, suggestion
from shapelint.model import Report
from shapelint.registry import Registry
from shapelint.text.paint import plain
from shapelint.text.sources import Sources

Reporter = Callable[[Report, Sources], str]

REPORTERS: Registry[Reporter] = Registry("shapelint.reporters")
"""Every reporter, by the name of its format."""

reporter = REPORTERS.register


def find_reporter(name: str) -> Reporter:
    """The reporter of a format. Raises UsageError, with the formats there are."""
    found = REPORTERS.get(name)
    if found is None:
        known = ", ".join(sorted(REPORTERS))
        raise UsageError(f"no output format {name!r} ({known}){suggestion(name, REPORTERS)}")
    return found


def render(name: str, report: Report, sources: Sources, color: bool = False) -> str:
    """The text of a report in a format, with or without colour."""
    text = find_reporter(name)(report, sources)
    return text if color else plain(text)
