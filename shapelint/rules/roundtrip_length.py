"""SHP101."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.explore.paths import Outcome
from shapelint.lengths.formulas import formula
from shapelint.lengths.sets import SizeSet
from shapelint.losses import Loss, first_gap, first_loss, lengths_note, shrinks_by_design
from shapelint.model import Diagnostic
from shapelint.rules import rule
from shapelint.subject import Subject
from shapelint.wording import (
    difference,
    every,
    for_sizes,
    map_label,
    place,
    size_text,
)


def breaks_ordinary_sizes(subject: Subject) -> bool:
    """Whether the output should be as long as the input, and no ordinary size comes back."""
    if not subject.stages_should_pair:
        return False
    if subject.never_works or not subject.ordinary:
        return False
    if subject.roundtrip is None and shrinks_by_design(subject):
        return False
    if subject.valid.window is not None and not subject.ordinary & subject.valid:
        return False  # none runs among the small sizes that were looked at, so none was seen
    return not subject.ordinary & subject.roundtrips


@rule("SHP101", "roundtrip-length", severity="error")
def check(subject: Subject) -> Iterator[Diagnostic]:
    """Output length differs from input length at every ordinary size.

    ## What it does
    Checks encoder-decoder models (autoencoders, U-Nets, codecs) for which no ordinary size comes
    back with the length it had. Ordinary sizes are the multiples of the total downsampling factor,
    which people feed, or what `lengths` in the config say: `F % 8 == 1` for a video model that is
    meant for 8k + 1 frames. The first decoder stage that does not undo its encoder stage is blamed;
    one that returns the multiples of its stride only if all do.

    ## Why is this bad?
    A transposed convolution with the parameters of a convolution does not undo it:
    `Conv1d(k, s, p, d)` maps `L` to `floor((L + 2p - d(k - 1) - 1)/s) + 1`, its transposed
    counterpart returns `L - r + output_padding` with `r = (L + 2p - d(k - 1) - 1) mod s`. For k3 s2
    p1 every even length comes back one shorter, and a loss against the input fails, or worse,
    broadcasts.

    ## Example
    ```python
    self.enc = nn.Conv1d(1, 8, kernel_size=3, stride=2, padding=1)
    self.dec = nn.ConvTranspose1d(8, 1, kernel_size=3, stride=2, padding=1)
    ```

    ## Use instead
    ```python
    self.dec = nn.ConvTranspose1d(8, 1, kernel_size=3, stride=2, padding=1, output_padding=1)
    ```

    ## Fix safety
    `output_padding` serves one residue class of the length: what it repairs and what it breaks is
    printed beside it. `output_size=` serves every length.

    ## References
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
    """
    if not breaks_ordinary_sizes(subject):
        return
    running = subject.ordinary & subject.valid
    sizes = subject.witness(running or subject.ordinary)
    loss = first_loss(subject, sizes)
    passing = subject.near_miss(subject.roundtrips, sizes)
    yield check.diagnostic(
        _message(subject, sizes, running),
        target=subject.target,
        span=place(loss.stage.node if loss else subject.node_raising(sizes), subject.span),
        label=map_label(loss.stage) if loss else "",
        related=loss.related(subject.span) if loss else (),
        notes=_notes(subject, sizes, passing, loss),
        witness=sizes,
        passing=passing,
    )


def _message(subject: Subject, sizes: dict[str, int], running: SizeSet) -> str:
    if subject.outcome(sizes) is Outcome.FAILS:
        return f"no ordinary size comes back: {for_sizes(subject.ordinary)} raises an error"
    symbol, gap = first_gap(subject, sizes)
    shape = subject.result_at(sizes)
    formulas = ", ".join(formula(shape[d]) for d in subject.compared[1:] if shape)
    if subject.constant_gap(symbol, gap):
        where = every(running.project((symbol,)))
        return f"output is {difference(gap)} than the input for {where}"
    return f"output has length {formulas}: no {for_sizes(subject.ordinary)} comes back"


def _notes(
    subject: Subject, sizes: dict[str, int], passing: dict[str, int], loss: Loss | None
) -> tuple[str, ...]:
    lengths = [lengths_note(subject, loss, sizes, passing)] if loss else []
    comes_back = for_sizes(subject.roundtrips) if subject.roundtrips else "no size"
    example = f", for example {size_text(subject.spatial_only(passing))}" if passing else ""
    return (*lengths, f"comes back: {comes_back}{example}")
