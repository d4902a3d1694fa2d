"""SHP303."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.trace import Node
from shapelint.wording import place


@rule("SHP303", "checkerboard-kernel", severity="info", enabled=False)
def check(subject: Subject) -> Iterator[Diagnostic]:
    """The kernel of a transposed convolution is not divisible by its stride.

    ## What it does
    Checks transposed convolutions with a stride of 2 or more.

    ## Why is this bad?
    Where `kernel_size % stride != 0`, neighbouring outputs are sums of different numbers of terms:
    with k3 s2 every other pixel gets twice as many. Networks have to learn to even it out, and
    usually leave a checkerboard.

    ## Example
    ```python
    nn.ConvTranspose2d(64, 32, kernel_size=3, stride=2, padding=1, output_padding=1)
    ```

    ## Use instead
    ```python
    nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1)
    ```

    ## References
    - Odena, Dumoulin, Olah, "Deconvolution and Checkerboard Artifacts", Distill, 2016,
      https://distill.pub/2016/deconv-checkerboard/
    """
    seen = set()
    for node in subject.base.nodes:
        uneven = list(_uneven(node))
        if not uneven or node.module in seen:
            continue
        seen.add(node.module)
        kernel, stride = uneven[0]
        yield check.diagnostic(
            f"kernel {kernel} is not a multiple of stride {stride}: outputs overlap unevenly",
            target=subject.target,
            span=place(node, subject.span),
            label=f"{kernel} % {stride} = {kernel % stride}",
        )


def _uneven(node: Node) -> Iterator[tuple[int, int]]:
    """Kernel and stride of every dim in which they do not divide."""
    if not node.op.startswith("conv_transpose") or len(node.input_shapes) < 2:
        return
    kernel = [k.const for k in node.input_shapes[1][2:]]
    stride = node.attrs.get("stride", 1)
    strides = stride if isinstance(stride, list) else [stride] * len(kernel)
    for k, s in zip(kernel, strides):
        if s > 1 and k % s:
            yield k, s
