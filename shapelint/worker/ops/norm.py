"""Normalization: batch, instance, group, layer and RMS norm.

They keep the shape. What they need: as many statistics and weights as there are channels (or
features), and in training more than one value to take the variance of. Texts of errors:
``torch/nn/functional.py``, ``aten/src/ATen/native/Normalization.cpp``, ``layer_norm.h`` and
``group_norm.cpp`` beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapelint.lengths.conditions import unequal
from shapelint.worker.ops import COMPARING, FROM_THE_BACK, PER_CHANNEL, op
from shapelint.worker.python.length import Length, expr_of
from shapelint.worker.shapes import Shape, broadcast, concrete, divides, either, eq, need, shape_of

COMPARING.update(dict.fromkeys(("batch_norm", "instance_norm"), PER_CHANNEL))
COMPARING["_weight_norm"] = FROM_THE_BACK
COMPARING["group_norm"] = PER_CHANNEL._replace(counts=True)
COMPARING.update(dict.fromkeys(("layer_norm", "rms_norm"), FROM_THE_BACK._replace(counts=True)))


@op("F.batch_norm")
def batch_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Shape:
    """The shape of the input; statistics and weights for each channel (dim 1)."""
    shape = shape_of(input)
    if training:
        _several("value per channel", shape, [shape[0], *shape[2:]])
    _one_per_channel(shape, 1, running_mean, running_var, weight, bias)
    return shape


@op("batch_norm")
def batch_norm_affine_first(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, *args: Any
) -> Shape:
    """As ``F.batch_norm``, which alone asks for more than one value."""
    _one_per_channel(shape_of(input), 1, running_mean, running_var, weight, bias)
    return shape_of(input)


@op("F.instance_norm")
def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Shape:
    """The shape of the input; more than one element in the spatial dims to normalize over."""
    shape = shape_of(input)
    if use_input_stats:
        _several("spatial element", shape, shape[2:])
    _one_per_channel(shape, shape[0], running_mean, running_var, weight, bias)
    return shape


@op("instance_norm")
def instance_norm_affine_first(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, *args: Any
) -> Shape:
    """As ``F.instance_norm``, which alone asks for more than one element."""
    shape = shape_of(input)
    _one_per_channel(shape, shape[0], running_mean, running_var, weight, bias)
    return shape


@op("F.group_norm")
def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Shape:
    """The shape of the input; ``num_groups`` divides the channels (dim 1)."""
    n, channels, *spatial = shape_of(input)
    sizes = [n * channels // num_groups, num_groups, *spatial]
    _several("value per channel", sizes, [sizes[0], *spatial], tensor=False)
    return _group_norm(input, num_groups, weight, bias)


@op("group_norm")
def _group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, *args: Any, **kwargs: Any
) -> Shape:
    shape = shape_of(input)
    need(
        divides(num_groups, shape[1]),
        "channels",
        lambda: (
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {concrete(shape)} and num_groups={int(num_groups)}"
        ),
        shape[1],
    )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None:
            _vector_of_channels(name, tensor, weight, shape)
    return shape


def _vector_of_channels(name: str, tensor: Any, weight: Any, shape: Shape) -> None:
    (n,) = shape_of(tensor)
    need(
        eq(n, shape[1]),
        "channels",
        # PyTorch names the shape of the weight in both cases
        lambda: (
            f"Expected {name} to be a vector of size equal to the number of channels in input, but "
            f"got {name} of shape {concrete(shape_of(weight))} and input of shape {concrete(shape)}"
        ),
        shape[1],
        n,
    )


@op("_weight_norm")
def weight_norm(v: Any, g: Any, dim: int = 0) -> Shape:
    """A weight of the shape of its direction ``v``; ``g`` holds its lengths along ``dim``."""
    return broadcast(shape_of(v), shape_of(g))


@op("layer_norm")
def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, *args: Any,
    **kwargs: Any,
) -> Shape:  # fmt: skip
    """The shape of the input, which ends in ``normalized_shape``."""
    for name, tensor in (("weight", weight), ("bias", bias)):
        _same_as_normalized(name, tensor, normalized_shape)
    _ends_in(shape_of(input), normalized_shape, "*, ")
    return shape_of(input)


@op("rms_norm")
def rms_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Shape:
    """The shape of the input, which ends in ``normalized_shape``."""
    _ends_in(shape_of(input), normalized_shape, "*")
    _same_as_normalized("weight", weight, normalized_shape)
    return shape_of(input)


# -- needs ----------------------------------------------------------------------------------------


def _several(what: str, shape: Sequence[int], counted: Sequence[int], tensor: bool = True) -> None:
    """Need that the product of ``counted`` is not 1: that not all of them are."""
    need(
        either(*(unequal(expr_of(n), 1) for n in counted)),
        "other",
        lambda: (
            f"Expected more than 1 {what} when training, got input size "
            + (f"torch.Size({concrete(shape)})" if tensor else str(concrete(shape)))
        ),
        *counted,
        error=ValueError,
    )


def _one_per_channel(shape: Shape, copies: int, *tensors: Any) -> None:
    """Nobody counts the channels of a map that has no elements."""
    channels = shape[1]
    varies = isinstance(channels, Length) or not channels
    empty = [eq(n, 0) for n in shape] if varies else []
    for name, tensor in zip(
        ("running_mean", "running_var", "weight", "bias"), tensors, strict=True
    ):
        if tensor is None:
            continue
        (n,) = shape_of(tensor)
        need(
            either(eq(n, channels), *empty),
            "channels",
            lambda name=name, n=n: (  # type: ignore[misc]
                f"{name} should contain {int(channels * copies)} elements not {int(n * copies)}"
            ),
            channels,
            n,
        )


def _ends_in(shape: Shape, normalized: Sequence[int], star: str) -> None:
    last = shape[-len(normalized) :]
    for n, wanted in zip(last, normalized, strict=True):
        need(
            eq(n, wanted),
            "features",
            lambda: (
                f"Given normalized_shape={concrete(normalized)}, expected input with shape "
                f"[{star}{str(concrete(normalized))[1:]}, but got input of size{concrete(shape)}"
            ),
            n,
            wanted,
        )


def _same_as_normalized(name: str, tensor: Any, normalized: Sequence[int]) -> None:
    if tensor is None:
        return
    shape = shape_of(tensor)
    for n, wanted in zip(shape, normalized, strict=True):
        need(
            eq(n, wanted),
            "features",
            lambda: (
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of "
                f"shape {concrete(shape)} and normalized_shape = {concrete(normalized)}"
            ),
            n,
            wanted,
        )
