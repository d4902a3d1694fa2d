"""Resize the maps that come up from below to the skip they are joined with."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress

from shapelint.fixes import Proposal, proposes
from shapelint.model import Edit
from shapelint.source.calls import source_of
from shapelint.source.edits import Unwritable
from shapelint.source.forwards import functional, joined, wrapped
from shapelint.stages import level
from shapelint.subject import Subject
from shapelint.trace import Node

_JOINS = ("add", "cat", "mul", "sub")


@proposes("skip-length-mismatch", "silent-broadcast")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Fit the upsampled maps to the skip, wherever maps of one level are joined."""
    patches: list[dict[str, object]] = []
    edits: dict[Edit, None] = {}
    skips: set[str] = set()
    writable = True
    for node in subject.base.nodes:
        skip, fitted = _skip(subject, node), []
        for i, dims in _differing(subject, node, skip):
            fitted.append(i)
            patches.append(
                {"kind": "fit", "node": node.name, "argument": i, "like": skip, "dims": dims}
            )
        if fitted:
            written = _written(subject, node, skip, fitted)
            writable &= bool(written)
            edits.update(dict.fromkeys(edit for edit, _ in written))
            skips.update(name for _, name in written)
    if patches:
        what = skips.pop() if writable and len(skips) == 1 else "skip"
        yield Proposal(
            f"F.interpolate(y, size={what}.shape[2:]) before joining",
            tuple(patches),
            "checkpoints still load",
            "display",
            edits=(tuple(edits),) if writable else (),
        )


def _skip(subject: Subject, node: Node) -> int:
    """The argument that went through the fewest stages: the others come up from below."""
    if node.op not in _JOINS or len(node.inputs) < 2 or min(node.inputs) < 0:
        return -1
    above = (subject.structure.stages_above(i) for i in node.inputs)
    depths = [len({s.node.index for s in stages}) for stages in above]
    return depths.index(min(depths))


def _differing(subject: Subject, node: Node, skip: int) -> Iterator[tuple[int, list[int]]]:
    """The other arguments of the same level that may have other lengths, and the dims."""
    for i, shape in enumerate(node.input_shapes) if skip >= 0 else ():
        wanted = node.input_shapes[skip]
        if i == skip or len(shape) != len(wanted) or len(shape) < 3:
            continue
        levels = [(level(shape, s), level(wanted, s)) for s in subject.spatial]
        if all((a or (None,))[0] == (b or (None,))[0] for a, b in levels):
            dims = [d for d in range(2, len(shape)) if shape[d] != wanted[d]]
            if dims:
                yield i, dims


def _written(
    subject: Subject, node: Node, skip: int, fitted: Sequence[int]
) -> list[tuple[Edit, str]]:
    """The edits at the place where they are joined, with the name of the skip; or none."""
    if node.span is None:
        return []
    parts = joined(subject.files, node.span)
    if len(parts) != len(node.inputs):
        return []
    path, name = node.span.path, parts[skip]
    if not isinstance(name, (ast.Name, ast.Attribute, ast.Subscript)):
        return []
    with suppress(Unwritable):
        like = source_of(subject.files, path, name)
        call = f"{functional(subject.files, path)}.interpolate({{}}, size={like}.shape[2:])"
        return [(wrapped(subject.files, path, parts[i], call), like) for i in fitted]
    return []
