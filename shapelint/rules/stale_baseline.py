"""SHP804."""

from shapelint.rules import notice


@notice("SHP804", "stale-baseline", severity="error")
def check() -> None:
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
