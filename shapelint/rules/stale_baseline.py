"""SHP804."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP804", "stale-baseline", severity="error")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """The baseline lists a finding that is no longer there.

    ## What it does
    Reports entries of the baseline whose model was analysed without that finding, or is gone. It
    says nothing about models that were not linted in this run.

    ## Why is this bad?
    Were the mistake made again, the entry would hide it. A baseline only gets shorter.

    ## Example
    ```python
    known = {"target": "models/ae.py:AE", "rule": "roundtrip-length", "modules": ["dec", "enc"]}
    ```

    ## Use instead
    `shapelint --update-baseline` removes the entry.
    """
    yield from ()  # found in the baseline: there is no model to look at
