"""SHP904."""

from shapelint.rules import notice


@notice("SHP904", "checked-only", severity="info")
def check() -> None:
    """A model was checked at some sizes, not proven for all.

    ## What it does
    Says why: an operation without a transfer function, a length that became an ordinary number, a
    condition that is not linear, a budget that was spent.

    ## Why is this bad?
    What is reported holds at the sizes that were run; the others may differ.

    ## Use instead
    Nothing has to be done. Narrower sizes (`--length`) often make the difference.
    """
