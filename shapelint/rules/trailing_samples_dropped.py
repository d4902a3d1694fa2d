"""SHP304."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.lengths.conditions import all_of, at_least
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.stages import Stage
from shapelint.subject import Subject
from shapelint.wording import map_label, place, where


@rule("SHP304", "trailing-samples-dropped", severity="info", enabled=False)
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A strided layer never looks at the last samples of some lengths.

    ## What it does
    Checks convolutions and pools with a stride: if the last window ends before the input does, what
    lies behind it has no influence on the result.

    ## Why is this bad?
    `Conv1d(k=2, s=2)` on 7 samples sees 6. In a classifier this is harmless; in a codec or a
    segmentation network the border is lost.

    ## Example
    ```python
    nn.MaxPool2d(2)                                      # 7 -> 3, the last row is not looked at
    ```

    ## Use instead
    ```python
    nn.MaxPool2d(2, ceil_mode=True)                      # 7 -> 4
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """
    seen = set()
    for stage in subject.structure.stages:
        dropped = _dropped(stage)
        if dropped is None or stage.node.module in seen:
            continue
        seen.add(stage.node.module)
        yield check.diagnostic(
            f"the last samples are not looked at {where(dropped)}",
            target=subject.target,
            span=place(stage.node, subject.span),
            label=map_label(stage),
        )


def _dropped(stage: Stage) -> SizeSet | None:
    """The lengths ``n`` of which a strided layer ignores the end; None if there are none.

    The last window ends at ``(m - 1)s + d(k - 1) + 1`` of ``n + 2p``; samples are dropped if more
    than ``p`` lie behind it.
    """
    attrs, node = stage.node.attrs, stage.node
    if stage.local is None or not stage.is_down or "stride" not in attrs:
        return None
    kernel = (
        node.input_shapes[1][2].const if node.op.startswith("conv") else attrs.get("kernel_size")
    )
    k, p, d = _first(kernel), _first(attrs.get("padding", 0)), _first(attrs.get("dilation", 1))
    if k is None or p is None or d is None:
        return None
    n, s = symbol("n"), _first(attrs["stride"]) or k
    end = (stage.local - 1) * s + d * (k - 1) + 1
    dropped = all_of((at_least(n + p, end + 1), at_least(n, k)))
    return SizeSet.of(dropped, ("n",)) or None


def _first(value: object) -> int | None:
    if isinstance(value, list):
        return _first(value[0]) if value else None
    return value if isinstance(value, int) else None
