"""SHP905."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP905", "timeout", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A file or a model took too long.

    ## What it does
    Reports files that take longer than `--timeout` seconds to open, and models that take longer
    than that to build and to analyse. Time in which other programs use all processors does
    not count where the system tells (Linux).

    ## Why is this bad?
    It was not checked.

    ## Use instead
    Keep training out of the import, or allow more time with `--timeout`.
    """
    yield from ()  # the engine reports it: there is no model to look at
