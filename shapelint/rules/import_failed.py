"""SHP901."""

from shapelint.rules import notice


@notice("SHP901", "import-failed", severity="warning")
def check() -> None:
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
