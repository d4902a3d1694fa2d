"""SHP907."""

from shapelint.rules import notice


@notice("SHP907", "internal-error", severity="warning")
def check() -> None:
    """A bug in shapelint stopped the analysis of a model.

    ## What it does
    Reports models at which shapelint itself raised an exception. Other models are not affected; the
    exit code is 101.

    ## Why is this bad?
    The model was not checked.

    ## Use instead
    Report the bug with the lines that are printed. Until it is repaired, `--length` with fewer
    sizes or `--ignore` with the rule that is named there may avoid it.
    """
