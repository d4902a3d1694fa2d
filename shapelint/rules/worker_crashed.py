"""SHP906."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP906", "worker-crashed", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A file ended the process that was looking at it.

    ## What it does
    Reports files that crash the interpreter, exit it, or take more than `--memory` megabytes, with
    the processes they start. Other files are not affected.

    ## Why is this bad?
    It was not checked.

    ## Use instead
    Run the file by itself with the interpreter that `shapelint doctor` shows.
    """
    yield from ()  # the engine reports it: there is no model to look at
