"""What a picture of a model shows: inputs, changes of resolution, junctions and outputs.

Everything between two of them keeps the lengths and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Literal

from shapelint.lengths.formulas import formula
from shapelint.model import Examination, Input
from shapelint.stages import Pair, Stage, Structure, level, structure
from shapelint.text.details import evidence, sizes_known
from shapelint.trace import Node, Shape, Trace
from shapelint.wording import whose

Kind = Literal["input", "down", "up", "inexact", "join", "output", "failure"]
"""``inexact`` is an up stage that does not return what its encoder stage got, for all sizes."""


@dataclass(frozen=True)
class Box:
    """A part of the model that is shown."""

    key: str
    lines: tuple[str, ...]
    """What stands in it, the name first."""
    depth: int
    """0 at the resolution of the input, more the lower the resolution is."""
    kind: Kind


@dataclass(frozen=True)
class Edge:
    """A result that passes from one box to another, given by their positions."""

    source: int
    target: int

    @property
    def skips(self) -> bool:
        """Whether it skips other boxes."""
        return self.target - self.source > 1


@dataclass(frozen=True)
class Diagram:
    """Boxes in the order of execution, and what connects them."""

    title: str
    facts: tuple[str, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def diagram(seen: Examination) -> Diagram:
    """The picture of a model that was examined; without boxes if there was no run."""
    report, trace = seen.report, seen.trace
    facts = (*sizes_known(report), evidence(report))
    if trace is None:
        return Diagram(report.target, facts, (), ())
    symbols = _spatial(report.inputs)
    found = structure(trace, symbols)
    boxes = dict(_boxes(found, seen.junctions, symbols))
    nodes = sorted(boxes)
    ends = _ends(trace, symbols)
    shown = (*(boxes[n] for n in nodes), *(box for _, box in ends))
    return Diagram(report.target, facts, shown, tuple(_edges(trace, nodes, ends)))


def _spatial(inputs: Iterable[Input]) -> tuple[str, ...]:
    """The symbols of all dims but the batch."""
    dims = (d for i in inputs for d in (i.dims[1:] if len(i.dims) > 1 else i.dims))
    return tuple(dict.fromkeys(d for d in dims if isinstance(d, str)))


def _boxes(
    found: Structure, junctions: Iterable[int], symbols: tuple[str, ...]
) -> Iterator[tuple[int, Box]]:
    """Inputs, junctions, stages and what raised, by node; of two for a node the last one counts."""
    nodes = found.trace.nodes
    for index in found.trace.inputs:
        lines = (nodes[index].name, _written(nodes[index].shapes))
        yield index, Box(f"n{index}", lines, 0, "input")
    for index in junctions:
        lines = (_called(nodes[index]), f"-> {_written(nodes[index].shapes)}")
        yield index, Box(f"n{index}", lines, _depth(nodes[index].shapes, symbols), "join")
    pairs = {(p.decoder.node.index, p.symbol): p for p in found.pairs}
    for index, group in groupby(found.stages, key=lambda stage: stage.node.index):
        yield index, _stage_box(list(group), pairs, symbols)
    failure = found.trace.failure
    if failure is not None and failure.node >= 0:
        node = nodes[failure.node]
        depth = _depth(node.input_shapes, symbols)
        yield node.index, Box(f"n{node.index}", (_called(node), "raises"), depth, "failure")


def _stage_box(
    stages: list[Stage], pairs: dict[tuple[int, str], Pair], symbols: tuple[str, ...]
) -> Box:
    node = stages[0].node
    changes = (f"{s.symbol}: {formula(s.before)} -> {formula(s.after)}" for s in stages)
    undone = [p for s in stages if (p := pairs.get((node.index, s.symbol)))]
    marks = list(dict.fromkeys(_mark(pair) for pair in undone))
    exact = all(pair.is_exact for pair in undone)
    kind: Kind = "down" if stages[0].is_down else "up" if exact else "inexact"
    depth = _depth(node.shapes, symbols)
    return Box(f"n{node.index}", (_called(node), *changes, *marks), depth, kind)


def _mark(pair: Pair) -> str:
    layer = pair.encoder.node.module or pair.encoder.node.op
    if pair.is_exact:
        return f"undoes {layer}"
    return (
        f"undoes {layer} only where {formula(pair.decoder.after)} = {formula(pair.encoder.before)}"
    )


def _called(node: Node) -> str:
    return whose(node) if node.layer_span is not None else node.op


def _ends(trace: Trace, symbols: tuple[str, ...]) -> list[tuple[int, Box]]:
    """The outputs with the nodes that they come from."""
    return [
        (node, Box(f"out{i}", ("output", _written([shape])), _depth([shape], symbols), "output"))
        for i, (shape, node) in enumerate(zip(trace.outputs, trace.results, strict=True))
    ]


def _edges(trace: Trace, shown: list[int], ends: Iterable[tuple[int, Box]]) -> Iterator[Edge]:
    """From every box to the next ones; calls that are not shown pass on what they got."""
    position = {node: i for i, node in enumerate(shown)}
    comes_from: dict[int, tuple[int, ...]] = {-1: ()}
    for node in trace.nodes:
        sources = tuple(dict.fromkeys(s for i in node.inputs for s in comes_from[i]))
        comes_from[node.index] = sources
        if node.index in position:
            yield from (Edge(source, position[node.index]) for source in sources)
            comes_from[node.index] = (position[node.index],)
    for number, (result, _) in enumerate(ends, len(shown)):
        yield from (Edge(source, number) for source in comes_from[result])


def _depth(shapes: Iterable[Shape], symbols: tuple[str, ...]) -> int:
    """How often the resolution was halved, rounded; where no length is left, as at the input."""
    levels = [found[0] for s in shapes for x in symbols if (found := level(s, x))]
    return _halvings(min(levels)) if levels else 0


def _halvings(slope: Fraction) -> int:
    """The exponent of the power of two nearest below 1/slope; 0 above the input's resolution."""
    return max(0, int(1 / slope).bit_length() - 1) if slope > 0 else 0


def _written(shapes: Iterable[Shape]) -> str:
    return ", ".join(f"({', '.join(map(formula, shape))})" for shape in shapes)
