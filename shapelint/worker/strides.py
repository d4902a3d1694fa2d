"""How far apart neighbours of each dim lie in memory, as formulas: the strides of a tensor.

A new tensor has no gaps: its strides are products of lengths, in the order that its run shows. A
view has those of the tensor that it shows, each as often as the operation takes it: neighbours on
a diagonal are a row and a column apart. So the operation is made once more for each dim of that
tensor, with a stride of 1 there and of 0 in all others, which shows how often. The stride of a dim
of length 1 means nothing.
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
    is_plain,
    laid_like,
    shown_by,
)

Strides = tuple[Expr, ...]

_STRETCHING = frozenset({"expand", "expand_as", "broadcast_to", "broadcast_tensors"})


def strides_of(tensor: torch.Tensor) -> Strides | None:
    """The strides; None where they are not known.

    Whether a length that was stretched or regrouped is 1 is a branch, and so is which dims lie
    behind each other in what was regrouped.
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
    """Without gaps, in the order of the dims or in another one."""
    dims = range(len(shape)) if order is None else order
    return natural([expr_of(n) for n in shape], dims, constant(1))


def is_contiguous(tensor: torch.Tensor, order: Sequence[int] | None = None) -> bool | None:
    """Whether elements lie in this order without gaps, as branches; None if it is not known."""
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
    """Whether at other sizes there may be gaps, or another order, where the run shows none.

    Where a branch would tell there may be, unless it follows from what the run knows.
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
    """Whether the tensor can be viewed in the shape ``out``; None where that is not known.

    Dims that lie behind each other are one block. A view may cut blocks and never joins two: from
    the start of each block to the end it has as many elements as some of its last dims. See
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
    """Dims that are neighbours if all between them are of length 1."""
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
    """Whether dim ``j`` lies right behind ``i``, or a view in the shape ``out`` is cut there."""
    between = [unequal(expr_of(n), 1) for n in shape[i + 1 : j]]
    ones = [equal(expr_of(shape[i]), 1), equal(expr_of(shape[j]), 1)]
    ways = [*between, *ones, same_product([strides[i]], [expr_of(shape[j]), strides[j]], known)]
    wanted = [expr_of(n) for n in shape[j:]]
    ways += [same_product(map(expr_of, out[k:]), wanted, known) for k in range(len(out) + 1)]
    answers = [way.decide(known) for way in ways]
    either = any(negate(more) in ways for more in between)  # a length is 1, or it is not
    return (
        TRUE if either or True in answers else any_of(w for w, a in zip(ways, answers) if a is None)
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
    """Whether the order is known by that of the tensors like which this one was laid.

    It is asked once in a run: sums of sums were laid like what they share.
    """
    like, run = laid_like(tensor), current()
    asked_in, known = getattr(tensor, "order_known", (None, True))
    if like and asked_in is not run:
        known = all(strides_of(given) is not None for given in like)
        tensor.order_known = run, known  # type: ignore[attr-defined]
    return bool(known)


def _agree(tensor: torch.Tensor, strides: Strides) -> bool:
    """Whether these are the strides of this run."""
    recorder = current()
    sizes = recorder.sizes if recorder else {}
    with torch._C.DisableTorchFunction():
        pairs = [(n, s) for n, s in zip(tensor.shape, tensor.stride())]
    return all(
        n < 2 or step.at(sizes) == real for (n, real), step in zip(pairs, strides, strict=True)
    )


# -- what a view takes of the strides of a tensor -------------------------------------------------


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
    """What is stretched stays where it is; a length is, where it is 1."""
    if shown.name in _STRETCHING and shown.of is not None:
        old, new = shape_of(shown.of), shape_of(tensor)
        for i in range(1, len(old) + 1):
            if expr_of(old[-i]) != expr_of(new[-i]) and old[-i] == 1:
                strides[-i] = constant(0)
    return tuple(strides)


# -- what is regrouped ----------------------------------------------------------------------------


def _regrouped(tensor: torch.Tensor, shown: Shown) -> Strides | None:
    """Block by block; of a copy, those of a new tensor."""
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
    """Dims that lie right behind each other, but for those of length 1.

    A length that is more here, and 1 elsewhere, is not asked about: what lies behind each other
    does so there, too, and whatever is as long as a block of length 1 is stepped through nowhere.
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
    """Where the dims begin that hold as many elements as a block, and end at ``end``."""
    wanted, known, recorder = [expr_of(n) for n in lengths], known_here(), current()
    for start in reversed(range(end + 1)):
        same = same_product(map(expr_of, out[start:end]), wanted, known)
        if same.at(recorder.sizes if recorder else {}):
            _holds(same)
            return start
    raise ValueError(f"no part of {out} is a block of {lengths}")


def _holds(condition: Condition) -> bool:
    """Whether it holds, as a branch."""
    recorder = current()
    return condition.at({}) if recorder is None else recorder.branch(condition)
