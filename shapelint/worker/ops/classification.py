"""Losses of classifiers: cross entropy, likelihood, margins, CTC.

The class dim is dim 1, or dim 0 without a batch. Texts of errors:
``aten/src/ATen/native/LossNLL.cpp``, ``LossNLL2d.cpp``, ``LossMultiMargin.cpp``, ``LossCTC.cpp``.
"""

from __future__ import annotations

from typing import Any

import torch

from shapelint.lengths.conditions import all_of, unequal
from shapelint.worker.ops import COMPOSITES, op
from shapelint.worker.ops.losses import left, same_size
from shapelint.worker.python.contents import contents_of
from shapelint.worker.python.index_bounds import need_in_bounds
from shapelint.worker.python.length import expr_of
from shapelint.worker.shapes import Shape, concrete, either, eq, need, shape_of

COMPOSITES.update({"F.nll_loss", "F.multi_margin_loss", "F.multilabel_margin_loss", "F.ctc_loss"})


@op("cross_entropy_loss")
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Shape:
    """A value for each target: class indices, or probabilities in the shape of the input."""
    shape, wanted = shape_of(input), shape_of(target)
    if len(shape) != len(wanted) or not target.dtype.is_floating_point:
        _classes(shape, wanted, target)
        out: Shape = nll_loss(input, target, weight, reduction, ignore_index)
        return out
    _probabilities(shape, wanted)
    classes = shape[1] if len(shape) > 1 else shape[0]
    _weight_of_classes(weight, classes, "cross_entropy: ")
    return left(Shape((*shape[:1], *shape[2:]) if len(shape) > 1 else ()), reduction)


def _classes(shape: Shape, target: Shape, classes: Any) -> None:
    """A target in the shape of the input is taken for probabilities."""
    if len(shape) != len(target):
        return
    need(
        either(*(unequal(expr_of(a), expr_of(b)) for a, b in zip(shape, target, strict=True))),
        "match",
        lambda: (
            "Expected floating point type for target with class probabilities, got "
            f"{torch.empty(0, dtype=classes.dtype, device='cpu').type().split('.')[-1][:-6]}"
        ),
        *shape,
    )


def _probabilities(shape: Shape, target: Shape) -> None:
    """Of another size they are taken for class indices, so the texts speak of those."""
    texts = {
        1: "expected target dtype to be Long or Byte, but got Float",
        2: "0D or 1D target tensor expected, multi-target not supported",
        4: "only batches of spatial targets supported (3D tensors) but got targets of dimension: 4",
    }
    if len(shape) > 1:
        _same_batch(shape[0], target[0])
    spatial = Shape((*shape[:1], *shape[2:]))
    text = f"Expected target size {concrete(spatial)}, got {concrete(target)}"
    same_size(shape, target, texts.get(len(shape), text), RuntimeError)


@op("nll_loss_nd", "nll_loss", "nll_loss2d")
def nll_loss(
    input: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100
) -> Shape:
    """A value for each class index: ``(N, C, ...)`` and ``(N, ...)``."""
    shape, wanted = shape_of(input), shape_of(target)
    _inside(target, shape[1] if len(shape) > 1 else shape[0], ignore_index)
    if len(shape) == 1:
        _one_target(wanted)
        _weight_of_classes(weight, shape[0])
        return Shape(())
    _same_batch(shape[0], wanted[0])
    _same_spatial(shape, wanted)
    _weight_of_classes(weight, shape[1], spatial=len(shape) == 4)
    return left(Shape((shape[0], *shape[2:])), reduction)


def _inside(target: Any, classes: int, ignored: int) -> None:
    """A known target may be one that is ignored."""
    if ignored < 0 or contents_of(target) is None:
        least = min(ignored, 0)
        need_in_bounds(target, classes, lambda i: f"Target {i} is out of bounds.", least)


def _one_target(target: Shape) -> None:
    for n in target:
        text = f"For 1D input, 1D target must have size 1, but got target size: {int(n)}"
        need(eq(n, 1), "match", text, n, 1, error=ValueError)


def _same_batch(n: int, m: int) -> None:
    text = f"Expected input batch_size ({int(n)}) to match target batch_size ({int(m)})."
    need(eq(n, m), "match", text, n, m, error=ValueError)


def _same_spatial(shape: Shape, target: Shape) -> None:
    text = f"Expected target size {concrete(Shape((shape[0], *shape[2:])))}, got {concrete(target)}"
    if len(shape) == 4:
        text = f"size mismatch (got input: {concrete(shape)} , target: {concrete(target)}"
    same_size(Shape(shape[2:]), Shape(target[1:]), text, RuntimeError)


def _weight_of_classes(weight: Any, classes: int, prefix: str = "", spatial: bool = False) -> None:
    if weight is None:
        return
    (n,) = shape_of(weight)
    text = (
        f"weight tensor should be defined either for all {int(classes)} classes or no classes "
        f"but got weight tensor of shape: [{int(n)}]"
    )
    if spatial:
        text = "weight tensor should be defined either for all or no classes"
    need(eq(n, classes), "channels", prefix + text, n, classes)


@op("multi_margin_loss")
def multi_margin_loss(
    input: Any, target: Any, p: float = 1, margin: float = 1, weight: Any = None, reduction: int = 1
) -> Shape:
    """A value for each row of scores and its class."""
    shape, wanted = shape_of(input), shape_of(target)
    rows = shape[0] if len(shape) > 1 else 1
    need(
        all_of(eq(n, rows) for n in wanted),
        "match",
        "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
        f"samples (batch size). Expected target size [{int(rows)}], but got {concrete(wanted)}. "
        f"Input has shape {concrete(shape)}.",
        rows,
    )
    need_in_bounds(target, shape[-1], lambda _: "target out of range", error=RuntimeError)
    if weight is not None:
        (n,) = shape_of(weight)
        text = f"inconsistent weight size, expected {int(shape[-1])} but got [{int(n)}]"
        need(eq(n, shape[-1]), "channels", text, n, shape[-1])
    return left(wanted, reduction)


@op("multilabel_margin_loss")
def multilabel_margin_loss(input: Any, target: Any, reduction: int = 1) -> Shape:
    """A value for each row of scores and its classes."""
    shape, wanted = shape_of(input), shape_of(target)
    text = f"inconsistent target size: {concrete(wanted)} for input of size: {concrete(shape)}"
    same_size(shape, wanted, text, RuntimeError)
    return left(Shape(shape[:-1]), reduction)


@op("ctc_loss")
def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 1,
    zero_infinity: bool = False,
) -> Shape:
    """A value for each sequence of ``(T, N, C)``; what the lengths say is not looked at."""
    _, *batch, _ = shape_of(log_probs)
    for name, lengths in (("input", input_lengths), ("target", target_lengths)):
        sizes = [len(lengths)] if isinstance(lengths, (tuple, list)) else shape_of(lengths)
        for n, m in zip(sizes, batch, strict=True):
            need(eq(n, m), "match", f"{name}_lengths must be of size batch_size", n, m)
    if len(shape_of(targets)) == 2:
        _rows_of_targets(shape_of(targets)[0], batch[0])
    return left(Shape(batch), reduction)


def _rows_of_targets(rows: int, batch: int) -> None:
    text = (
        f"Expected tensor to have size {int(batch)} at dimension 0, but got size {int(rows)} for "
        "argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
    )
    need(eq(rows, batch), "match", text, rows, batch)
