"""SHP902."""

from shapelint.rules import notice


@notice("SHP902", "cannot-construct", severity="warning")
def check() -> None:
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
