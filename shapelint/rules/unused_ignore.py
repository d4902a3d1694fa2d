"""SHP801."""

from shapelint.rules import notice


@notice("SHP801", "unused-ignore", severity="warning")
def check() -> None:
    """A comment silences a rule that has nothing to say there.

    ## What it does
    Reports `# shapelint: ignore[…]` and `file-ignore[…]` that no finding needed, and `skip` where
    no model would be linted. It speaks only if the whole file was linted, and all models that are
    made of its classes.

    ## Why is this bad?
    The comment outlives its reason, and silences the next finding at that place.

    ## Example
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 4, 2, 1)  # shapelint: ignore[roundtrip-length] -- k3 s2 p1
    ```

    ## Use instead
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 4, 2, 1)
    ```

    ## Fix safety
    The fix removes the comment, or the rule from its list; it is safe.
    """
