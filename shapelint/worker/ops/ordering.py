"""Elements in order, by rank or by chance: sort, topk, multinomial.

Texts of errors: ``aten/src/ATen/native/Sorting.cpp`` and ``Distributions.cpp``.
"""

from __future__ import annotations

from typing import Any

from shapelint.worker.ops import op
from shapelint.worker.ops.pieces import with_length
from shapelint.worker.shapes import Shape, dim_index, ge, need, shape_of


@op("topk")
def topk(input: Any, k: int, dim: int = -1, *args: Any, **kwargs: Any) -> list[Shape]:
    """``k`` values and their indices."""
    shape = shape_of(input)
    n = (*shape, 1)[dim_index(dim, len(shape))]
    need(ge(n, k), "fits", "selected index k out of range", n, k)
    out = with_length(shape, dim, k) if shape else shape
    return [out, out]


@op("multinomial")
def multinomial(input: Any, num_samples: int, replacement: bool = False, **kwargs: Any) -> Shape:
    """``num_samples`` indices for each row."""
    *rows, n = shape_of(input)
    if not replacement:
        need(
            ge(n, num_samples),
            "fits",
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
            n,
            num_samples,
        )
    return Shape((*rows, num_samples))


@op("sort")
def sort(input: Any, *args: Any, **kwargs: Any) -> list[Shape]:
    """Values in order, and their indices."""
    shape: Shape = argsort(input, *args, **kwargs)
    return [shape, shape]


@op("argsort")
def argsort(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input, along a dim that must be there."""
    dims = (a for a in args if type(a) is not bool)  # a bool in front is ``stable``
    dim_index(kwargs.get("dim", next(dims, -1)), len(shape_of(input)))
    return shape_of(input)


@op("bucketize", "isin", "msort", "tril", "triu")
def same_places(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    return shape_of(input)


@op("unique", "unique_consecutive", "_unique2", "unique_dim")
def unique(*args: Any, **kwargs: Any) -> Shape:
    """As long as values say."""
    raise NotImplementedError("how many elements are unique depends on values")
