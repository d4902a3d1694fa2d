"""Losses: what they compare, and what is left after ``reduction``.

Many of them broadcast silently (PyTorch warns); that is no need, because nothing is raised. Texts
of errors: ``torch/nn/functional.py``, ``aten/src/ATen/native/Loss*.cpp``. Classification losses are
in :mod:`.classification`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import COMPOSITES, LAX, op
from shapelint.worker.ops.pointwise import written_to
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    broadcast_into,
    broadcast_length,
    concrete,
    either,
    eq,
    need,
    shape_of,
)

if TYPE_CHECKING:
    from shapelint.trace import NeedKind

COMPOSITES.update(
    f"F.{name}_loss"
    for name in (
        "soft_margin",
        "hinge_embedding",
        "poisson_nll",
        "cosine_embedding",
        "margin_ranking",
        "triplet_margin",
    )
)
COMPOSITES.add("F.kl_div")
LAX.update({"soft_margin_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"})

Reduction = Any
"""``"none"``, ``"mean"``, ``"sum"``, or PyTorch's number for it: 0, 1, 2."""


def left(
    shape: Shape, reduction: Reduction, size_average: bool | None = None, reduce: bool | None = None
) -> Shape:
    """``shape`` if nothing is reduced, else that of a number. ``reduce`` is the old spelling."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "mean"
    return shape if reduction in ("none", 0) else Shape(())


def size_text(shape: Shape) -> str:
    """``torch.Size([2, 3])``."""
    return f"torch.Size({concrete(shape)})"


def same_size(
    a: Shape,
    b: Shape,
    why: str | Callable[[], str],
    error: type[Exception] = ValueError,
    kind: NeedKind = "match",
) -> None:
    """Need that two shapes of one rank are equal."""
    parts = all_of(eq(n, m) for n, m in zip(a, b, strict=True))
    need(parts, kind, why, *a, *b, error=error)


# -- one value for each element -------------------------------------------------------------------


@op("F.mse_loss", "F.l1_loss")
def elementwise(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
    weight: Any = None,
) -> Shape:
    """The broadcast shape of input and target."""
    shape = _weighted(input, target, weight)
    return left(shape, reduction, size_average, reduce)


@op("F.smooth_l1_loss")
def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
    beta: float = 1.0,
) -> Shape:
    """The broadcast shape of input and target."""
    shape = broadcast(shape_of(input), shape_of(target))
    return left(shape, reduction, size_average, reduce)


@op("F.huber_loss")
def huber_loss(
    input: Any, target: Any, reduction: Reduction = "mean", delta: float = 1.0, weight: Any = None
) -> Shape:
    """The broadcast shape of input and target."""
    return left(_weighted(input, target, weight), reduction)


def _weighted(input: Any, target: Any, weight: Any) -> Shape:
    shape = broadcast(shape_of(input), shape_of(target))
    if weight is None:
        return shape
    same_size(shape_of(weight), shape_of(input), "Weights and input must have the same size.")
    return broadcast(shape, shape_of(weight))


@op("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
def two_tensors(input: Any, target: Any, reduction: Reduction = 1, *args: Any) -> Shape:
    """The broadcast shape; these are the builtins, which take a number for ``reduction``."""
    return left(broadcast(shape_of(input), shape_of(target)), reduction)


@op("soft_margin_loss")
def soft_margin_loss(input: Any, target: Any, reduction: int = 1) -> Shape:
    """The shape of the input, to which the target broadcasts."""
    shape = shape_of(input)
    broadcast_into(shape, shape_of(target))
    return left(shape, reduction)


@op("binary_cross_entropy")
def binary_cross_entropy_as_built_in(
    input: Any, target: Any, weight: Any = None, reduction: int = 1
) -> Shape:
    """The shape of the input; without dims of length 1, target and weight broadcast with it."""
    tensors = (t for t in (input, target, weight) if t is not None)
    broadcast(*([n for n in shape_of(t) if n != 1] for t in tensors))
    return left(shape_of(input), reduction)


@op("kl_div")
def kl_div(input: Any, target: Any, reduction: int = 1, *, log_target: bool = False) -> Shape:
    """The broadcast shape."""
    return left(broadcast(shape_of(target), shape_of(input)), reduction)


@op("hinge_embedding_loss")
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: int = 1) -> Shape:
    """The broadcast shape."""
    return left(broadcast(shape_of(target), shape_of(input)), reduction)


@op("poisson_nll_loss")
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Shape:
    """The broadcast shape."""
    return left(broadcast(shape_of(target), shape_of(input)), reduction)


@op("F.gaussian_nll_loss")
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> Shape:
    """The broadcast shape; the variance is as large as the input, or 1 in one dim."""
    shape, variance = shape_of(input), shape_of(var)
    if len(variance) == len(shape) - 1:
        same_size(Shape(shape[:-1]), variance, "var is of incorrect size")
        variance = Shape((*variance, 1))
    elif variance:
        _one_stretches(shape, variance)
    return left(broadcast(broadcast(shape, shape_of(target)), variance), reduction)


def _one_stretches(shape: Shape, variance: Shape) -> None:
    equal = [eq(n, m) for n, m in zip(shape, variance, strict=True)]
    but_one = [all_of([*equal[:i], eq(variance[i], 1), *equal[i + 1 :]]) for i in range(len(shape))]
    need(
        either(all_of(equal), *but_one),
        "match",
        "var is of incorrect size",
        *shape,
        *variance,
        error=ValueError,
    )


@op("F.binary_cross_entropy")
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
) -> Shape:
    """The shape of the input, which is that of the target; the weight broadcasts to it."""
    shape, other = shape_of(input), shape_of(target)
    same_size(other, shape, lambda: (
        f"Using a target size ({size_text(other)}) that is different to the input size "
        f"({size_text(shape)}) is deprecated. Please ensure they have the same size."
    ))  # fmt: skip
    if weight is not None:
        written_to(shape, _expanded_weight(shape, shape_of(weight)))
    return left(shape, reduction, size_average, reduce)


def _expanded_weight(shape: Shape, weight: Shape) -> Shape:
    """As ``torch.broadcast_shapes`` does."""
    rank = max(len(shape), len(weight))
    padded = [(*[1] * (rank - len(s)), *s) for s in (shape, weight)]

    def why(i: int) -> str:
        return (
            f"Attempting to broadcast a dimension of length {int(padded[1][i])} at {i - rank}! "
            f"Mismatching argument at index 1 had {size_text(weight)}; but expected shape should "
            f"be broadcastable to {concrete(shape)}"
        )

    pairs = reversed(list(enumerate(zip(*padded, strict=True))))
    out = [broadcast_length(n, m, lambda i=i: why(i)) for i, (n, m) in pairs]  # type: ignore[misc]
    return Shape(reversed(out))


@op("F.binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: Reduction = "mean",
    pos_weight: Any = None,
) -> Shape:
    """The shape of the input, which is that of the target; the weights broadcast to it."""
    shape, other = shape_of(input), shape_of(target)
    same_size(other, shape, lambda: (
        f"Target size ({size_text(other)}) must be the same as input size ({size_text(shape)})"
    ))  # fmt: skip
    if pos_weight is not None:
        written_to(shape, broadcast(shape_of(pos_weight), shape))
    if weight is not None:
        broadcast_into(shape, shape_of(weight))
    return left(shape, reduction, size_average, reduce)


# -- one value for each sample --------------------------------------------------------------------


@op("cosine_embedding_loss")
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float, reduction: int
) -> Shape:
    """A value for each row, compared with its target."""
    common = broadcast(shape_of(input1), shape_of(input2))
    rows = Shape(common[:1] if shape_of(target) else ())
    return left(broadcast(shape_of(target), rows), reduction)


@op("margin_ranking_loss")
def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float, reduction: int
) -> Shape:
    """The broadcast shape of all three."""
    difference = broadcast(shape_of(input1), shape_of(input2))
    return left(broadcast(shape_of(target), difference), reduction)


@op("triplet_margin_loss")
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
    reduction: int,
) -> Shape:
    """A value for each vector."""
    a, b, c = map(shape_of, (anchor, positive, negative))
    pairs = [(a, b), (a, c), *([(b, c)] if swap else [])]
    near, *far = (Shape(broadcast(x, y)[:-1]) for x, y in pairs)
    return left(broadcast(near, broadcast(*far)), reduction)
