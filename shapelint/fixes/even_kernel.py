"""``kernel_size=2s, stride=s, padding=s/2``: the transposed convolution that multiplies by ``s``.

``(n - 1)s - 2(s/2) + (2s - 1) + 1 = s*n`` for even ``s``; an odd stride needs
``padding=ceil(s/2)`` and ``output_padding=1`` besides. For stride 2 it is the familiar 4/2/1.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.fixes import Change, Proposal, proposes
from shapelint.fixes.decoders import wrong_stages
from shapelint.fixes.parameters import changes_of, is_layer, per_dim
from shapelint.subject import Subject
from shapelint.trace import Node
from shapelint.wording import short


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch", "checkerboard-kernel")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Give every wrong decoder stage the kernel that doubles exactly."""
    patches, recipes = [], {}
    values: dict[str, dict[str, tuple[Node, object]]] = {}
    for wrong in wrong_stages(subject):
        node = wrong.stage.node
        if not is_layer(node):
            return
        stride = node.attrs.get("stride", 1)
        strides = stride if isinstance(stride, list) else [stride] * len(wrong.missing)
        if any(
            s % 2 or d != 1
            for s, d in zip(strides, per_dim(node.attrs.get("dilation", 1), len(strides)))
        ):
            return
        kernel, padding = [2 * s for s in strides], [s // 2 for s in strides]
        nothing = [0] * len(strides)
        given = {"kernel_size": kernel, "padding": padding, "output_padding": nothing}
        patches.append({"kind": "kernel", "module": node.module, **given})
        recipes[_recipe(strides)] = kernel
        for keyword, value in given.items():
            values.setdefault(keyword, {})[node.name] = (node, value)
    if patches:
        title = ", ".join(f"kernel_size={short(k)} ({r})" for r, k in recipes.items())
        changes = [c for word, given in values.items() for c in changes_of(subject, word, given)]
        kept = any(c.kept for c in changes)  # one call for all kernels: nothing can be written
        written: tuple[Change, ...] = () if kept else tuple(changes)
        yield Proposal(title, tuple(patches), "weights change shape", "display", written)


def _recipe(strides: list[int]) -> str:
    s = strides[0] if len(set(strides)) == 1 else None
    return f"k{2 * s} s{s} p{s // 2}" if s else "kernel 2s, padding s/2"
