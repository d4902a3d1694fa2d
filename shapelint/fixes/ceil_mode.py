"""``ceil_mode``: let the pools round the other way."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Change, Proposal, proposes
from shapelint.fixes.output_padding import one_per_call
from shapelint.subject import Subject


@proposes("residue-sensitive", "input-too-small", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Switch every pool of the encoder to the other rounding."""
    pools = {
        s.node.module: s.node
        for s in subject.structure.stages
        if s.is_down and s.node.module_type.startswith(("MaxPool", "AvgPool"))
    }
    modes = {bool(n.attrs.get("ceil_mode", False)) for n in pools.values()}
    if len(modes) != 1:
        return
    value = not modes.pop()
    patches = tuple(
        {"kind": "attr", "module": m, "name": "ceil_mode", "value": value} for m in pools
    )
    changes = [
        Change(n.layer_span, "ceil_mode", str(value)) for n in pools.values() if n.layer_span
    ]
    yield Proposal(
        f"ceil_mode={value}", patches, "checkpoints still load", "unsafe", one_per_call(changes)
    )
