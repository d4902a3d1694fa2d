"""``output_size=``: tell every decoder stage the length that its encoder stage got."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.stages import Pair
from shapelint.subject import Subject

_TAKES_OUTPUT_SIZE = ("conv_transpose", "max_unpool")


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Pass the encoder's input size to every paired decoder stage."""
    pairs = {p.decoder.node.module: p for p in subject.structure.pairs if _applies(p)}
    if not pairs:
        return
    patches = tuple(
        {"kind": "output_size", "module": decoder, "like": p.encoder.node.module}
        for decoder, p in pairs.items()
    )
    first = next(iter(pairs.values()))
    rank = len(first.decoder.node.shapes[0]) - 2
    size = "x.shape[-1:]" if rank == 1 else f"x.shape[-{rank}:]"
    where = "in forward" if len(pairs) == 1 else f"in forward, for {len(pairs)} layers"
    yield Proposal(f"output_size={size} {where}", patches, "checkpoints still load", "display")


def _applies(pair: Pair) -> bool:
    return (
        pair.decoder.node.op.startswith(_TAKES_OUTPUT_SIZE)
        and pair.encoder.entered == pair.decoder.left
        and bool(pair.encoder.node.module and pair.decoder.node.module)
    )
