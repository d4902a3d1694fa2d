"""The same elements in another shape: view, reshape, flatten, unflatten.

Rules: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html; texts of errors:
``aten/src/ATen/InferSize.h`` and ``aten/src/ATen/native/TensorShape.cpp``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from shapelint.lengths import conditions
from shapelint.lengths.conditions import FALSE, TRUE, Condition
from shapelint.lengths.expr import product
from shapelint.lengths.pairing import cancelled, same_product
from shapelint.worker.ops import op
from shapelint.worker.python.length import Length, expr_of
from shapelint.worker.recorder import current, note_lost
from shapelint.worker.shapes import (
    Shape,
    concrete,
    dim_index,
    divides,
    ge,
    known_here,
    need,
    numel,
    shape_of,
)
from shapelint.worker.strides import fits


@op("reshape")
def reshape(input: Any, *shape: Any, **named: Any) -> Shape:
    """As many elements as before; one dim may be -1."""
    return reshaped(shape_of(input), flat_sizes(shape or (named["shape"],)))


@op("reshape_as")
def reshape_as(self: Any, other: Any) -> Shape:
    """The shape of ``other``."""
    return reshaped(shape_of(self), shape_of(other))


@op("view")
def view(self: Any, *shape: Any, **named: Any) -> Shape:
    """As reshape, without a copy; ``view(dtype)`` reads the bytes in another way."""
    asked = shape or tuple(named.values())
    if isinstance(asked[0], torch.dtype):
        return _other_dtype(shape_of(self), self.dtype.itemsize, asked[0])
    out = reshaped(shape_of(self), flat_sizes(asked))
    _without_copy(self, out)
    return out


@op("view_as")
def view_as(self: Any, other: Any) -> Shape:
    """The shape of ``other``, without a copy."""
    return view(self, shape_of(other))


@op("flatten")
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Shape:
    """The dims from ``start_dim`` to ``end_dim`` as one."""
    shape = shape_of(input)
    first, last = dim_index(start_dim, len(shape)), dim_index(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return Shape((*shape[:first], numel(shape[first : last + 1]), *shape[last + 1 :]))


@op("ravel")
def ravel(input: Any) -> Shape:
    """One dim."""
    return Shape((numel(shape_of(input)),))


@op("unflatten")
def unflatten(input: Any, dim: int, sizes: Any) -> Shape:
    """One dim as several, the product of which it must be."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    target = flat_sizes((sizes,))

    def invalid() -> str:
        return (
            f"unflatten: Provided sizes {concrete(target)} don't multiply up to the size of "
            f"dim {at} ({int(shape[at])}) in the input tensor"
        )

    parts = reshaped(shape[at : at + 1], target, invalid)
    return Shape((*shape[:at], *parts, *shape[at + 1 :]))


def flat_sizes(given: Sequence[Any]) -> tuple[int, ...]:
    """``(2, 3)`` given as two arguments or as one sequence."""
    return tuple(given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given)


def reshaped(shape: Sequence[int], target: Sequence[int], invalid: Any = None) -> Shape:
    """``target`` with its -1 filled in.

    A length that can be -1 is compared with it: PyTorch then infers it.
    """
    inferred = [i for i, n in enumerate(target) if n == -1]
    if len(inferred) > 1:
        raise RuntimeError("only one dimension can be inferred")
    _no_negative(target, inferred)
    invalid = invalid or (
        lambda: f"shape '{concrete(target)}' is invalid for input of size {int(numel(shape))}"
    )
    if inferred:
        at = inferred[0]
        size = _inferred(shape, target[:at], target[at + 1 :], invalid)
        return Shape((*target[:at], size, *target[at + 1 :]))
    known = known_here()
    condition = same_product(map(expr_of, shape), map(expr_of, target), known)
    need(condition, "view", invalid, *target, numel(shape))
    return Shape(target)


def _no_negative(target: Sequence[int], inferred: Sequence[int]) -> None:
    for i, n in enumerate(target):
        if i not in inferred:
            need(
                ge(n, 0),
                "view",
                lambda i=i, n=n: (  # type: ignore[misc]
                    f"invalid shape dimension {int(n)} at index {i} of shape {concrete(target)}"
                ),
                n,
            )


def _inferred(
    shape: Sequence[int], before: Sequence[int], after: Sequence[int], invalid: Any
) -> int:
    """What -1 stands for between ``before`` and ``after``."""
    rest = (*before, *after)
    for n in rest:
        need(ge(n, 1), "view", lambda: _ambiguous(shape, before, after) or invalid(), n)
    (c, ours), (d, theirs) = cancelled(map(expr_of, shape), map(expr_of, rest), known_here())
    if theirs or (d > 1 and len(ours) > 1):
        kept = _kept_whole(shape, before, after, bool(theirs))
        if kept is not None:
            return kept
    above, below = product((c, *ours)), product((d, *theirs))
    # c and d have no common factor, so a constant divisor has to divide the lengths alone
    whole: Condition = conditions.divides(below, above if theirs else product(ours))
    need(whole, "view", invalid, *rest, numel(shape))
    value = math.prod(map(int, shape)) // math.prod(map(int, rest))
    quotient = above // below
    return Length(value, quotient) if quotient.terms else value


def _kept_whole(
    shape: Sequence[int], before: Sequence[int], after: Sequence[int], by_length: bool
) -> int | None:
    """The one dim that -1 stands for, if the others are regrouped among themselves.

    ``x.view(-1, c * 6 * 6)`` nearly always means the batch, ``x.view(b, h, w, -1)`` the channels.
    A branch on that keeps the dim as it is: the quotient of two products would be opaque to
    everything that follows.
    """
    first, last = len(before), len(shape) - len(after) - 1
    if first < len(shape) and isinstance(shape[first], Length) and _same(shape[:first], before):
        kept, others, wanted = shape[first], shape[first + 1 :], after
    elif by_length and last >= 0 and _same(shape[last + 1 :], after):
        kept, others, wanted = shape[last], shape[:last], before
    else:
        return None
    return kept if _regrouped(others, wanted) else None


def _same(ours: Sequence[int], theirs: Sequence[int]) -> bool:
    """Whether the lengths are equal at all sizes."""
    return [expr_of(n) for n in ours] == [expr_of(n) for n in theirs]


def _regrouped(ours: Sequence[int], theirs: Sequence[int]) -> bool:
    """Whether the products are equal, as a branch."""
    recorder = current()
    if recorder is None:
        return int(numel(ours)) == int(numel(theirs))
    same = same_product(map(expr_of, ours), map(expr_of, theirs), known_here())
    parts = same.parts if isinstance(same, conditions.All) else (same,)
    return all(recorder.branch(part) for part in parts)


def _ambiguous(shape: Sequence[int], before: Sequence[int], after: Sequence[int]) -> str | None:
    if int(numel(shape)):
        return None
    target = [*map(int, before), -1, *map(int, after)]
    return (
        f"cannot reshape tensor of 0 elements into shape {target} because the unspecified "
        "dimension size -1 can be any value and is ambiguous"
    )


def _other_dtype(shape: Shape, size: int, dtype: torch.dtype) -> Shape:
    """The last dim counts elements of another width."""
    if size >= dtype.itemsize:
        return Shape((*shape[:-1], shape[-1] * (size // dtype.itemsize))) if shape else shape
    ratio = dtype.itemsize // size
    need(
        divides(ratio, shape[-1]),
        "view",
        lambda: (
            f"self.size(-1) must be divisible by {ratio} to view as a dtype of {ratio} times the "
            f"width, but got {int(shape[-1])}"
        ),
        shape[-1],
    )
    return Shape((*shape[:-1], shape[-1] // ratio))


def _without_copy(tensor: Any, out: Shape) -> None:
    """Need that the layout in memory allows the view."""
    if not isinstance(tensor, torch.Tensor):
        return
    allowed = fits(tensor, out)
    if allowed is None:
        note_lost("view of a tensor with unknown strides")
        allowed = FALSE if _refusal(tensor, out) else TRUE
    if allowed.decide(known_here()) is not True and 0 not in shape_of(tensor):
        need(allowed, "view", lambda: _refusal(tensor, out) or _JOINS_BLOCKS)


_JOINS_BLOCKS = (
    "view size is not compatible with input tensor's size and stride (at least one dimension spans "
    "across two contiguous subspaces). Use .reshape(...) instead."
)


def _refusal(tensor: torch.Tensor, out: Shape) -> str:
    try:
        with torch._C.DisableTorchFunctionSubclass():
            tensor.view(tuple(map(int, out)))
    except RuntimeError as exc:
        return str(exc)
    return ""
