"""SHP906."""

from shapelint.rules import notice


@notice("SHP906", "worker-crashed", severity="warning")
def check() -> None:
    """A file ended the process that was looking at it.

    ## What it does
    Reports files that crash the interpreter, exit it, or take more than `--memory` megabytes, with
    the processes they start. Other files are not affected.

    ## Why is this bad?
    It was not checked.

    ## Use instead
    Run the file by itself with the interpreter that `shapelint doctor` shows.
    """
