"""Changes of resolution in a model, and which of them belong together.

The *level* of a tensor, for one input size such as ``H``, is the slope of its length in ``H``: 1/4
behind two stride-2 convolutions, whatever their rounding. A node that changes the level is a
*stage*: down in an encoder, up in a decoder. A down stage and the up stage that returns to the
level it left are a *pair*; what the pair does to the length is what a round trip depends on.

A *junction* is a node that joins lengths which must be equal: ``cat``, ``add``, unpooling with the
indices of an encoder's pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from shapelint.lengths.expr import Expr, symbol
from shapelint.trace import Node, Shape, Trace

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True)
class Stage:
    """A node that changes the level of one symbol."""

    node: Node
    symbol: str
    before: Expr
    """The length that goes in."""
    after: Expr
    """The length that comes out."""
    entered: Fraction
    """The level that goes in: 1 for the input, 1/2 behind one stride of 2."""
    left: Fraction
    """The level that comes out."""
    local: Expr | None
    """The map ``n -> n'``, in the symbol ``n``; None where it is not known."""

    @property
    def factor(self) -> Fraction:
        """How much longer it makes things: 1/2 for a stride of 2."""
        return self.left / self.entered

    @property
    def is_down(self) -> bool:
        """Whether it belongs to an encoder."""
        return self.factor < 1


@dataclass(frozen=True)
class Pair:
    """An encoder stage and the decoder stage that should undo it."""

    encoder: Stage
    decoder: Stage

    @property
    def symbol(self) -> str:
        """The input size it is about."""
        return self.encoder.symbol

    @property
    def is_exact(self) -> bool:
        """Whether the decoder returns the encoder's length for every size."""
        return self.encoder.before == self.decoder.after


@dataclass(frozen=True)
class Structure:
    """Stages and pairs of one run, for each spatial symbol, in the order of execution."""

    trace: Trace
    stages: tuple[Stage, ...]
    pairs: tuple[Pair, ...]

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The run as a graph: nodes by index, an edge wherever a result is used."""
        return _graph(self.trace)

    def of(self, symbol: str) -> tuple[Stage, ...]:
        """The stages of one symbol."""
        return tuple(s for s in self.stages if s.symbol == symbol)

    def deepest(self, symbol: str) -> Fraction:
        """The lowest level reached: 1/16 for a U-Net of four halvings."""
        return min([Fraction(1), *(s.left for s in self.of(symbol))])

    def above(self, index: int) -> set[int]:
        """A node and everything its result depends on."""
        import networkx as nx  # 12 MB: only models whose skips do not fit are asked for it

        return {index, *nx.ancestors(self.graph, index)}

    def stages_above(self, index: int) -> list[Stage]:
        """The stages that the result of a node has gone through."""
        above = self.above(index)
        return [s for s in self.stages if s.node.index in above]

    def fixed(self, symbol: str) -> tuple[Stage, Stage, Stage] | None:
        """The end of the encoder, and first and last stage of a decoder of a fixed size."""
        stages = self.of(symbol)
        behind = [s for s in stages if s.before.is_const]
        return (stages[-len(behind) - 1], behind[0], behind[-1]) if behind else None

    @cached_property
    def has_decoder(self) -> bool:
        """Whether something goes down and comes up again."""
        return bool(self.pairs)


def level(shape: Shape, symbol: str) -> tuple[Fraction, Expr] | None:
    """The level of a tensor for a symbol, and the length that has it.

    None if no dim depends on the symbol alone (it was flattened, pooled away or fixed).
    """
    for length in shape:
        if symbol in length.symbols:
            slope = length.slope(symbol)
            if slope:
                return slope, length
    return None


def counterpart(trace: Trace, rank: int, spatial: Sequence[str]) -> int | None:
    """The output that corresponds to the input: of its rank, if possible at its level.

    An input that is handed back untouched is none.
    """
    made = [n not in trace.inputs for n in trace.results]
    outputs = enumerate(zip(trace.outputs, made))
    same = [i for i, (shape, is_made) in outputs if is_made and len(shape) == rank]
    full = [i for i in same if all(_level_is_one(trace.outputs[i], s) for s in spatial)]
    return next(iter(full or same), None)


def _level_is_one(shape: Shape, symbol: str) -> bool:
    found = level(shape, symbol)
    return found is not None and found[0] == 1


def structure(trace: Trace, symbols: Sequence[str]) -> Structure:
    """Find the stages of every symbol, and pair them inside out."""
    open_ended = [s for node in trace.nodes for s in _stages_at(node, symbols)]
    fixed = [s for symbol in symbols for s in _fixed_stages(trace, symbol, open_ended)]
    stages = tuple(sorted([*open_ended, *fixed], key=lambda s: s.node.index))
    above = _stages_above(trace, stages)
    pairs = tuple(
        p for symbol in symbols for p in _pairs(above, [s for s in stages if s.symbol == symbol])
    )
    return Structure(trace, stages, tuple(sorted(pairs, key=lambda p: p.decoder.node.index)))


def _graph(trace: Trace) -> nx.DiGraph:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(n.index for n in trace.nodes)
    graph.add_edges_from((i, n.index) for n in trace.nodes for i in n.inputs if i >= 0)
    return graph


def _stages_at(node: Node, symbols: Sequence[str]) -> Iterator[Stage]:
    if not node.shapes or not any(i >= 0 for i in node.inputs):
        return
    first = next(k for k, i in enumerate(node.inputs) if i >= 0)
    for name in symbols:
        before = level(node.input_shapes[first], name)
        after = level(node.shapes[0], name)
        if before is None or after is None or before[0] == after[0]:
            continue
        local = _local(node, after[1])
        yield Stage(node, name, before[1], after[1], before[0], after[0], local)


def _fixed_stages(trace: Trace, symbol: str, stages: Sequence[Stage]) -> Iterator[Stage]:
    """The stages of a decoder behind linear layers, where no length depends on the input.

    It is taken to go on from the level at which the encoder ended, on the axis in that place.
    """
    own = [s for s in stages if s.symbol == symbol]
    if not own or not all(s.is_down for s in own):
        return
    shape, reached = own[-1].node.shapes[0], own[-1].left
    axis = next(i for i, n in enumerate(shape) if n is own[-1].after)
    length: Expr | None = None
    for node in trace.nodes[own[-1].node.index + 1 :]:
        dims = [s[axis] for s in (*node.input_shapes[:1], *node.shapes[:1]) if len(s) == len(shape)]
        if len(dims) < 2 or not all(n.is_const for n in dims) or length not in (None, dims[0]):
            continue
        longer = _lengthens(node, axis - 2)
        if longer is not None:
            factor = longer.slope("n") or 1
            yield Stage(node, symbol, dims[0], dims[1], reached, reached * factor, longer)
            reached *= factor
        if longer is not None or length is not None:
            length = dims[1]


def _lengthens(node: Node, dim: int) -> Expr | None:
    """``n -> (n - 1)s - 2p + d(k - 1) + 1 + output_padding`` of a transposed convolution."""
    if not node.op.startswith("conv_transpose") or dim < 0 or len(node.input_shapes) < 2:
        return None
    kernel = node.input_shapes[1][2 + dim]
    s, p, d, extra = node.convolution(dim)
    return (symbol("n") - 1) * s + (d * (kernel.const - 1) + 1 + extra - 2 * p) if s > 1 else None


def _local(node: Node, after: Expr) -> Expr | None:
    for length, local in zip(node.shapes[0], node.local):
        if length is after:
            return local
    return None


def _stages_above(trace: Trace, stages: Sequence[Stage]) -> list[int]:
    """For every node a set of node indices, as bits: the stages its result has gone through.

    One pass for all nodes; asking for the ancestors of every stage would be quadratic.
    """
    at_stage = {s.node.index for s in stages}
    above: list[int] = []
    for node in trace.nodes:
        bits = 1 << node.index if node.index in at_stage else 0
        for i in node.inputs:
            if i >= 0:
                bits |= above[i]
        above.append(bits)
    return above


def _pairs(above: Sequence[int], stages: Sequence[Stage]) -> Iterator[Pair]:
    """Match each up stage with the latest open down stage above it that left the level it reaches.

    Down stages deeper than the match are closed with it: the up stage spans them. Where no level
    fits (x4 after a stride of 2) the innermost open stage is the one that is not undone.
    """
    open_stages: list[Stage] = []
    for stage in stages:
        if stage.is_down:
            open_stages.append(stage)
            continue
        candidates = [s for s in open_stages if above[stage.node.index] >> s.node.index & 1]
        fitting = [s for s in candidates if s.entered == stage.left]
        matches = fitting or [s for s in candidates if s.left <= stage.entered]
        if not matches:
            continue
        match = matches[-1]
        yield Pair(match, stage)
        closed = {s.node.index for s in candidates if s.node.index >= match.node.index}
        open_stages = [s for s in open_stages if s.node.index not in closed]
