"""Pad or crop one side of every junction to the other."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.stages import level
from shapelint.subject import Subject
from shapelint.trace import Node


@proposes("skip-length-mismatch", "silent-broadcast")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Fit the upsampled map to the skip, at every junction of two maps."""
    patches = [
        {"kind": "fit", "node": node.name, "argument": deep, "like": skip, "dims": dims}
        for node in subject.base.nodes
        if (sides := _sides(subject, node)) is not None
        for deep, skip, dims in [sides]
    ]
    if patches:
        call = "F.pad(y, ...) or F.interpolate(y, size=skip.shape[2:])"
        yield Proposal(
            f"{call} before joining", tuple(patches), "checkpoints still load", "display"
        )


def _sides(subject: Subject, node: Node) -> tuple[int, int, list[int]] | None:
    """Which argument comes up from below, which is the skip, and the dims in which they differ.

    None if the node joins no two maps of the same level.
    """
    if node.op not in ("cat", "add", "mul", "sub") or len(node.inputs) != 2:
        return None
    a, b = node.input_shapes
    if len(a) != len(b) or min(node.inputs) < 0 or a[2:] == b[2:] or len(a) < 3:
        return None
    if not all((level(a, s) or (None,))[0] == (level(b, s) or (None,))[0] for s in subject.spatial):
        return None
    deep = 0 if _is_deeper(subject, node.inputs[0], node.inputs[1]) else 1
    return deep, 1 - deep, [d for d in range(2, len(a)) if a[d] != b[d]]


def _is_deeper(subject: Subject, left: int, right: int) -> bool:
    """Whether the left side went through more stages than the right one."""
    return subject.stages_above(left) > subject.stages_above(right)
