"""``nn.LazyLinear``, where the number of features depends on the sizes of the input."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.fixes import Proposal, proposes
from shapelint.fixes.parameters import is_layer
from shapelint.model import Edit
from shapelint.source.calls import call_at, replaced, source_of
from shapelint.source.texts import Texts
from shapelint.subject import Subject
from shapelint.trace import Span


@proposes("linear-in-features", "view-not-divisible")
def propose(subject: Subject) -> Iterator[Proposal]:
    """Let the first layer that fails take the width of its first input."""
    for failing in subject.failing("features")[:1]:
        node, event = subject.node_of(failing), failing.event
        if node is None or event is None or node.op != "linear" or not is_layer(node):
            continue
        if event.lengths and event.lengths[0].symbols:
            edits = _written(subject.files, node.layer_span) if node.layer_span else ()
            yield Proposal(
                f"nn.LazyLinear for {node.module}",
                ({"kind": "lazy", "module": node.module},),
                "checkpoints still load",
                "display",
                edits=(edits,) if edits else (),
                lazy=True,
            )


def _written(files: Texts, span: Span) -> tuple[Edit, ...]:
    """``nn.Linear(400, 120)`` becomes ``nn.LazyLinear(120)``."""
    call = call_at(files, span)
    if call is None or any(isinstance(a, ast.Starred) for a in call.args):
        return ()
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    first = next((i for i, a in enumerate(arguments) if _is_features(a)), -1)
    if not 0 <= first < len(arguments) - 1 or not ast.unparse(call.func).endswith("Linear"):
        return ()
    lazy = source_of(files, span.path, call.func).removesuffix("Linear") + "LazyLinear"
    gap = Span(span.path, *_start(arguments[first]), *_start(arguments[first + 1]))
    return replaced(span.path, call.func, lazy), Edit(gap, "")


def _is_features(argument: ast.expr | ast.keyword) -> bool:
    """Whether it is ``in_features``: by name, or the first of those that have a position."""
    return not isinstance(argument, ast.keyword) or argument.arg == "in_features"


def _start(node: ast.expr | ast.keyword) -> tuple[int, int]:
    return node.lineno, node.col_offset + 1
