"""The smallest set of changed layers that makes a whole chain exact at ordinary sizes.

A beam search over the graph, in the order of execution. A candidate is a choice of parameters for
the convolutions so far, with the lengths it gives at a few ordinary sizes. It is dropped where
lengths that are joined differ. Of candidates with equal lengths of all tensors that are still used,
only the cheapest is kept. The answer is the cheapest one whose output is as long as the input.

A transposed convolution returns ``(n - 1)s - 2p + d(k - 1) + 1 + output_padding``, so a change
adds to its output; a convolution returns ``floor((n + 2p - d(k - 1) - 1)/s) + 1``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shapelint.fixes.parameters import Values, is_layer, per_dim
from shapelint.losses import structure_at
from shapelint.stages import level
from shapelint.subject import Subject
from shapelint.trace import Node, Shape, Trace

_SAMPLES = 3
_BEAM = 300
"""How many candidates are kept at each node: the cheapest."""

_JOINS = ("add", "cat", "div", "max_unpool", "mul", "stack", "sub", "where")

Lengths = tuple[int, ...]
"""Of one tensor along one axis, at each of the sample sizes."""


def smallest_combination(subject: Subject, parameters: Sequence[str]) -> Values:
    """The parameters to set, by node; empty if none needs to be, or if nothing helps.

    ``parameters`` are those that may change: ``output_padding``, ``padding``.
    """
    samples = subject.ordinary.sample(_SAMPLES, subject.base.hints)
    if not samples:
        return {}
    trace = structure_at(subject, samples[0]).trace
    found: Values = {}
    for symbol in subject.spatial:
        if not subject.structure.of(symbol):
            continue
        walk = _Walk(subject, trace, symbol, samples, parameters)
        best = walk.best()
        if best is None:
            return {}
        for name, (parameter, dim, value) in best.items():
            node = trace.nodes[walk.names[name]]
            given = per_dim(node.attrs.get(parameter, 0), len(node.shapes[0]) - 2)
            values = found.setdefault(name, {}).setdefault(parameter, given)
            values[dim] = value
    return found


@dataclass(frozen=True)
class _Candidate:
    """Some parameters set, and the lengths that follow."""

    cost: tuple[int, int] = (0, 0)
    """Layers changed, and by how much in all."""
    chosen: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    """By node: the parameter, the dim counted from the first spatial one, and the value."""
    lengths: Mapping[int, Lengths] = field(default_factory=dict)
    """By node, of the tensors that are still used and whose length has changed."""


class _Walk:
    """The graph along one axis."""

    def __init__(
        self,
        subject: Subject,
        trace: Trace,
        symbol: str,
        samples: Sequence[Mapping[str, int]],
        parameters: Sequence[str],
    ) -> None:
        self.subject, self.trace, self.symbol = subject, trace, symbol
        self.samples, self.parameters = samples, parameters
        self.names = {n.name: n.index for n in trace.nodes}
        self.dims = [_dim(n.shapes[0], symbol) if n.shapes else None for n in trace.nodes]
        self.last_use = {i: n.index for n in trace.nodes for i in n.inputs if i >= 0}

    def best(self) -> Mapping[str, tuple[str, int, int]] | None:
        """The choice of the cheapest candidate; None if none arrives."""
        beam = [_Candidate()]
        for node in self.trace.nodes:
            if self.dims[node.index] is None:
                continue
            following = (c for candidate in beam for c in self._through(node, candidate))
            beam = self._cheapest(following, node.index)
        arrived = (c for c in beam if self._arrives(c))
        best = min(arrived, key=lambda c: c.cost, default=None)
        return None if best is None else best.chosen

    def _cheapest(self, candidates: Iterator[_Candidate], index: int) -> list[_Candidate]:
        kept: dict[object, _Candidate] = {}
        for candidate in candidates:
            live = {i: n for i, n in candidate.lengths.items() if self._is_live(i, index)}
            key = tuple(sorted(live.items()))
            if key not in kept or candidate.cost < kept[key].cost:
                kept[key] = _Candidate(candidate.cost, candidate.chosen, live)
        return sorted(kept.values(), key=lambda c: c.cost)[:_BEAM]

    def _is_live(self, tensor: int, now: int) -> bool:
        return self.last_use.get(tensor, -1) > now or tensor in self.trace.results

    def _through(self, node: Node, candidate: _Candidate) -> Iterator[_Candidate]:
        """The candidates after one node; none if lengths that it joins differ."""
        incoming = [(i, self._lengths(i, candidate)) for i in node.inputs if self._has_axis(i)]
        if node.op in _JOINS and len({n for _, n in incoming}) > 1 and not self._stacks(node):
            return
        out = self._carried(node, incoming, candidate)
        if out is None:
            return
        yield self._with(candidate, node.index, out)
        if incoming and len(candidate.chosen) < len(self.trace.nodes):
            for parameter, dim, value, by in self._options(node, incoming[0][1]):
                moved = tuple(n + b for n, b in zip(out, by))
                if min(moved) >= 1:
                    cost = (candidate.cost[0] + 1, candidate.cost[1] + max(map(abs, by)))
                    chosen = {**candidate.chosen, node.name: (parameter, dim, value)}
                    yield self._with(_Candidate(cost, chosen, candidate.lengths), node.index, moved)

    def _has_axis(self, index: int) -> bool:
        return index >= 0 and self.dims[index] is not None

    def _stacks(self, node: Node) -> bool:
        """Whether the axis itself is what grows: then lengths need not agree."""
        dim, rank = node.attrs.get("dim", 0), len(node.shapes[0])
        return node.op == "cat" and isinstance(dim, int) and dim % rank == self.dims[node.index]

    def _with(self, candidate: _Candidate, index: int, lengths: Lengths) -> _Candidate:
        changed = lengths != self._usual(index)
        known = {**candidate.lengths, index: lengths} if changed else candidate.lengths
        return _Candidate(candidate.cost, candidate.chosen, known)

    def _usual(self, index: int) -> Lengths:
        dim = self.dims[index]
        assert dim is not None
        length = self.trace.nodes[index].shapes[0][dim]
        return tuple(length.at(sizes) for sizes in self.samples)

    def _lengths(self, index: int, candidate: _Candidate) -> Lengths:
        return candidate.lengths.get(index) or self._usual(index)

    def _carried(
        self, node: Node, incoming: Sequence[tuple[int, Lengths]], candidate: _Candidate
    ) -> Lengths | None:
        """The lengths of the result if no parameter of this node changes; None if not known."""
        usual = self._usual(node.index)
        moved = [(i, n) for i, n in incoming if n != self._usual(i)]
        if not moved:
            return usual
        dim = self.dims[node.index]
        assert dim is not None
        local = node.local[dim] if dim < len(node.local) else None
        if local is not None:
            first = incoming[0][1]
            return tuple(local.at({**s, "n": n}) for s, n in zip(self.samples, first))
        same = [n for i, n in moved if self._usual(i) == usual]
        return same[0] if same else usual if self._is_fixed(node) else None

    def _is_fixed(self, node: Node) -> bool:
        """Whether the length of the result is an argument, and does not follow from the input."""
        return node.op == "interpolate"

    def _options(
        self, node: Node, before: Lengths
    ) -> Iterator[tuple[str, int, int, tuple[int, ...]]]:
        """Other values of its parameters: name, dim, value, and how much longer the result is."""
        if not node.op.startswith("conv") or (not is_layer(node) and node.span is None):
            return
        axis = self.dims[node.index]
        assert axis is not None
        dim = axis - 2
        if dim < 0:
            return
        s, p, d, extra = node.convolution(dim)
        if not all(isinstance(v, int) for v in (s, p, d, extra)) or s == 1:
            return
        reach = d * (node.input_shapes[1][2 + dim].const - 1) if len(node.input_shapes) > 1 else 0
        if "output_padding" in self.parameters and node.op.startswith("conv_transpose"):
            for value in _near(extra, max(s, d) - 1):
                if value != extra:
                    yield "output_padding", dim, value, (value - extra,) * len(before)
        if "padding" in self.parameters:
            for value in _near(p, reach // 2 + 1):
                if value != p:
                    yield "padding", dim, value, _by_padding(node.op, before, (s, p, value), reach)

    def _arrives(self, candidate: _Candidate) -> bool:
        """Whether the output is as long as the input, where it should be."""
        if not self.subject.expects_roundtrip or self.subject.returned is None:
            return True
        if self.subject.returned >= len(self.trace.results):
            return False
        end = self.trace.results[self.subject.returned]
        wanted = tuple(sizes[self.symbol] for sizes in self.samples)
        return self._has_axis(end) and self._lengths(end, candidate) == wanted


def _near(given: int, most: int) -> range:
    """The values from 0 to ``most`` next to ``given``, as many as a beam can hold."""
    return range(max(0, given - _BEAM), min(most, given + _BEAM) + 1)


def _by_padding(op: str, before: Lengths, spv: tuple[int, int, int], reach: int) -> Lengths:
    """By how much another padding lengthens the result of a convolution."""
    s, p, value = spv
    if op.startswith("conv_transpose"):
        return (2 * (p - value),) * len(before)
    return tuple((n + 2 * value - reach - 1) // s - (n + 2 * p - reach - 1) // s for n in before)


def _dim(shape: Shape, symbol: str) -> int | None:
    """The dim that has the level of the symbol."""
    found = level(shape, symbol)
    return None if found is None else next(i for i, n in enumerate(shape) if n is found[1])
