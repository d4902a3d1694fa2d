"""Diagonals: read, written, made into matrices.

Rules: https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html.
"""

from __future__ import annotations

from typing import Any

from shapelint.worker.ops import LAX, op
from shapelint.worker.ops.pieces import replaces
from shapelint.worker.shapes import Shape, dim_index, numel, shape_of

LAX.add("diagonal_scatter")


@op("diagonal")
def diagonal_of(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Shape:
    """The dims ``dim1`` and ``dim2`` become one, the last."""
    shape = shape_of(input)
    a, b = dim_index(dim1, len(shape)), dim_index(dim2, len(shape))
    rows, columns = shape[a] + min(offset, 0), shape[b] - max(offset, 0)
    rest = [n for i, n in enumerate(shape) if i not in (a, b)]
    return Shape((*rest, max(min(rows, columns), 0)))


@op("diagonal_scatter")
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Shape:
    """The shape of the input; ``src`` has the shape of the diagonal that it replaces."""
    replaces(shape_of(src), diagonal_of(input, offset, dim1, dim2))
    return shape_of(input)


@op("diag")
def diag(input: Any, diagonal: int = 0) -> Shape:
    """A vector as a diagonal matrix, a diagonal as a vector."""
    shape = shape_of(input)
    if len(shape) == 2:
        return diagonal_of(input, diagonal)
    return Shape([shape[0] + abs(diagonal)] * 2)


@op("diagflat")
def diagflat(input: Any, offset: int = 0) -> Shape:
    """All elements on a diagonal."""
    return Shape([numel(shape_of(input)) + abs(offset)] * 2)


@op("diag_embed")
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Shape:
    """The last dim on the diagonal of two new ones."""
    *rest, n = shape_of(input)
    a, b = (dim_index(d, len(rest) + 2) for d in (dim1, dim2))
    others = iter(rest)
    side = n + abs(offset)
    return Shape(side if i in (a, b) else next(others) for i in range(len(rest) + 2))
