"""SHP901."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP901", "import-failed", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A file could not be loaded.

    ## What it does
    Reports files whose imports or definitions raise. A model file is executed, as by a test
    runner: its imports, definitions, constants and the statements that build modules.

    ## Why is this bad?
    Nothing in the file was checked, and a clean report about it would be a lie.

    ## Use instead
    Fix the line the message points at, install the package it names into the interpreter that
    `shapelint doctor` shows, or choose another one with `--python`.
    """
    yield from ()  # the engine reports it: there is no model to look at
