"""``output_padding`` below what the layer refuses."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import Values, per_dim, proposal_of
from shapelint.subject import Subject


@proposes("invalid-output-padding")
def propose(subject: Subject) -> Iterator[Proposal]:
    """The largest value that the layer allows, for every layer that refuses the one it has."""
    values: Values = {}
    for failing in subject.failing("output-padding"):
        node = subject.node_of(failing)
        if node is None or not node.input_shapes:
            continue
        rank = len(node.input_shapes[0]) - 2
        given, s, d = (
            per_dim(node.attrs.get(name, default), rank)
            for name, default in (("output_padding", 0), ("stride", 1), ("dilation", 1))
        )
        most = [max(limits) - 1 for limits in zip(s, d)]
        values[node.name] = {"output_padding": [min(v, m) for v, m in zip(given, most)]}
    if values:
        yield proposal_of(subject, values)
