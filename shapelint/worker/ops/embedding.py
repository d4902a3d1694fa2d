"""Lookups in a table, and what belongs to them: bags of rows, one-hot vectors, distances.

https://docs.pytorch.org/docs/stable/nn.functional.html#sparse-functions; texts of errors:
``torch/nn/functional.py``, ``aten/src/ATen/native/Distance.cpp``.
"""

from __future__ import annotations

from typing import Any

import torch

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.python.index_bounds import need_in_bounds
from shapelint.worker.shapes import Shape, broadcast, concrete, dim_index, eq, need, shape_of


@op("F.embedding")
def embedding(input: Any, weight: Any, *args: Any, **kwargs: Any) -> Shape:
    """A row of ``weight`` for every index."""
    _in_table(input, weight)
    return Shape((*shape_of(input), shape_of(weight)[1]))


@op("embedding")
def embedding_of(weight: Any, indices: Any, *args: Any, **kwargs: Any) -> Shape:
    """As ``F.embedding``, the table first."""
    _in_table(indices, weight)
    return Shape((*shape_of(indices), shape_of(weight)[1]))


def _in_table(indices: Any, weight: Any) -> None:
    need_in_bounds(indices, shape_of(weight)[0], lambda _: "index out of range in self")


@op("F.embedding_bag")
def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Shape:
    """A row for every row of indices, or for every offset into a vector of indices."""
    if weight.dtype == torch.int64 and input.is_floating_point():
        input, weight = weight, input  # the order of old releases, which is still understood
    shape = shape_of(input)
    if per_sample_weights is not None:
        _weighted(shape, shape_of(per_sample_weights))
    n = shape_of(weight)[0]
    text = "Index {0} of input takes value {0} which is not in the valid range [0, {1})"
    need_in_bounds(input, n, lambda i: text.format(i, int(n)), error=RuntimeError)
    bags = shape[0] if len(shape) == 2 else shape_of(offsets)[0] - int(include_last_offset)
    return Shape((bags, shape_of(weight)[1]))


def _weighted(shape: Shape, weights: Shape) -> None:
    need(
        all_of(eq(a, b) for a, b in zip(shape, weights, strict=True)),
        "match",
        lambda: (
            f"embedding_bag: If per_sample_weights (torch.Size({concrete(weights)})) is not "
            "None, then it must have the same shape as the input "
            f"(torch.Size({concrete(shape)}))"
        ),
        *shape,
        error=ValueError,
    )


@op("one_hot")
def one_hot(tensor: Any, num_classes: int = -1) -> Shape:
    """A new last dim of ``num_classes``."""
    if num_classes < 0:
        raise NotImplementedError("the length of one_hot without num_classes depends on values")
    need_in_bounds(tensor, num_classes, _no_class, error=RuntimeError)
    return Shape((*shape_of(tensor), num_classes))


def _no_class(number: int) -> str:
    wanted = "non-negative" if number < 0 else "smaller than num_classes"
    return f"Class values must be {wanted}."


# -- distances ------------------------------------------------------------------------------------


@op("cdist", "_cdist_forward")
def cdist(x1: Any, x2: Any, *args: Any, **kwargs: Any) -> Shape:
    """A distance for each pair of rows: ``(*, p, m)`` and ``(*, r, m)`` give ``(*, p, r)``."""
    a, b = shape_of(x1), shape_of(x2)
    need(
        eq(a[-1], b[-1]),
        "features",
        lambda: (
            f"X1 and X2 must have the same number of columns. X1: {int(a[-1])} X2: {int(b[-1])}"
        ),
        a[-1],
        b[-1],
    )
    return Shape((*broadcast(a[:-2], b[:-2]), a[-2], b[-2]))


@op("cosine_similarity")
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Shape:
    """The broadcast shape without ``dim``."""
    common = broadcast(shape_of(x1), shape_of(x2))
    at = dim_index(dim, len(common))
    return Shape((*common[:at], *common[at + 1 :]))


@op("pairwise_distance")
def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Shape:
    """The broadcast shape without the last dim."""
    common = broadcast(shape_of(x1), shape_of(x2))
    return Shape((*common[:-1], *([1] if keepdim else [])))


@op("pdist")
def pdist(input: Any, p: float = 2) -> Shape:
    """A distance for each of the ``n(n - 1)/2`` pairs of rows."""
    n, _ = shape_of(input)
    return Shape((n * (n - 1) // 2,))
