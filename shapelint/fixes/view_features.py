"""``x.view(-1, 400)`` with the number of features that there are."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from shapelint.calls import call_at, replaced
from shapelint.fixes import Proposal, proposes
from shapelint.model import Edit
from shapelint.subject import Subject
from shapelint.trace import Node


@proposes("view-not-divisible", "linear-in-features")
def propose(subject: Subject) -> Iterator[Proposal]:
    """A view that flattens everything but the batch, by a wrong number."""
    for node in subject.base.nodes:
        features = _features(node)
        if features is None:
            continue
        patch = {"kind": "argument", "node": node.name, "name": "shape", "value": [-1, features]}
        edits = _written(subject, node, features)
        yield Proposal(
            f"{node.op}(-1, {features})",
            ({**patch, "position": 1, "rest": True},),
            "checkpoints still load",
            "unsafe",
            edits=(edits,) if edits else (),
        )


def _features(node: Node) -> int | None:
    """How many there are in each sample, if the view says another number."""
    if node.op not in ("view", "reshape") or not node.input_shapes:
        return None
    batch, *rest = node.input_shapes[0]
    if len(rest) < 1 or not batch.symbols or any(n.symbols for n in rest):
        return None
    features = math.prod(n.const for n in rest)
    shape = node.shapes[0] if node.shapes else ()
    wrong = len(shape) == 2 and not shape[1].symbols and shape[1].const != features
    return features if wrong else None


def _written(subject: Subject, node: Node, features: int) -> tuple[Edit, ...]:
    call = call_at(subject.files, node.span) if node.span else None
    if node.span is None or call is None or len(call.args) != 2:
        return ()
    first, last = call.args
    minus_one = isinstance(first, ast.UnaryOp) and ast.unparse(first) == "-1"
    return (replaced(node.span.path, last, str(features)),) if minus_one else ()
