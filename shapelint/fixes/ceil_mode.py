"""``ceil_mode``: let the pools round the other way."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import changes_of, patch_of
from shapelint.subject import Subject


@proposes("residue-sensitive", "input-too-small", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Switch every pool of the encoder to the other rounding."""
    pools = {
        s.node.name: s.node
        for s in subject.structure.stages
        if s.is_down and s.node.op.startswith(("max_pool", "avg_pool"))
    }
    modes = {bool(n.attrs.get("ceil_mode", False)) for n in pools.values()}
    if len(modes) != 1:
        return
    value = not modes.pop()
    patches = tuple(patch_of(node, "ceil_mode", value) for node in pools.values())
    changes = changes_of(subject, "ceil_mode", {n: (node, value) for n, node in pools.items()})
    yield Proposal(f"ceil_mode={value}", patches, "checkpoints still load", "unsafe", changes)
