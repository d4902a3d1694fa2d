"""One model as the rules see it: what is known about its sizes, its stages, and its source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from shapelint.explore.exploration import Exploration
from shapelint.explore.paths import Failing, Outcome, refused, set_of, wants_values
from shapelint.lengths.conditions import all_of, equal
from shapelint.lengths.expr import Expr, Sizes, as_expr, symbol
from shapelint.lengths.sets import SizeSet
from shapelint.model import Input, Label
from shapelint.ordinary import ordinary_sizes
from shapelint.outputs import Outputs
from shapelint.source.texts import Texts
from shapelint.stages import Stage, Structure, level, structure
from shapelint.trace import Node, Shape, Span, Trace
from shapelint.wording import size_text

if TYPE_CHECKING:
    from shapelint.contracts import Promise


@dataclass(frozen=True)
class Subject:
    """Everything a rule may ask about one target."""

    target: str
    exploration: Exploration
    inputs: tuple[Input, ...]
    span: Span
    """Where the target itself is defined; for findings that have no better place."""
    declared: bool = False
    """Whether the user declared the domain: then every breach is an error."""
    roundtrip: bool | None = None
    """The contract: True if the output length must equal the input length; None: look and see."""
    files: Texts = field(default_factory=Texts, compare=False)
    """The source that it was built from."""
    promises: tuple[Promise, ...] = ()
    """The annotated shapes of the outputs."""
    promised_at: Span | None = None
    """Where they are written."""
    forward: tuple[str, int] = ("", 0)
    """File and line where the model's own ``forward`` is defined, decorators included."""

    @property
    def base(self) -> Trace:
        """The run that most sizes resemble."""
        return self.exploration.base

    @property
    def domain(self) -> SizeSet:
        """The sizes the user cares about."""
        return self.exploration.domain

    @property
    def valid(self) -> SizeSet:
        """The sizes at which it runs."""
        return self.exploration.valid

    @cached_property
    def accepted(self) -> SizeSet:
        """The sizes that run, or of which no more is known than how far they get."""
        if not self.exploration.unexplored:
            return self.valid
        return self.domain - self.all_of(self.exploration.failures)

    @cached_property
    def structure(self) -> Structure:
        """Stages and pairs of the base run."""
        return structure(self.base, self.spatial)

    @cached_property
    def spatial(self) -> tuple[str, ...]:
        """The symbols other than the batch, which is found only as the first of several dims."""
        first = {i.dims[0] for i in self.inputs if len(i.dims) > 1}
        rest = {d for i in self.inputs for d in i.dims[1:]}
        return tuple(s for s in self.exploration.symbols if s in rest or s not in first)

    @cached_property
    def for_any_batch(self) -> SizeSet:
        """The sizes that run in a batch of any size; if there are none, all that run."""
        fails = (self.domain - self.valid).project(self.spatial).over(self.domain.symbols)
        return self.valid - fails or self.valid

    # -- failures ---------------------------------------------------------------------------

    def failing(self, *kinds: str) -> list[Failing]:
        """The failures whose need is of one of the kinds, in the order of execution."""
        found = self.exploration.failures
        return [f for f in found if f.event is not None and f.event.need in kinds]

    def node_of(self, failing: Failing) -> Node | None:
        """The node at which it fails."""
        event = failing.event
        if event is None or not 0 <= event.node < len(failing.trace.nodes):
            return None
        return failing.trace.nodes[event.node]

    def node_raising(self, sizes: Sizes) -> Node | None:
        """The node that raises at ``sizes``; None if none does, or if an earlier one may."""
        event = self.exploration.outcome(sizes)[1]
        if any(c.path_of(sizes)[0] is None for c in self.exploration.components):
            return None
        for trace in self.exploration.traces:
            if event is not None and event.node >= 0 and event in trace.events:
                return trace.nodes[event.node]
        return None

    @cached_property
    def never_works(self) -> bool:
        """Whether it runs at no size of the domain; a search among small sizes cannot tell."""
        sets = (self.valid, self.exploration.unexplored)
        return not any(sets) and all(s.window is None for s in sets)

    def blamed(self, *kinds: str) -> list[Failing]:
        """Those of :meth:`failing` to report: see :meth:`_to_blame`."""
        return self._to_blame(self.failing(*kinds))

    @property
    def raising(self) -> list[Failing]:
        """What ``forward`` itself raises, unless values of tensors decide, as far as to blame."""
        own = (f for f in self.exploration.failures if f.event is None and _is_meant(f.trace))
        return self._to_blame([*own])

    def _to_blame(self, found: list[Failing]) -> list[Failing]:
        """All of them; where no size runs, only what stops the sizes that get farthest."""
        return [f for f in found if f is self._last_obstacle] if self.never_works else found

    @cached_property
    def _last_obstacle(self) -> Failing | None:
        """The failure with the most calls before it."""
        failures = self.exploration.failures
        reasons = (f for f in failures if f.event is not None or _is_meant(f.trace))
        return max(reasons, key=_calls_before, default=None)

    def all_of(self, failures: Iterable[Failing]) -> SizeSet:
        """The sizes that fail for any of these reasons, over all symbols."""
        whole = SizeSet.empty(self.domain.symbols)
        for failing in failures:
            whole = whole | failing.sizes.over(self.domain.symbols)
        return whole & self.domain

    # -- round trip -------------------------------------------------------------------------

    @cached_property
    def ordinary(self) -> SizeSet:
        """The sizes that people commonly feed it."""
        return ordinary_sizes(self)

    def granularity(self, symbol: str) -> int:
        """By how much the model shortens ``symbol`` at its deepest: 16 for four halvings."""
        deepest = self.structure.deepest(symbol)
        return int(Fraction(1) / deepest) if deepest.numerator == 1 else deepest.denominator

    @cached_property
    def expects_roundtrip(self) -> bool:
        """Whether the output should be as long as the input.

        A contract decides. Otherwise there must be a decoder: stages that go down and come up again
        to the level of the input, and an output of the input's rank.
        """
        if self.roundtrip is not None:
            return self.roundtrip
        if not self.structure.has_decoder or self.returned is None:
            return False
        output = self.base.outputs[self.returned]
        levels = [level(output, s) for s in self.spatial if self.structure.of(s)]
        returns = bool(levels) and all(found is not None and found[0] == 1 for found in levels)
        return returns or bool(self.mirrored)

    @cached_property
    def mirrored(self) -> SizeSet:
        """Where a decoder of a fixed size begins with the lengths that the encoder ends with.

        Empty if there is no such decoder, or if it does not return to the level of the input.
        """
        if self.returned is None or not any(map(self.structure.fixed, self.spatial)):
            return SizeSet.empty(self.domain.symbols)
        sizes, output = self.valid, self.base.outputs[self.returned]
        for name in self.spatial:
            found = self.structure.fixed(name)
            if found is None or found[2].left != 1 or found[2].after not in output:
                return SizeSet.empty(self.domain.symbols)
            ends, begins, _ = found
            sizes = sizes & set_of(equal(ends.after, begins.before), sizes)
        return sizes

    @property
    def stages_should_pair(self) -> bool:
        """Whether the output should be as long as the input, and there are stages to blame."""
        decodes = self.structure.has_decoder and self.returned is not None
        return decodes and self.expects_roundtrip

    @cached_property
    def outputs(self) -> Outputs:
        """How long the outputs are, on every way through the model."""
        rank = len(self.inputs[0].dims) if self.inputs else 0
        return Outputs(self.exploration, rank, self.spatial)

    @property
    def returned(self) -> int | None:
        """The output that corresponds to the first input."""
        return self.outputs.returned

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """The dims in which output and input are compared: batch and space, not channels."""
        dims = self.inputs[0].dims
        symbols = [i for i, d in enumerate(dims) if isinstance(d, str)]
        spatial = [i for i in symbols if dims[i] in self.spatial]
        return tuple(symbols if spatial else sorted({*symbols, *range(2, len(dims))}))

    @cached_property
    def roundtrips(self) -> SizeSet:
        """The sizes at which it runs and gives back the lengths it got."""
        if self.returned is None:
            return SizeSet.empty(self.domain.symbols)
        sizes = self.valid
        for dim in self.compared:
            sizes = sizes & self._returns(dim)
        return sizes

    def result_at(self, sizes: Sizes) -> Shape:
        """What corresponds to the input at ``sizes``; empty if that way has no such output."""
        return self.outputs.at(sizes)

    def comes_back_note(self) -> list[str]:
        """A note if fewer sizes come back than run, although all should."""
        if not self.expects_roundtrip or not self.valid - self.roundtrips:
            return []
        return [f"comes back as long as it went in: {self.roundtrips.text}"]

    def constant_gap(self, name: str, gap: int) -> bool:
        """Whether every ordinary size that runs comes back longer by ``gap`` along one symbol."""
        dims = self.inputs[0].dims
        if self.returned is None or name not in dims:
            return False
        return self.ordinary & self.valid <= self._returns(dims.index(name), gap)

    def _returns(self, dim: int, gap: int = 0) -> SizeSet:
        """The sizes at which one dim of the output is that of the input plus ``gap``."""
        return self.outputs.where(None, dim, _expr(self.inputs[0].dims[dim]) + gap)

    # -- witnesses --------------------------------------------------------------------------

    def full(self, sizes: Sizes) -> dict[str, int]:
        """Sizes of some symbols completed with those of a run that works, if there is one."""
        return {**self._others, **sizes}

    @cached_property
    def _others(self) -> dict[str, int]:
        """A run that works, as small as can be; the first one where none is known to."""
        small = self.for_any_batch.lexmin()
        return {**self.base.hints, **{s: n for s, n in (small or {}).items() if s in self.spatial}}

    def witness(self, sizes: SizeSet) -> dict[str, int]:
        """The smallest sizes in a set, completed; the batch stays what it was if it can."""
        return self.full(self._preferred(sizes) or {})

    def _preferred(self, sizes: SizeSet) -> dict[str, int] | None:
        """The smallest member with the batch of the base run, or the smallest of all."""
        kept = [s for s in sizes.symbols if s not in self.spatial]
        same = all_of(equal(symbol(s), self.base.hints[s]) for s in kept)
        return (sizes & SizeSet.of(same, sizes.symbols)).lexmin() or sizes.lexmin()

    def spatial_only(self, sizes: Sizes) -> dict[str, int]:
        """Sizes without the batch, unless it matters or there is nothing else."""
        shown = {*self.spatial, *self._restricted}
        return {s: n for s, n in sizes.items() if s in shown} or dict(sizes)

    @cached_property
    def _restricted(self) -> frozenset[str]:
        """The symbols of which some size does not run, where others do."""
        parts = self.valid.split() if self.valid else ()
        return frozenset(s for part in parts if not self._is_free(part) for s in part.symbols)

    def _is_free(self, part: SizeSet) -> bool:
        return self.domain.project(part.symbols) <= part

    def callers(self, node: Node | None) -> tuple[Label, ...]:
        """The constructor calls of the modules around a node, innermost first, and its call."""
        if node is None:
            return ()
        shown = node.layer_span or node.span
        around = [Label(span, "built here") for span in node.builders if span != shown]
        called = [Label(node.span, "called here")] if node.span and node.span != shown else []
        return tuple((around + called)[:3])

    def last_stage_before(self, trace: Trace, index: int) -> Stage | None:
        """The last change of resolution on the way to a node of a run."""
        if index < 0:
            return None
        found = self.structure if trace is self.base else structure(trace, self.spatial)
        stages = found.stages_above(index)
        return stages[-1] if stages else None

    def near_miss(self, good: SizeSet, sizes: Sizes) -> dict[str, int]:
        """A size close to ``sizes`` that is in ``good``; empty if none is."""
        return good.nearest(sizes) or {}

    def example(self, sizes: Sizes) -> dict[str, int]:
        """A size close to ``sizes`` that runs: a square that people feed it, if there is one."""
        runs = self.for_any_batch & self.ordinary or self.for_any_batch
        square = all_of(equal(symbol(self.spatial[0]), symbol(s)) for s in self.spatial[1:])
        return self.near_miss(runs & SizeSet.of(square, self.domain.symbols) or runs, sizes)

    def example_note(self, example: Sizes) -> list[str]:
        """A note that it runs at the example."""
        shown = size_text(self.spatial_only(example))
        return [f"runs, for example, at {shown}"] if example else []

    def outcome(self, sizes: Sizes) -> Outcome:
        """What the analysis says happens at these sizes."""
        return self.exploration.outcome(sizes)[0]


def _expr(dim: int | str) -> Expr:
    return symbol(dim) if isinstance(dim, str) else as_expr(dim)


def _is_meant(trace: Trace) -> bool:
    return not refused(trace) and not wants_values(trace)


def _calls_before(failing: Failing) -> int:
    return len(failing.trace.nodes) if failing.event is None else failing.event.node
