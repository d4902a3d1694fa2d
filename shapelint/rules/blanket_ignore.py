"""SHP802."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject


@rule("SHP802", "blanket-ignore", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
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
    yield from ()  # found in the comments of a file: there is no model to look at
