"""SHP905."""

from shapelint.rules import notice


@notice("SHP905", "timeout", severity="warning")
def check() -> None:
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
