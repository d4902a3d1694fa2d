"""SHP803."""

from shapelint.rules import notice


@notice("SHP803", "unknown-rule", severity="warning")
def check() -> None:
    """A comment names a rule that does not exist.

    ## What it does
    Reports names and codes in `# shapelint: ignore[…]` and `file-ignore[…]` that no rule has, and
    comments for shapelint that are neither of these nor `skip`.

    ## Why is this bad?
    The comment does nothing.

    ## Example
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 3, 2, 1)  # shapelint: ignore[roundtrip-lenght]
    ```

    ## Use instead
    ```python
    self.up = nn.ConvTranspose1d(8, 1, 3, 2, 1)  # shapelint: ignore[roundtrip-length]
    ```
    """
