"""Where a round trip loses length: the first decoder stage that does not undo its encoder stage."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.explore.paths import Outcome, follow
from shapelint.lengths.expr import Sizes
from shapelint.model import Label
from shapelint.span import Span
from shapelint.stages import Pair, Stage, Structure, structure
from shapelint.subject import Subject
from shapelint.wording import related_layer

_LONGEST = 10
"""How many lengths of a chain are shown."""


@dataclass(frozen=True)
class Loss:
    """A decoder stage that returns another length than it should, at some sizes."""

    stage: Stage
    pair: Pair | None
    structure: Structure
    expected: int
    actual: int

    def related(self, otherwise: Span) -> tuple[Label, ...]:
        """The encoder stage that it should undo, if there is one, with its map."""
        return (related_layer(self.pair.encoder, otherwise),) if self.pair else ()


def structure_at(subject: Subject, sizes: Sizes) -> Structure:
    """The stages of the run that speaks for ``sizes``; of the base run if several share them."""
    for trace in subject.exploration.traces:
        if follow(trace, sizes)[0] is not Outcome.ELSEWHERE:
            return structure(trace, subject.spatial)
    return subject.structure


def first_loss(subject: Subject, sizes: Sizes) -> Loss | None:
    """The decoder stage to blame for what is lost at ``sizes``.

    It is the first, in the order of execution, with a wrong length. Right is what the paired
    encoder stage got. Where no encoder stage left exactly that level (one stride of 25 undone by
    two of 5) it is the input size times the level, if that is whole. A pair that returns the
    multiples of its stride is blamed last: its wrong length was wrong before. Of lengths that come
    back in the end nothing was lost.
    """
    found = structure_at(subject, sizes)
    pairs = {id(p.decoder): p for p in found.pairs}
    gaps = _gaps(subject, sizes)
    losses = list[Loss]()
    for stage in found.stages:
        if stage.is_down or (gaps and stage.symbol not in gaps):
            continue
        pair = pairs.get(id(stage))
        expected = _expected(stage, pair, sizes)
        actual = stage.after.at(sizes)
        if expected is not None and expected != actual:
            losses.append(Loss(stage, pair, found, expected, actual))
    own = (loss for loss in losses if not (loss.pair and _returns_multiples(loss.pair, sizes)))
    return next(own, losses[0] if losses else None)


def _returns_multiples(pair: Pair, sizes: Sizes) -> bool:
    """Whether it returns a multiple of its stride: the next one from the length that it got."""
    down, up, step = pair.encoder.local, pair.decoder.local, 1 / pair.encoder.factor
    if down is None or up is None or {*down.symbols, *up.symbols} != {"n"}:
        return False
    if step.denominator != 1:
        return False
    got = -(-pair.encoder.before.at(sizes) // step.numerator) * step.numerator
    return up.at({"n": down.at({"n": got})}) == got


def _expected(stage: Stage, pair: Pair | None, sizes: Sizes) -> int | None:
    if pair is not None and pair.encoder.entered == stage.left:
        return pair.encoder.before.at(sizes)
    ideal = sizes[stage.symbol] * stage.left
    return ideal.numerator if ideal.denominator == 1 else None


def first_gap(subject: Subject, sizes: Sizes) -> tuple[str, int]:
    """The first dim that comes back wrong at ``sizes``, and by how much; ``("", 0)`` if none."""
    return next(iter(_gaps(subject, sizes).items()), ("", 0))


def _gaps(subject: Subject, sizes: Sizes) -> dict[str, int]:
    """The dims that come back wrong at ``sizes``, and by how much."""
    shape, gaps = subject.result_at(sizes), dict[str, int]()
    for dim in subject.compared if shape else ():
        given, got = subject.inputs[0].dims[dim], shape[dim].at(sizes)
        wanted = sizes[given] if isinstance(given, str) else given
        if got != wanted:
            gaps.setdefault(str(given), got - wanted)
    return gaps


def shrinks_by_design(subject: Subject) -> bool:
    """Whether unpadded stride-1 convolutions shorten the result, as in the original U-Net.

    Ronneberger, Fischer, Brox, *U-Net: Convolutional Networks for Biomedical Image Segmentation*,
    2015: 572 x 572 in, 388 x 388 out.
    """
    net: dict[int, int] = {}
    for node in subject.base.nodes:
        if not (node.op.startswith("conv") or "pad" in node.op):
            continue
        for dim, local in enumerate(node.local):
            if local is not None and list(local.terms.values()) == [1] and local.slope("n") == 1:
                net[dim] = net.get(dim, 0) + local.const
    return any(total < 0 for total in net.values())


def lengths_note(subject: Subject, loss: Loss, sizes: Sizes, passing: Sizes) -> str:
    """``lengths: 12 -> 6 -> 11 (fails)    11 -> 6 -> 11 (fits)``: where it fails, and fits."""
    ways = [f"{_way(subject, loss, sizes)} (fails)"]
    ways += [f"{_way(subject, loss, passing)} (fits)"] if passing else []
    return f"lengths: {'    '.join(ways)}"


def _way(subject: Subject, loss: Loss, sizes: Sizes) -> str:
    """The length of the input, behind each stage, and of the output; shortened in the middle."""
    symbol, dims = loss.stage.symbol, subject.inputs[0].dims
    lengths = [sizes[symbol], *(s.after.at(sizes) for s in loss.structure.of(symbol))]
    shape = subject.result_at(sizes)
    end = shape[dims.index(symbol)].at(sizes) if shape and symbol in dims else lengths[-1]
    shown = [str(n) for n in (lengths if lengths[-1] == end else [*lengths, end])]
    return " -> ".join(shown if len(shown) <= _LONGEST else [*shown[:5], "...", *shown[-4:]])
