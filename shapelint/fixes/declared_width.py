"""The number of features or channels that a layer gets instead of the one it was built for."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import changes_of, declared_length, is_layer
from shapelint.subject import Subject

_PATCHES = {
    "linear": ("linear", "in_features"),
    "conv1d": ("channels", "in_channels"),
    "conv2d": ("channels", "in_channels"),
    "conv3d": ("channels", "in_channels"),
    "conv_transpose1d": ("channels", "in_channels"),
    "conv_transpose2d": ("channels", "in_channels"),
    "conv_transpose3d": ("channels", "in_channels"),
}


@proposes("linear-in-features", "view-not-divisible", "channel-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Build the first layer that fails with the width that it gets."""
    for failing in subject.failing("features", "channels")[:1]:
        node, event = subject.node_of(failing), failing.event
        if node is None or event is None or node.op not in _PATCHES or not event.lengths:
            continue
        kind, keyword = _PATCHES[node.op]
        got = declared_length(subject, event.lengths[0])
        if got is None or not is_layer(node):
            continue
        patch = {"kind": kind, "module": node.module, keyword: got}
        changes = changes_of(subject, keyword, {node.name: (node, got)})
        title = f"{keyword}={got} in {node.module}"
        yield Proposal(title, (patch,), "weights change shape", "display", changes)
