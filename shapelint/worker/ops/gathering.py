"""Elements picked or placed by index tensors or masks: gather, scatter, where.

Rules: https://docs.pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops; texts
of errors: ``aten/src/ATen/native/TensorAdvancedIndexing.cpp``, ``ScatterGatherChecks.h``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from shapelint.lengths.conditions import Condition, all_of
from shapelint.worker.ops import COMPARING, FROM_THE_BACK, LAX, op
from shapelint.worker.ops.pieces import with_length
from shapelint.worker.ops.pointwise import in_place
from shapelint.worker.python.index_bounds import need_in_bounds
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    concrete,
    dim_index,
    either,
    eq,
    ge,
    need,
    numel,
    shape_of,
)

LAX.add("index_add")
COMPARING["masked_fill"] = FROM_THE_BACK

op("copy_", "masked_fill_")(in_place)


@op("where")
def where(condition: Any, input: Any = None, other: Any = None, **kwargs: Any) -> Shape:
    """The common shape of all three."""
    return broadcast(shape_of(condition), shape_of(input), shape_of(other))


@op("masked_fill", "masked_scatter")
def masked_fill(input: Any, mask: Any, value: Any = None, **named: Any) -> Shape:
    """The common shape of input and mask."""
    return broadcast(shape_of(mask), shape_of(input))  # in the order of PyTorch's text


@op("masked_scatter_")
def masked_scatter_(input: Any, mask: Any, source: Any) -> Shape:
    """The shape of the input, to which the mask broadcasts."""
    return in_place(input, mask)


@op("index_select")
def index_select(input: Any, dim: int, index: Any) -> Shape:
    """As many places of ``dim`` as there are indices."""
    shape = shape_of(input)
    need_in_bounds(index, _length_at(input, dim), lambda _: "index out of range in self")
    return with_length(shape, dim, numel(shape_of(index))) if shape else shape


@op("index_fill")
def index_fill(input: Any, dim: int, index: Any, value: Any = None, **named: Any) -> Shape:
    """The shape of the input."""
    n = _length_at(input, dim)
    need_in_bounds(index, n, partial(_outside, dim, n), least=-n)
    return shape_of(input)


def _length_at(input: Any, dim: int) -> int:
    """Of dim ``dim``; a number is one element."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    return shape[at] if shape else 1


def _along(input: Any, dim: int, index: Any) -> None:
    """Each index is a place of ``dim``."""
    at, n = dim_index(dim, len(shape_of(input))), _length_at(input, dim)
    need_in_bounds(index, n, partial(_outside, at, n), error=RuntimeError)


def _outside(dim: int, n: int, index: int) -> str:
    return f"index {index} is out of bounds for dimension {dim} with size {int(n)}"


@op("index_add", "index_reduce")
def index_add(
    input: Any, dim: int, index: Any, source: Any = None, *args: Any, **kwargs: Any
) -> Shape:
    """The shape of the input; a slice of ``source`` for each index."""
    shape, added = shape_of(input), shape_of(source)
    at = dim_index(dim, len(shape))
    _one_slice_per_index(numel(shape_of(index)), added[at] if added else 1, at)
    need(
        all_of(eq(a, b) for i, (a, b) in enumerate(zip(shape, added, strict=True)) if i != at),
        "match",
        lambda: (
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {concrete(shape)} source.shape = {concrete(added)}"
        ),
        *shape,
        *added,
    )
    _along(input, dim, index)
    return shape


def _one_slice_per_index(indices: int, slices: int, dim: int) -> None:
    need(
        eq(indices, slices),
        "match",
        lambda: (
            f"index_add_(): Number of indices ({int(indices)}) should be equal to "
            f"source.size(dim): ({int(slices)}), for dim: {dim}"
        ),
        indices,
        slices,
    )


@op("index_copy")
def index_copy(input: Any, dim: int, index: Any, source: Any = None, **named: Any) -> Shape:
    """The shape of the input; a slice of ``source`` for each index."""
    shape, copied = shape_of(input), shape_of(source)
    at = dim_index(dim, len(shape))
    indices, ours, theirs = numel(shape_of(index)), _but(shape, at), _but(copied, at)
    need(
        all_of(eq(a, b) for a, b in zip(ours, theirs, strict=True)),
        "match",
        lambda: (
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination "
            f"slice shape: {_spaced(ours)} at dimension {at} and source slice shape: "
            f"{_spaced(theirs)} at dimension 0."
        ),
        *ours,
        *theirs,
    )
    if not copied:
        return shape
    need(
        eq(indices, copied[at]),
        "match",
        lambda: (
            f"index_copy_(): Number of indices ({int(indices)}) should be equal to "
            f"source.size(dim) ({int(copied[at])})"
        ),
        indices,
        copied[at],
        error=IndexError,
    )
    n = shape[at]
    need_in_bounds(index, n, lambda i: f"index_copy_(): {_outside(at, n, i)}")
    return shape


# -- one index per element ------------------------------------------------------------------------


@op("gather")
def gather(input: Any, dim: int, index: Any, **kwargs: Any) -> Shape:
    """The shape of ``index``, which in all other dims is at most as long as the input."""
    shape, picks = shape_of(input), shape_of(index)
    at = dim_index(dim, len(shape))
    need(
        _no_larger(picks, shape, at),
        "match",
        lambda: (
            f"Size does not match at dimension {_first_larger(picks, shape, at)} expected index "
            f"{concrete(picks)} to be no larger than self {concrete(shape)} "
            f"apart from dimension {at}"
        ),
        *picks,
        *shape,
    )
    _along(input, dim, index)
    return picks


@op("scatter", "scatter_add", "scatter_reduce")
def scatter(input: Any, dim: int, index: Any, src: Any = None, *args: Any, **named: Any) -> Shape:
    """The shape of the input; ``index`` must fit into it and into ``src``."""
    shape, picks, placed = shape_of(input), shape_of(index), shape_of(src)
    at = dim_index(dim, len(shape))
    from_tensor = f" and to be no larger size than src {concrete(placed)}" if placed else ""
    need(
        all_of([_no_larger(picks, shape, at), *([_no_larger(picks, placed)] if placed else [])]),
        "match",
        lambda: (
            f"Expected index {concrete(picks)} to be no larger than self "
            f"{concrete(shape)} apart from dimension {at}{from_tensor}"
        ),
        *picks,
        *shape,
    )
    _along(input, dim, index)
    return shape


def _no_larger(picks: Shape, shape: Shape, but: int = -1) -> Condition:
    """Each length of ``picks`` is at most that of ``shape``, unless no element is picked."""
    none = [eq(n, 0) for n in picks if n is not int(n)]
    pairs = [(a, b) for i, (a, b) in enumerate(zip(picks, shape, strict=True)) if i != but]
    return all_of(either(ge(b, a), *none) if none else ge(b, a) for a, b in pairs)


def _first_larger(picks: Shape, shape: Shape, but: int) -> int:
    pairs = enumerate(zip(map(int, picks), map(int, shape), strict=True))
    return next((i for i, (a, b) in pairs if i != but and a > b), but)


@op("take")
def take(input: Any, index: Any) -> Shape:
    """The shape of ``index``."""
    _in_all(input, index)
    return shape_of(index)


@op("put")
def put(input: Any, index: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    _in_all(input, index)
    return shape_of(input)


def _in_all(input: Any, index: Any) -> None:
    n = numel(shape_of(input))
    text = "out of range: tried to access index {} on a tensor of {} elements."
    need_in_bounds(index, n, lambda i: text.format(i, int(n)), least=-n)


@op("take_along_dim")
def take_along_dim(input: Any, indices: Any, dim: int | None = None, **kwargs: Any) -> Shape:
    """As gather, after both were broadcast in all other dims."""
    shape, picks = shape_of(input), shape_of(indices)
    if dim is None:
        return Shape((numel(picks),))
    at = dim_index(dim, len(shape))
    common = broadcast(with_length(shape, at, 1), with_length(picks, at, 1))
    return with_length(common, at, picks[at])


@op("searchsorted")
def searchsorted(sorted_sequence: Any, input: Any = None, **kwargs: Any) -> Shape:
    """The shape of the values that are looked up."""
    rows, values = shape_of(sorted_sequence), shape_of(kwargs.get("self", input))
    if len(rows) > 1:
        need(
            all_of(eq(a, b) for a, b in zip(rows[:-1], values[:-1], strict=True)),
            "match",
            lambda: (
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                "dimensions of boundaries tensor and input value tensor must match, but we got "
                f"boundaries tensor {concrete(rows)} and input value tensor "
                f"{concrete(values)}"
            ),
            *rows,
            *values,
        )
    return values


def _but(shape: Sequence[int], dim: int) -> list[int]:
    return [n for i, n in enumerate(shape) if i != dim]


def _spaced(shape: Sequence[int]) -> str:
    return " ".join(str(int(n)) for n in shape)
