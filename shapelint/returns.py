"""What a model returns, in formulas that hold on every way through it.

A way has formulas of its own. Most often they are the same or cases of one: what pads odd lengths
returns ``2*ceil(L/2)``. Where none holds on all ways, each is told with the sizes of its way.
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
"""Up to so many ways are told apart."""

_LONG = 40
"""Characters of a formula beyond which a shorter one is looked for."""


def returned_shapes(exploration: Exploration) -> tuple[str, ...]:
    """The shape of every output in words: ``(N, 1, 2*ceil(L/2) - 1)``."""
    return tuple(_in_words(exploration, i) for i in range(len(exploration.base.outputs)))


def _in_words(exploration: Exploration, output: int) -> str:
    ways = [[p for p in c.paths if p.runs] for c in exploration.components]
    shape = _on_all([exploration.base, *(p.trace for paths in ways for p in paths)], output)
    if shape is not None:
        return _written(shape)
    several = [paths for paths in ways if _on_all([p.trace for p in paths], output) is None]
    told = _apart(several[0], output) if len(several) == 1 else {}
    if not 0 < len(told) <= _MOST:
        return f"{_written(exploration.base.outputs[output])} on one of several ways"
    return "; ".join(f"{_written(shape)} {where(sizes)}" for shape, sizes in told.items())


def _on_all(ways: Sequence[Trace], output: int) -> Shape | None:
    """Formulas for a shape that hold on all of these ways; None if there are none."""
    shapes = [shape for way in ways for shape in way.outputs[output : output + 1]]
    if len(shapes) < len(ways) or len(set(map(len, shapes))) > 1:
        return None
    if len(set(shapes)) == 1 and all(map(_is_short, shapes[0])):
        return shapes[0]
    regions = [_region(way) for way in ways]
    common = [_short(list(zip(regions, dims))) for dims in zip(*shapes)]
    found = tuple(dim for dim in common if dim is not None)
    return found if len(found) == len(common) else None


def _short(pieces: Sequence[tuple[Region, Expr]]) -> Expr | None:
    """A formula that is equal to all of these, and to be read at a glance if there is one."""
    found = one_formula(pieces)
    return found if found is None or _is_short(found) else even_steps(pieces) or found


def _is_short(length: Expr) -> bool:
    return len(formula(length)) <= _LONG


def _region(way: Trace) -> Region:
    return reduce(Region.narrowed, (event.relied for event in way.events), Region({}))


def _apart(ways: Sequence[Path], output: int) -> dict[Shape, SizeSet]:
    """The sizes at which each shape is returned; empty if some way has no such output."""
    told: dict[Shape, SizeSet] = {}
    for way in ways:
        for shape in way.trace.outputs[output : output + 1]:
            told[shape] = told[shape] | way.runs if shape in told else way.runs
    return told if all(len(way.trace.outputs) > output for way in ways) else {}


def _written(shape: Shape) -> str:
    return f"({', '.join(map(formula, shape))})"
