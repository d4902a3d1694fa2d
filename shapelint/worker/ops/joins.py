"""Several tensors become one: cat, stack, meshgrid.

Rules: https://docs.pytorch.org/docs/stable/generated/torch.cat.html; texts of errors:
``aten/src/ATen/native/TensorShape.h``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.ops.dims import atleast_1d, atleast_2d, atleast_3d
from shapelint.worker.shapes import Shape, concrete, dim_index, eq, need, numel, shape_of


@op("cat", "concat", "concatenate")
def cat(tensors: Any, dim: int = 0, **kwargs: Any) -> Shape:
    """The lengths along ``dim`` add up; all others must match."""
    return joined([shape_of(t) for t in tensors], dim)


def joined(shapes: Sequence[Shape], dim: int) -> Shape:
    """``shapes`` one after the other along ``dim``; a vector without elements does not count."""
    counted = [(i, s) for i, s in enumerate(shapes) if not (len(s) == 1 and s[0] == 0)]
    if not counted:
        return shapes[0]
    (_, first), *others = counted
    at = dim_index(dim, len(first))
    for i, shape in others:
        _matches(first, shape, at, i)
    total = sum(shape[at] for _, shape in counted)
    return Shape((*first[:at], total, *first[at + 1 :]))


def _matches(first: Shape, shape: Shape, dim: int, number: int) -> None:
    for at, (a, b) in enumerate(zip(first, shape, strict=True)):
        if at != dim:
            need(
                eq(a, b),
                "match",
                lambda a=a, b=b: (  # type: ignore[misc]
                    f"Sizes of tensors must match except in dimension {dim}. Expected size "
                    f"{int(a)} but got size {int(b)} for tensor number {number} in the list."
                ),
                a,
                b,
            )


@op("stack")
def stack(tensors: Any, dim: int = 0, **kwargs: Any) -> Shape:
    """A new dim, as long as the list; all shapes must be equal."""
    first, *others = [shape_of(t) for t in tensors]
    for i, shape in enumerate(others, 1):
        _equal_sizes(first, shape, i)
    at = dim_index(dim, len(first) + 1)
    return Shape((*first[:at], len(others) + 1, *first[at:]))


def _equal_sizes(first: Shape, shape: Shape, number: int) -> None:
    need(
        all_of(eq(a, b) for a, b in zip(first, shape, strict=True)),
        "match",
        lambda: (
            f"stack expects each tensor to be equal size, but got {concrete(first)} "
            f"at entry 0 and {concrete(shape)} at entry {number}"
        ),
        *first,
        *shape,
    )


@op("hstack")
def hstack(tensors: Any, **kwargs: Any) -> Shape:
    """Along dim 1; vectors along dim 0."""
    shapes = [atleast_1d(t) for t in tensors]
    return joined(shapes, 0 if len(shapes[0]) == 1 else 1)


@op("vstack", "row_stack")
def vstack(tensors: Any, **kwargs: Any) -> Shape:
    """Along dim 0, vectors as rows."""
    return joined([atleast_2d(t) for t in tensors], 0)


@op("dstack")
def dstack(tensors: Any, **kwargs: Any) -> Shape:
    """Along dim 2."""
    return joined([atleast_3d(t) for t in tensors], 2)


@op("column_stack")
def column_stack(tensors: Any, **kwargs: Any) -> Shape:
    """Along dim 1, vectors as columns."""
    shapes = [shape_of(t) for t in tensors]
    return joined([s if len(s) > 1 else Shape((numel(s), 1)) for s in shapes], 1)


@op("meshgrid")
def meshgrid(*tensors: Any, indexing: str | None = None) -> list[Shape]:
    """For each vector its values, laid out over the grid of all; ``xy`` swaps the first two."""
    given = tensors[0] if isinstance(tensors[0], (tuple, list)) else tensors
    grid = [numel(shape_of(t)) for t in given]
    if indexing == "xy":
        grid[:2] = grid[1::-1]
    return [Shape(grid) for _ in grid]


@op("cartesian_prod")
def cartesian_prod(*tensors: Any) -> Shape:
    """A row for each combination; a single vector stays one."""
    lengths = [shape_of(t)[0] for t in tensors]
    return Shape((math.prod(lengths), len(lengths))) if len(lengths) > 1 else Shape(lengths)


@op("block_diag")
def block_diag(*tensors: Any) -> Shape:
    """Matrices along the diagonal; a vector is a row."""
    blocks = [atleast_2d(t) for t in tensors]
    return Shape((sum(b[0] for b in blocks), sum(b[1] for b in blocks)))
