"""Strides of tensors, as formulas in the input sizes.

A new tensor has no gaps: its strides are products of lengths, in the order of dims that the run
shows. The strides of a view are linear in those of its base: ``stride(diagonal) = stride(row) +
stride(column)``. The coefficients are found by applying the operation to tensors that have a stride
of 1 in one dim and 0 in all others. The stride of a dim of length 1 has no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from shapelint.lengths.conditions import TRUE, Condition, all_of, any_of, equal, negate, unequal
from shapelint.lengths.expr import Bounds, Expr, constant
from shapelint.lengths.pairing import same_product
from shapelint.worker.layout import natural
from shapelint.worker.python.length import Length, expr_of
from shapelint.worker.recorder import Recorder, current, recording
from shapelint.worker.shapes import Shape, known_here, shape_of
from shapelint.worker.shown import (
    REGROUPING,
    Shown,
    depends_on_memory,
    depends_on_others,
    is_plain,
    laid_like,
    shown_by,
)

Strides = tuple[Expr, ...]

_STRETCHING = frozenset({"expand", "expand_as", "broadcast_to", "broadcast_tensors"})


def strides_of(tensor: torch.Tensor) -> Strides | None:
    """The strides of a tensor; None where they are not known.

    Records branches: whether a length that was expanded or regrouped is 1, and which dims of a
    regrouped tensor are contiguous to each other.
    """
    depends_on_memory()
    shown = shown_by(tensor)
    if shown is None:
        return _of_new(tensor)
    if shown.of is None:
        return None
    if is_plain(tensor):
        return _dense(shape_of(tensor))
    if shown.name == "as_strided":
        return tuple(map(expr_of, shown.given("stride", 2)))
    strides = _regrouped(tensor, shown) if shown.name in REGROUPING else _taken(tensor, shown)
    return strides if strides is not None and _agree(tensor, strides) else None


def _dense(shape: Sequence[int], order: Sequence[int] | None = None) -> Strides:
    """The strides of a tensor without gaps, whose dims are in this order in memory."""
    dims = range(len(shape)) if order is None else order
    return natural([expr_of(n) for n in shape], dims, constant(1))


def is_contiguous(tensor: torch.Tensor, order: Sequence[int]) -> bool | None:
    """Whether the dims lie in this order in memory, outermost first, without gaps.

    Recorded as branches; None if it is not known.
    """
    shape, strides = shape_of(tensor), strides_of(tensor)
    if strides is None:
        return None
    known = known_here()
    pairs = zip(shape, strides, _dense(shape, order))
    return 0 in shape or all(
        step == wanted or n == 1 or _holds(same_product([step], [wanted], known))
        for n, step, wanted in pairs
    )


def has_gaps(tensor: torch.Tensor, order: Sequence[int], run: Recorder) -> bool:
    """Whether at other sizes of its path there may be gaps, or another order, than in ``run``.

    True if only a branch would decide it; none is recorded.
    """
    if shown_by(tensor) is None or is_plain(tensor):
        return False
    with recording(Recorder(run.sizes, run.known)) as aside:
        strides = strides_of(tensor)
    shape = shape_of(tensor)
    if strides is None or aside.events:
        return True
    pairs = zip(shape, strides, _dense(shape, order))
    return any(step != wanted for n, step, wanted in pairs if not _is_one(n))


def fits(tensor: torch.Tensor, out: Sequence[int]) -> Condition | None:
    """The condition that the tensor can be viewed in the shape ``out``; None if it is not known.

    Adjacent dims without a gap between them form a block. A view may split blocks and never joins
    two: from the start of each block on there are as many elements as in some of its last dims. See
    ``computeStride`` in ``aten/src/ATen/TensorUtils.cpp``.
    """
    if is_plain(tensor):
        return TRUE
    strides = strides_of(tensor)
    if strides is None:
        return None
    shape, known = shape_of(tensor), known_here()
    return all_of(_meet(shape, strides, i, j, out, known) for i, j in _neighbours(shape))


def _neighbours(shape: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of dims that are adjacent if all between them have length 1."""
    for i, n in enumerate(shape):
        for j in range(i + 1, 0 if _is_one(n) else len(shape)):
            if not _is_one(shape[j]):
                yield i, j
                if type(shape[j]) is int:
                    break


def _is_one(n: int) -> bool:
    return type(n) is int and n == 1


def _meet(
    shape: Sequence[int], strides: Strides, i: int, j: int, out: Sequence[int], known: Bounds
) -> Condition:
    """That there is no gap between dims ``i`` and ``j``, or ``out`` splits there anyway."""
    between = [unequal(expr_of(n), 1) for n in shape[i + 1 : j]]
    ones = [equal(expr_of(shape[i]), 1), equal(expr_of(shape[j]), 1)]
    reasons = [*between, *ones, same_product([strides[i]], [expr_of(shape[j]), strides[j]], known)]
    wanted = [expr_of(n) for n in shape[j:]]
    reasons += [same_product(map(expr_of, out[k:]), wanted, known) for k in range(len(out) + 1)]
    answers = [reason.decide(known) for reason in reasons]
    either = any(negate(more) in reasons for more in between)  # a length is 1, or it is not
    return (
        TRUE
        if either or True in answers
        else any_of(w for w, a in zip(reasons, answers) if a is None)
    )


def _of_new(tensor: torch.Tensor) -> Strides | None:
    shape = shape_of(tensor)
    with torch._C.DisableTorchFunction():
        real, numbers = tensor.stride(), tensor.shape
    if not any(isinstance(n, Length) for n in shape):
        return tuple(map(constant, real))
    if is_plain(tensor):
        return _dense(shape)
    if not _order_is_known(tensor):
        return None
    for n in shape:
        if int(n) == 1:  # the order does not show where it lies if it is more
            n == 1  # noqa: B015  the comparison is a branch
    order = sorted(range(len(real)), key=lambda i: (numbers[i] != 1, -real[i]))
    strides = _dense(shape, order)
    return strides if _agree(tensor, strides) else None


def _order_is_known(tensor: torch.Tensor) -> bool:
    """Whether the order in memory is known of all tensors from which this one took its own.

    Worked out once in a run: large sums share operands.
    """
    like, run = laid_like(tensor), current()
    if like:
        depends_on_others()
    asked_in, known = getattr(tensor, "order_known", (None, True))
    if like and asked_in is not run:
        known = all(strides_of(given) is not None for given in like)
        tensor.order_known = run, known  # type: ignore[attr-defined]
    return bool(known)


def _agree(tensor: torch.Tensor, strides: Strides) -> bool:
    """Whether the formulas give the strides that the tensor has in this run."""
    recorder = current()
    sizes = recorder.sizes if recorder else {}
    with torch._C.DisableTorchFunction():
        pairs = [(n, s) for n, s in zip(tensor.shape, tensor.stride())]
    return all(
        n < 2 or step.at(sizes) == real for (n, real), step in zip(pairs, strides, strict=True)
    )


# -- views, linear in the strides of their base ---------------------------------------------------


def _taken(tensor: torch.Tensor, shown: Shown) -> Strides | None:
    of = None if shown.of is None else strides_of(shown.of)
    if of is None or shown.steps_vary:
        return None
    try:
        marks = [shown.strides_with(i) for i in range(-1, len(of))]
    except RuntimeError:  # some cannot be made of any strides: real numbers as complex ones
        return None
    strides = []
    for fixed, *times in zip(*marks, strict=True):
        if any(many != fixed for many in times) or not fixed:
            parts = (step * (many - fixed) for step, many in zip(of, times, strict=True))
            strides.append(sum(parts, constant(fixed)))
        else:
            strides.append(constant(fixed))
    return _stretched(tensor, shown, strides)


def _stretched(tensor: torch.Tensor, shown: Shown, strides: list[Expr]) -> Strides:
    """With strides of 0 for the dims that were expanded: those of length 1 before."""
    if shown.name in _STRETCHING and shown.of is not None:
        old, new = shape_of(shown.of), shape_of(tensor)
        for i in range(1, len(old) + 1):
            if expr_of(old[-i]) != expr_of(new[-i]) and old[-i] == 1:
                strides[-i] = constant(0)
    return tuple(strides)


# -- view, reshape, flatten -----------------------------------------------------------------------


def _regrouped(tensor: torch.Tensor, shown: Shown) -> Strides | None:
    """The strides block by block; those of a new tensor if the elements were copied."""
    of, out = shown.of, shape_of(tensor)
    old = None if of is None else strides_of(of)
    if of is None or old is None or 0 in out:
        return None
    can = fits(of, out)
    if can is None or not _holds(can):
        return _dense(out)
    strides, end = [constant(1)] * len(out), len(out)
    for block in reversed(_blocks(shape_of(of), old)):
        start = _start(out, end, [shape_of(of)[i] for i in block])
        steps = _dense(out[start:end])
        strides[start:end] = [step * old[block[-1]] for step in steps]
        end = start
    return tuple(strides)


def _blocks(shape: Shape, strides: Strides) -> list[list[int]]:
    """Groups of adjacent dims without gaps between them, without dims of length 1.

    Whether a length that is greater than 1 in this run may be 1 at other sizes is not asked. There
    the same dims are adjacent, and the stride of a block of length 1 has no meaning.
    """
    blocks: list[list[int]] = []
    known = known_here()
    for j in (i for i, n in enumerate(shape) if int(n) > 1 or n != 1):  # the test is a branch
        i = blocks[-1][-1] if blocks else None
        if i is not None and _holds(
            same_product([strides[i]], [expr_of(shape[j]), strides[j]], known)
        ):
            blocks[-1].append(j)
        else:
            blocks.append([j])
    return blocks


def _start(out: Shape, end: int, lengths: Sequence[int]) -> int:
    """The first of the dims up to ``end`` that together have as many elements as a block.

    Raises ValueError if there are none.
    """
    wanted, known, recorder = [expr_of(n) for n in lengths], known_here(), current()
    for start in reversed(range(end + 1)):
        same = same_product(map(expr_of, out[start:end]), wanted, known)
        if same.at(recorder.sizes if recorder else {}):
            _holds(same)
            return start
    raise ValueError(f"no part of {out} is a block of {lengths}")


def _holds(condition: Condition) -> bool:
    """Whether it holds in this run, recorded as a branch."""
    recorder = current()
    return condition.at({}) if recorder is None else recorder.branch(condition)
