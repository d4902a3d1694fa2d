"""SHP301."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import place, short, whose


@rule("SHP301", "invalid-output-padding", severity="error")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """`output_padding` is not smaller than the stride or the dilation.

    ## What it does
    Checks transposed convolutions. PyTorch's CPU and CUDA kernels refuse an `output_padding` of
    `max(stride, dilation)` or more; the meta device does not, so a dry run does not show it.

    ## Why is this bad?
    `output_padding` chooses among the `stride` input lengths that a convolution maps to the same
    output length. There are no more than `stride` of them.

    ## Example
    ```python
    nn.ConvTranspose1d(8, 8, kernel_size=4, stride=1, padding=2, output_padding=1)
    ```

    ## Use instead
    ```python
    nn.ConvTranspose1d(8, 8, kernel_size=4, stride=1, padding=2)
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
    """
    for failing in subject.failing("output-padding"):
        node = subject.node_of(failing)
        attrs = node.attrs if node else {}
        yield check.diagnostic(
            f"output_padding={short(attrs.get('output_padding', 0))} is refused with "
            f"stride={short(attrs.get('stride', 1))}, dilation={short(attrs.get('dilation', 1))}",
            target=subject.target,
            span=place(node, subject.span),
            label=whose(node) if node else "",
            witness=subject.witness(failing.sizes),
        )
