"""SHP402."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import place, whose


@rule("SHP402", "channel-mismatch", severity="error")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A layer gets another number of channels than it was built for.

    ## What it does
    Checks convolutions, normalisations and other layers with a fixed number of channels.

    ## Why is this bad?
    It raises at every size. The usual cause is a decoder block that is built for the concatenated
    width and called without the skip, or the other way round.

    ## Example
    ```python
    self.dec3 = UpBlock(512 + 512, 256)
    x = self.dec3(x)                                     # x has 512 channels
    ```

    ## Use instead
    ```python
    self.dec3 = UpBlock(512, 256)
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """
    for failing in subject.blamed("channels"):
        node, event = subject.node_of(failing), failing.event
        assert event is not None
        got, wanted = (*event.lengths, None, None)[:2]
        yield check.diagnostic(
            f"gets {got} channels, was built for {wanted}",
            severity="error" if subject.never_works or subject.declared else "warning",
            target=subject.target,
            span=place(node, subject.span),
            label=whose(node) if node else "",
            related=subject.callers(node),
            witness=subject.witness(failing.sizes),
        )
