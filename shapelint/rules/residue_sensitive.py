"""SHP102."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.losses import Loss, first_loss, lengths_note, shrinks_by_design
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.rules.roundtrip_length import breaks_ordinary_sizes
from shapelint.subject import Subject
from shapelint.wording import (
    map_label,
    place,
    size_text,
    where,
)


@rule("SHP102", "residue-sensitive", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """Output length equals input length for some sizes that run, and not for others.

    ## What it does
    Checks encoder-decoder models that give back ordinary sizes (multiples of the total downsampling
    factor) but not all sizes at which they run. With declared sizes it is an error if one of them
    does not come back.

    ## Why is this bad?
    The model runs at the odd size without complaint and returns something one pixel off. The error
    shows up later, in a loss, in a metric or not at all.

    ## Example
    ```python
    self.pool = nn.MaxPool2d(2, ceil_mode=True)          # 33 -> 17
    self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)      # 17 -> 34
    ```

    ## Use instead
    Pad the input to the next multiple and crop the output, or pass `output_size=`:
    ```python
    y = self.up(h, output_size=x.shape[-2:])
    ```

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """
    wrong = subject.valid - subject.roundtrips if _is_about(subject) else None
    if not wrong:
        return
    sizes = subject.witness(wrong)
    loss = first_loss(subject, sizes)
    passing = subject.near_miss(subject.roundtrips, sizes)
    yield check.diagnostic(
        f"output is as long as the input only {where(subject.roundtrips)}",
        severity="error" if subject.declared or subject.roundtrip else "warning",
        target=subject.target,
        span=place(loss.stage.node, subject.span) if loss else subject.span,
        label=map_label(loss.stage) if loss else "",
        related=loss.related(subject.span) if loss else (),
        notes=_notes(sizes, passing, loss, subject),
        witness=sizes,
        passing=passing,
        evidence="checked" if wrong.window else "proven",
    )


def _is_about(subject: Subject) -> bool:
    """Whether ordinary sizes come back, and nothing else says which others do not."""
    if not subject.stages_should_pair or breaks_ordinary_sizes(subject):
        return False
    if not subject.declared and subject.failing("match", "view"):
        return False  # sizes that raise: the finding about them says which come back
    if subject.roundtrip is not None:
        return True
    return bool(subject.roundtrips and not subject.mirrored and not shrinks_by_design(subject))


def _notes(
    sizes: dict[str, int], passing: dict[str, int], loss: Loss | None, subject: Subject
) -> tuple[str, ...]:
    if loss is not None:
        return (lengths_note(subject, loss, sizes, passing),)
    shape = tuple(length.at(sizes) for length in subject.result_at(sizes))
    return (f"at {size_text(sizes)} the output is {shape}",)
