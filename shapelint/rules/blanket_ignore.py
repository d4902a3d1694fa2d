"""SHP802."""

from shapelint.rules import notice


@notice("SHP802", "blanket-ignore", severity="warning")
def check() -> None:
    """A comment silences all rules instead of one.

    ## What it does
    Reports `# shapelint: ignore` and `# shapelint: file-ignore` without a list of rules. They
    silence every finding all the same.

    ## Why is this bad?
    It hides findings that nobody has seen yet.

    ## Example
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 3, 2, 1)  # shapelint: ignore
    ```

    ## Use instead
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 3, 2, 1)  # shapelint: ignore[roundtrip-length] -- odd L only
    ```
    """
