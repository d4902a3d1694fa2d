"""SHP305."""

from __future__ import annotations

from shapelint.facts import Problem
from shapelint.model import Diagnostic
from shapelint.rules import notice
from shapelint.trace import Span


@notice("SHP305", "same-padding-with-stride", severity="error")
def check() -> None:
    """`padding='same'` is combined with a stride.

    ## What it does
    Reports convolutions that PyTorch refuses to build.

    ## Why is this bad?
    "Same" promises an output as long as the input, which a stride cannot keep. Other frameworks
    define `same` with a stride as `ceil(L / stride)`; PyTorch raises
    `padding='same' is not supported for strided convolutions`.

    ## Example
    ```python
    nn.Conv2d(3, 8, kernel_size=3, stride=2, padding="same")
    ```

    ## Use instead
    ```python
    nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)  # ceil(L / 2) for odd kernels
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """


def refused(problem: Problem, target: str, otherwise: Span) -> Diagnostic | None:
    """The diagnostic for a constructor that failed for this reason, else None."""
    if "padding='same' is not supported for strided convolutions" not in problem.text:
        return None
    at = Span.at_line(problem.path, problem.line) if problem.line else otherwise
    return check.diagnostic(
        "padding='same' with a stride: PyTorch does not build this layer",
        target=target,
        span=at,
        error=problem.text,
    )
