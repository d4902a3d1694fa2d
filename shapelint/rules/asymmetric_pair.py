"""SHP103."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.lengths.formulas import formula
from shapelint.losses import first_gap, first_loss, lengths_note
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import map_label, place, where


@rule("SHP103", "asymmetric-pair", severity="warning")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """A decoder stage does not undo its encoder stage, although the total happens to fit somewhere.

    ## What it does
    Checks models with an encoder and a decoder whose factors differ: the output grows faster or
    slower than the input, and equals it only at isolated sizes.

    ## Why is this bad?
    A bottleneck convolution without padding, undone by an upsampling with a factor, fits the one
    size it was written for. Trained at 64 it works; at 128 it reconstructs 320.

    ## Example
    ```python
    self.squeeze = nn.Conv2d(64, 16, 4)                  # 4 -> 1, but 8 -> 5
    self.expand = nn.Upsample(scale_factor=4)            # 1 -> 4, but 5 -> 20
    ```

    ## Use instead
    ```python
    self.expand = nn.ConvTranspose2d(16, 16, 4)          # n -> n + 3, the mirror of n -> n - 3
    ```
    """
    if subject.expects_roundtrip or subject.roundtrip is False or not subject.structure.has_decoder:
        return
    happens = subject.roundtrips
    others = subject.ordinary & subject.valid - happens
    if not happens or not others or not _same_channels(subject):
        return
    sizes = subject.witness(others)
    loss = first_loss(subject, sizes)
    if loss is None:
        return
    symbol = first_gap(subject, sizes)[0]
    passing = subject.near_miss(happens, sizes)
    output = subject.base.outputs[subject.returned or 0]
    lengths = ", ".join(
        formula(output[d]) for d in subject.compared if output[d].symbols & {symbol}
    )
    yield check.diagnostic(
        f"output has length {lengths} and equals the input only {where(happens)}",
        target=subject.target,
        span=place(loss.stage.node, subject.span),
        label=map_label(loss.stage),
        related=loss.related(subject.span),
        notes=(lengths_note(subject, loss, sizes, passing),),
        witness=sizes,
        passing=passing,
    )


def _same_channels(subject: Subject) -> bool:
    """Whether the output looks like the input: as many channels."""
    channels = subject.inputs[0].dims[1] if len(subject.inputs[0].dims) > 2 else None
    output = subject.base.outputs[subject.returned or 0]
    return isinstance(channels, int) and output[1] == channels
