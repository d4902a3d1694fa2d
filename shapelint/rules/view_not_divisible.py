"""SHP403."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import only, size_text


@rule("SHP403", "view-not-divisible", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A view, reshape or window needs sizes that divide, and some do not.

    ## What it does
    Checks `view`, `reshape`, `unflatten`, pixel shuffling and windowing: for which sizes the number
    of elements fits. It is an error if it fits for none, or not for a declared one.

    ## Why is this bad?
    Patch and window code is written for sizes that are multiples of the patch; any other raises
    `shape '[...]' is invalid for input of size ...`, or in the worst case mixes up rows.

    ## Example
    ```python
    x.view(b, c, h // 2, 2, w // 2, 2)                   # odd h or w: fails
    ```

    ## Use instead
    ```python
    x = F.pad(x, (0, w % 2, 0, h % 2))
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    seen = set()
    for failing in subject.blamed("view"):
        node = subject.node_of(failing)
        span = node.span if node and node.span else subject.span
        if span in seen:
            continue
        seen.add(span)
        sizes = subject.witness(failing.sizes)
        passing = subject.example(sizes)
        never = subject.never_works
        yield check.diagnostic(
            _message(subject),
            severity="error" if never or subject.declared else "warning",
            target=subject.target,
            span=span,
            label=f"fails at {size_text(subject.spatial_only(sizes))}",
            related=subject.callers(node),
            notes=(*subject.example_note(passing), *subject.comes_back_note()),
            witness=sizes,
            passing=passing,
        )


def _message(subject: Subject) -> str:
    if subject.never_works:
        return "no size fits this view"
    batch = {*subject.domain.symbols} - {*subject.spatial}
    if any(not part.is_universe and batch & {*part.symbols} for part in subject.valid.split()):
        return "mixes samples of a batch, or raises, unless each has as many elements as a row"
    return only("runs", subject.accepted)
