"""Pad the input where no multiple comes back, and no padding of the layers helps.

So an encoder and a decoder without padding come back at ``L % 256 == 84``, say, and at no other.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.combination import smallest_combination
from shapelint.fixes.pad_to_multiple import Steps, axes_of, padded_to
from shapelint.lengths.conditions import all_of, at_least, divides
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet
from shapelint.subject import Subject


@proposes("roundtrip-length")
def propose(subject: Subject) -> Iterator[Proposal]:
    """If all lengths with one residue come back, others do as the next one of them does."""
    axes, least = axes_of(subject), subject.roundtrips.lexmin()
    if len(axes) != 1 or not least or smallest_combination(subject, ["output_padding", "padding"]):
        return
    (name,) = axes
    step = subject.granularity(name)
    steps = divides(step, symbol(name) - least[name] % step)
    far = at_least(symbol(name), least[name])
    lengths = subject.domain & SizeSet.of(all_of((steps, far)), subject.domain.symbols)
    if lengths and lengths <= subject.roundtrips:
        yield padded_to(subject, Steps.starting([step], [least[name]]))
