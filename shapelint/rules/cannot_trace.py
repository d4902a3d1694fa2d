"""SHP903."""

from shapelint.rules import notice


@notice("SHP903", "cannot-trace", severity="warning")
def check() -> None:
    """A model was built but could not be analysed.

    ## What it does
    Reports models whose inputs could not be guessed, or that fail for a reason no rule knows: a
    custom operation, a shape that depends on values, an input of the wrong kind.

    ## Why is this bad?
    The model was not checked.

    ## Use instead
    Describe the input: `--input N,3,H,W`, once for each tensor that `forward` takes. Tensors in a
    dict have names such as `--input batch.image=N,3,H,W`; so have those in a tuple that `forward`
    unpacks, and others have numbers, `--input hidden.0=1,N,64 --input hidden.1=1,N,64`.
    """
