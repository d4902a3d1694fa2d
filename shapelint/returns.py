"""What a model returns, in formulas that hold on every path through it.

The formulas of a run hold on its own path. Often one formula covers several paths: a model that
pads odd lengths returns ``2*ceil(L/2)``. Where none does, each is printed with the sizes of its
path.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from shapelint.explore.exploration import Exploration
from shapelint.explore.paths import Path
from shapelint.lengths.expr import Expr
from shapelint.lengths.formulas import formula
from shapelint.lengths.regions import Region, even_steps, one_formula
from shapelint.lengths.sets import SizeSet
from shapelint.trace import Shape, Trace
from shapelint.wording import where

_MOST = 3
"""How many shapes are printed with the sizes of their paths."""

_LONG = 40
"""The characters of a formula above which a shorter one is looked for."""


def returned_shapes(exploration: Exploration) -> tuple[str, ...]:
    """The shape of every output in words: ``(N, 1, 2*ceil(L/2) - 1)``."""
    return tuple(_in_words(exploration, i) for i in range(len(exploration.base.outputs)))


def _in_words(exploration: Exploration, output: int) -> str:
    running = [[p for p in c.paths if p.runs] for c in exploration.components]
    shape = _on_all([exploration.base, *(p.trace for paths in running for p in paths)], output)
    if shape is not None:
        return _written(shape)
    several = [paths for paths in running if _on_all([p.trace for p in paths], output) is None]
    cases = _by_shape(several[0], output) if len(several) == 1 else {}
    if not 0 < len(cases) <= _MOST:
        return f"{_written(exploration.base.outputs[output])} on one of several paths"
    return "; ".join(f"{_written(shape)} {where(sizes)}" for shape, sizes in cases.items())


def _on_all(traces: Sequence[Trace], output: int) -> Shape | None:
    """Formulas for a shape that hold on the paths of all these runs; None if there are none."""
    shapes = [shape for trace in traces for shape in trace.outputs[output : output + 1]]
    if len(shapes) < len(traces) or len(set(map(len, shapes))) > 1:
        return None
    if len(set(shapes)) == 1 and all(map(_is_short, shapes[0])):
        return shapes[0]
    regions = [_region(trace) for trace in traces]
    common = [_short(list(zip(regions, dims))) for dims in zip(*shapes)]
    found = tuple(dim for dim in common if dim is not None)
    return found if len(found) == len(common) else None


def _short(pieces: Sequence[tuple[Region, Expr]]) -> Expr | None:
    """A formula equal to each of these on its region, a short one if there is one; else None."""
    found = one_formula(pieces)
    return found if found is None or _is_short(found) else even_steps(pieces) or found


def _is_short(length: Expr) -> bool:
    return len(formula(length)) <= _LONG


def _region(trace: Trace) -> Region:
    return reduce(Region.narrowed, (event.relied for event in trace.events), Region({}))


def _by_shape(paths: Sequence[Path], output: int) -> dict[Shape, SizeSet]:
    """The sizes at which each shape is returned; empty if some path has no such output."""
    cases: dict[Shape, SizeSet] = {}
    for path in paths:
        for shape in path.trace.outputs[output : output + 1]:
            cases[shape] = cases[shape] | path.runs if shape in cases else path.runs
    return cases if all(len(path.trace.outputs) > output for path in paths) else {}


def _written(shape: Shape) -> str:
    return f"({', '.join(map(formula, shape))})"
