"""``x.view(-1, 400)`` with the number of features that there are."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import Any

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import declared_length
from shapelint.model import Edit
from shapelint.source.calls import call_at, replaced, source_of
from shapelint.source.texts import Texts
from shapelint.subject import Subject
from shapelint.trace import Node


@proposes("view-not-divisible", "linear-in-features")
def propose(subject: Subject) -> Iterator[Proposal]:
    """A view that flattens everything but the batch, by a wrong number, or by one size's."""
    for node in subject.base.nodes:
        said, features = _said(node), _features(subject, node)
        if said is None or said == features:
            continue
        if features is None:
            title, patch = f"flatten(1) for {node.op}(-1, {said})", dict[str, Any](kind="flatten")
        else:
            title, patch = f"{node.op}(-1, {features})", _with_shape([-1, features])
        edits = tuple(_written(subject.files, node, features))
        yield Proposal(
            title,
            ({**patch, "node": node.name},),
            "checkpoints still load",
            "unsafe",
            edits=(edits,) if edits else (),
            leads_on=True,
        )


def _with_shape(shape: list[int]) -> dict[str, Any]:
    return {"kind": "argument", "name": "shape", "value": shape, "position": 1, "rest": True}


def _said(node: Node) -> int | None:
    """The number that the view says: ``view(-1, 400)`` of something of a higher rank."""
    if node.op not in ("view", "reshape") or not node.input_shapes or not node.shapes:
        return None
    before, after = node.input_shapes[0], node.shapes[0]
    is_flat = len(after) == 2 < len(before) and not after[1].symbols and before[0].symbols
    return after[1].const if is_flat else None


def _features(subject: Subject, node: Node) -> int | None:
    """How many there are in each sample; None if that depends on the size."""
    if not node.input_shapes:
        return None
    lengths = [declared_length(subject, n) for n in node.input_shapes[0][1:]]
    return None if None in lengths else math.prod(n for n in lengths if n is not None)


def _written(files: Texts, node: Node, features: int | None) -> Iterator[Edit]:
    call = call_at(files, node.span) if node.span else None
    if node.span is None or call is None or len(call.args) != 2:
        return
    first, last = call.args
    if not (isinstance(first, ast.UnaryOp) and ast.unparse(first) == "-1"):
        return
    if features is not None:
        yield replaced(node.span.path, last, str(features))
    elif isinstance(call.func, ast.Attribute):
        flat = f"{source_of(files, node.span.path, call.func.value)}.flatten(1)"
        yield replaced(node.span.path, call, flat)
