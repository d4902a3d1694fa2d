"""The vocabulary of transfer functions: shapes, needs, conditions, broadcasting.

A transfer function takes the arguments of a PyTorch op, by the op's own parameter names, and
returns the shape of what comes out: one :class:`Shape` for a tensor, a list or tuple of them where
the op returns several. What the op demands of its inputs it states with :func:`need`, in PyTorch's
words, because that is the text people search for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from typing import Any

import torch

from shapelint.lengths import conditions
from shapelint.lengths.conditions import FALSE, TRUE, Condition
from shapelint.lengths.expr import Bounds
from shapelint.trace import NeedKind
from shapelint.worker.python.length import Length, expr_of
from shapelint.worker.recorder import current


class Shape(tuple[int, ...]):
    """The lengths of a tensor: ints and :class:`Length` s."""

    __slots__ = ()


def shape_of(value: Any) -> Shape:
    """The lengths of a tensor, known symbolically or not; of a number, the empty shape."""
    known = getattr(value, "lengths", None)
    if known is not None:
        return known if type(known) is Shape else Shape(known)
    if isinstance(value, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return Shape(value.shape)
    return Shape(())


def concrete(shape: Iterable[int]) -> list[int]:
    """The sizes of this run as bare ints, ``[2, 3]``, as messages of PyTorch name a shape."""
    return list(map(int, shape))


def need(
    condition: Condition,
    kind: NeedKind,
    why: str | Callable[[], str],
    *lengths: int,
    error: type[Exception] = RuntimeError,
    certain: bool = True,
) -> None:
    """The op raises ``error`` with the text ``why`` wherever ``condition`` does not hold.

    ``why`` may be a function, so that a text nobody reads is never built. Where it is not
    ``certain``, it raises for some values and not for others.
    """
    recorder = current()
    if recorder is not None and condition is not TRUE:
        recorder.need(condition, kind, why, tuple(map(expr_of, lengths)), error, certain)


def only_on_cpu() -> None:
    """Note that the meta kernel may accept this call and the CPU refuse it: confirm it there."""
    recorder = current()
    if recorder is not None:
        recorder.lax = True


def known_here() -> Bounds:
    """Bounds of the input sizes at this point of the run.

    A cached call that used them is valid only under the same bounds.
    """
    recorder = current()
    if recorder is None:
        return {}
    recorder.notes.depends_on_bounds()
    return recorder.known


def eq(a: int, b: int) -> Condition:
    """``a == b``, as a condition instead of a test."""
    if a is b or (type(a) is int and type(b) is int and a == b):
        return TRUE
    return conditions.equal(expr_of(a), expr_of(b))


def ge(a: int, b: int) -> Condition:
    """``a >= b``, as a condition instead of a test."""
    if a is b or (type(a) is int and type(b) is int and a >= b):
        return TRUE
    return conditions.at_least(expr_of(a), expr_of(b))


def divides(k: int, a: int) -> Condition:
    """``a % k == 0``, as a condition instead of a test."""
    if type(k) is int and type(a) is int and k and a % k == 0:
        return TRUE
    return conditions.divides(expr_of(k) if isinstance(k, Length) else k, expr_of(a))


def either(*parts: Condition) -> Condition:
    """At least one of the conditions."""
    return conditions.any_of(parts)


def numel(shape: Sequence[int]) -> int:
    """The number of elements."""
    return math.prod(shape)


class NoSuchDim(IndexError):
    """A dim that a tensor does not have, at any size."""


def dim_index(dim: int, rank: int) -> int:
    """``dim`` counted from the front. Raises NoSuchDim in PyTorch's words."""
    if not -max(rank, 1) <= dim < max(rank, 1):
        low, high = -max(rank, 1), max(rank, 1) - 1
        raise NoSuchDim(
            f"Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})"
        )
    return dim % max(rank, 1)


def spatial(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """A parameter given once or per spatial dim, as a tuple of ``rank`` values."""
    if isinstance(value, (tuple, list)):
        return tuple(value) * rank if len(value) == 1 else tuple(value)
    return (value,) * rank  # type: ignore[return-value]


def broadcast(*shapes: Sequence[int]) -> Shape:
    """The common shape under PyTorch's broadcasting rules.

    Equal lengths pass, a length of 1 stretches, anything else is a need that fails.
    https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """
    return reduce(_broadcast_two, shapes, Shape(()))


def broadcast_into(shape: Sequence[int], other: Sequence[int] = ()) -> None:
    """Need that two shapes broadcast to the first of them.

    Which lengths of the other one are stretched is not asked: nothing depends on it.
    """
    pairs = _side_by_side(shape, other)
    for i, (a, b) in reversed([*enumerate(pairs)]):
        _need_common(a, b, partial(_mismatch, i, a, b))

    def why() -> str:
        common = [int(b if int(a) == 1 else a) for a, b in pairs]
        return f"output with shape {concrete(shape)} doesn't match the broadcast shape {common}"

    same_rank = TRUE if len(pairs) == len(shape) else FALSE
    stay = [either(eq(a, b), eq(b, 1)) for a, b in pairs]
    need(conditions.all_of([same_rank, *stay]), "match", why, *shape)


def _broadcast_two(a: Sequence[int], b: Sequence[int]) -> Shape:
    """As ``infer_size`` does: from the last dim to the first."""
    pairs = [*enumerate(_side_by_side(a, b))]
    out = [broadcast_length(m, n, partial(_mismatch, i, m, n)) for i, (m, n) in reversed(pairs)]
    return Shape(reversed(out))


def _side_by_side(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """The lengths of both, which meet in the last dim."""
    rank = max(len(a), len(b))
    left, right = ((*[1] * (rank - len(s)), *s) for s in (a, b))
    return list(zip(left, right))


def _mismatch(dim: int, a: int, b: int) -> str:
    return (
        f"The size of tensor a ({int(a)}) must match the size of tensor b "
        f"({int(b)}) at non-singleton dimension {dim}"
    )


def broadcast_length(a: int, b: int, why: Callable[[], str]) -> int:
    """The common length of two that broadcast; ``why`` is PyTorch's text if they do not.

    A length that is known to differ from 1 is the result, so that no branch on the other is needed.
    """
    if a is b or (type(a) is int and a == 1):
        return b
    if type(b) is int and b == 1:
        return a
    _need_common(a, b, why)
    for n in (b, a) if type(b) is int else (a, b):
        if _is_never_one(n):
            return n
    if a == b:
        return b if type(b) is int else a
    return b if a == 1 else a


def _need_common(a: int, b: int, why: Callable[[], str]) -> None:
    need(either(eq(a, b), eq(a, 1), eq(b, 1)), "match", why, a, b)


def _is_never_one(n: int) -> bool:
    recorder = current()
    return eq(n, 1).decide({} if recorder is None else recorder.known) is False
