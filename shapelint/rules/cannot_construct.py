"""SHP902."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP902", "cannot-construct", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A model could not be built.

    ## What it does
    Reports classes whose constructor raises, or needs arguments that nothing in the project says:
    no call (in its code, READMEs and notebooks) and no YAML or JSON file.

    ## Why is this bad?
    The class was not checked.

    ## Use instead
    Paste the block of the report into the config file and fill it in, pass the arguments,
    `--arg channels=64`, or lint an instance: `shapelint model.py:build_model`.
    """
    yield from ()  # the engine reports it: there is no model to look at
