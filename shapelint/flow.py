"""How a length changes through a model at one size, and the modules a finding is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from shapelint.explore.paths import Outcome, follow
from shapelint.lengths.expr import Sizes
from shapelint.losses import structure_at
from shapelint.model import Label
from shapelint.stages import Stage
from shapelint.subject import Subject
from shapelint.trace import Node, Span
from shapelint.wording import place, size_text, whose


def flow(subject: Subject, sizes: Sizes) -> tuple[Label, ...]:
    """The input, every change of resolution, and the call that raises, with the lengths there.

    Empty if no single run speaks for ``sizes``.
    """
    found = structure_at(subject, sizes)
    outcome, event = follow(found.trace, sizes)
    if outcome is Outcome.ELSEWHERE:
        return ()
    end = event.node if event is not None else len(found.trace.nodes)
    start = Label(subject.span, f"input: {size_text(subject.spatial_only(sizes))}")
    stages = [s for s in found.stages if s.node.index < end]
    raises = [
        Label(place(n, subject.span), f"{_called(n)} raises") for n in found.trace.nodes[end:][:1]
    ]
    return (start, *_steps(subject, stages, sizes), *raises)


def _steps(subject: Subject, stages: Iterable[Stage], sizes: Sizes) -> Iterator[Label]:
    for _, group in groupby(stages, key=lambda stage: stage.node.index):
        at_node = list(group)
        changes = (f"{s.symbol}: {s.before.at(sizes)} -> {s.after.at(sizes)}" for s in at_node)
        node = at_node[0].node
        yield Label(place(node, subject.span), f"{_called(node)}, {', '.join(changes)}")


def _called(node: Node) -> str:
    """``dec (ConvTranspose1d)``, or ``cat in up.0 (Block)`` for a call in a ``forward``."""
    is_layer = node.layer_span is not None or node.op.replace("_", "") == node.module_type.lower()
    return whose(node) if is_layer or not node.module else f"{node.op} in {whose(node)}"


def modules_at(subject: Subject, spans: Iterable[Span]) -> tuple[str, ...]:
    """The paths of the modules that stand at places in the source; each once."""
    nodes = [n for trace in subject.exploration.traces for n in trace.nodes]
    named: dict[Span, str] = {}
    for node in nodes:
        for span, name in _places(node):
            named.setdefault(span, name)
    return tuple(dict.fromkeys(named[span] for span in spans if span in named))


def _places(node: Node) -> Iterator[tuple[Span, str]]:
    """A layer is known by its path; a call in ``forward`` also by its operation."""
    if node.layer_span is not None:
        yield node.layer_span, node.module
    elif node.span is not None:
        yield node.span, f"{node.module}.{node.op}".lstrip(".")
