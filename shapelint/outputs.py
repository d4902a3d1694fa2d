"""How long the outputs are, on every way through a model that runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from shapelint.explore.exploration import Component, Exploration, combined
from shapelint.explore.paths import set_of
from shapelint.lengths.conditions import equal
from shapelint.lengths.expr import Expr
from shapelint.lengths.sets import SizeSet
from shapelint.stages import counterpart
from shapelint.trace import Shape, Trace


@dataclass(frozen=True)
class Outputs:
    """The outputs of a model, at the sizes at which it runs."""

    exploration: Exploration
    rank: int
    """How many dims the first input has."""
    spatial: tuple[str, ...]

    @cached_property
    def returned(self) -> int | None:
        """The output that corresponds to the first input."""
        return self._returned_by(self.exploration.base)

    def _returned_by(self, trace: Trace) -> int | None:
        """The same for one way through the model: each may return other outputs.

        Where it returns as many as the base, of the same ranks, the base tells which of them it is.
        A way that hands its input back untouched returns it in the place of the others.
        """
        base = self.exploration.base
        if trace is not base and self.returned is not None and _ranks(trace) == _ranks(base):
            return self.returned
        found = counterpart(trace, self.rank, self.spatial)
        if found is not None or trace is base or self.returned is None:
            return found
        there = trace.outputs[self.returned : self.returned + 1]
        return self.returned if [len(shape) for shape in there] == [self.rank] else None

    def at(self, sizes: Mapping[str, int]) -> Shape:
        """What corresponds to the input on the way that ``sizes`` take; empty if nothing does."""
        outputs = self.exploration.outcome(sizes)[2]
        ways = (t for t in self.exploration.traces if t.outputs == outputs)
        place = self._returned_by(next(ways, self.exploration.base))
        return outputs[place] if place is not None and place < len(outputs) else ()

    def where(self, output: int | None, dim: int, wanted: Expr) -> SizeSet:
        """The sizes at which one dim of an output is as wanted; None: of what is ``returned``."""
        owners = [c for c in self.exploration.components if self._is_of(c, output, dim, wanted)]
        if len(owners) > 1:
            return self._across(owners, output, dim, wanted)
        if not owners:
            length = self._length(self.exploration.base, output, dim)
            assert length is not None
            return set_of(equal(length, wanted), self.exploration.valid)
        found = SizeSet.empty(self.exploration.symbols)
        for path in owners[0].paths:
            length = self._length(path.trace, output, dim)
            if path.runs and length is not None:
                same = equal(length, wanted)  # on this way it may depend on what others do not
                own = same.symbols <= {*owners[0].symbols}
                runs = path.runs if own else path.runs.over(found.symbols)
                found = found | set_of(same, runs).over(found.symbols)
        return found

    def _across(
        self, owners: Sequence[Component], output: int | None, dim: int, wanted: Expr
    ) -> SizeSet:
        """The same where the length depends on the paths of several components."""
        symbols, base = self.exploration.symbols, self.exploration.base
        found = SizeSet.empty(symbols)
        for paths in itertools.product(*([p for p in c.paths if p.runs] for c in owners)):
            outputs = combined(base.outputs, [p.trace.outputs for p in paths])
            length = _dim(outputs, self._place(base, output), dim)
            if length is not None:
                runs = [p.runs.over(symbols) for p in paths]
                found = found | set_of(equal(length, wanted), reduce(SizeSet.__and__, runs))
        return found

    def _is_of(self, component: Component, output: int | None, dim: int, wanted: Expr) -> bool:
        """Whether the answer depends on the symbols or the paths of a component."""
        lengths = [self._length(p.trace, output, dim) for p in component.paths if p.runs]
        changed = any(x != lengths[0] for x in lengths[1:])
        used = {s for x in [*lengths, wanted] if x is not None for s in x.symbols}
        return changed or bool(used & set(component.symbols))

    def _length(self, trace: Trace, output: int | None, dim: int) -> Expr | None:
        return _dim(trace.outputs, self._place(trace, output), dim)

    def _place(self, trace: Trace, output: int | None) -> int | None:
        return self._returned_by(trace) if output is None else output


def _dim(outputs: tuple[Shape, ...], output: int | None, dim: int) -> Expr | None:
    shape = () if output is None or output >= len(outputs) else outputs[output]
    return shape[dim] if dim < len(shape) else None


def _ranks(trace: Trace) -> list[int]:
    return [len(shape) for shape in trace.outputs]
