"""Convolutions and transposed convolutions.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html and
https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html; texts of errors:
``aten/src/ATen/native/Convolution.cpp``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from shapelint.lengths.conditions import FALSE, Condition, all_of
from shapelint.worker.ops import op
from shapelint.worker.shapes import (
    Shape,
    concrete,
    divides,
    either,
    eq,
    ge,
    need,
    only_on_cpu,
    shape_of,
    spatial,
)


@op("conv1d", "conv2d", "conv3d")
def conv(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Shape:
    """``floor((n + 2p - d(k - 1) - 1) / s) + 1`` in every spatial dim."""
    kernel = shape_of(weight)[2:]
    rank = len(kernel)
    batch, sizes = _batched(input, weight, rank)
    s, d = spatial(stride, rank), spatial(dilation, rank)
    total = _total_padding(padding, kernel, d, rank)
    _channels(sizes[0], shape_of(weight)[1] * groups, input, weight, f"groups={groups}")
    _groups_divide(weight, groups)
    reach = [d[i] * (kernel[i] - 1) + 1 for i in range(rank)]
    padded = [sizes[1 + i] + total[i] for i in range(rank)]
    _kernel_fits(padded, reach)
    _not_empty(input, rank)
    _some_kernel(kernel)
    return Shape(
        (*batch, shape_of(weight)[0], *((padded[i] - reach[i]) // s[i] + 1 for i in range(rank)))
    )


@op("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def conv_transpose(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Shape:
    """``(n - 1)s - 2p + d(k - 1) + op + 1`` in every spatial dim."""
    kernel = shape_of(weight)[2:]
    rank = len(kernel)
    batch, sizes = _batched(input, weight, rank)
    s, p, d = (spatial(v, rank) for v in (stride, padding, dilation))
    extra = spatial(output_padding, rank)
    if any(map(int, extra)) or int(sizes[0]) != int(shape_of(weight)[0]):
        only_on_cpu()  # the meta kernel takes any output_padding, and any number of channels
    _output_padding_allowed(extra, s, d)
    _channels(sizes[0], shape_of(weight)[0], input, weight, "transposed=1")
    _groups_divide(weight, groups)
    _not_empty(input, rank)
    _some_kernel(kernel)
    out = [
        (sizes[1 + i] - 1) * s[i] - 2 * p[i] + d[i] * (kernel[i] - 1) + extra[i] + 1
        for i in range(rank)
    ]
    why = partial(_too_small, out, sizes)
    need(all_of(ge(n, 0) for n in out), "fits", why, *out)
    if any(n == 0 for n in out):
        only_on_cpu()  # the meta kernel refuses every empty map
        need(_may_be_empty(input, kernel, s, d, extra, groups), "fits", why, *out)
    return Shape((*batch, shape_of(weight)[1] * groups, *out))


def _too_small(out: Sequence[int], sizes: Sequence[int]) -> str:
    return (
        f"Given input size per channel: {_by(_two(sizes[1:]))}. Calculated output size per "
        f"channel: {_by(_two(out))}. Output size is too small"
    )


def _may_be_empty(
    input: Any,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    extra: Sequence[int],
    groups: int,
) -> Condition:
    """Where oneDNN is chosen, which returns an empty map. The plain kernel refuses.

    Chosen as ``ConvParams::use_mkldnn`` in ``Convolution.cpp`` does, which knows the batch, the
    channels and two spatial dims, however many there are.
    """
    batch, sizes = _batched(input, kernel, len(kernel))
    n, counted = math.prod(batch), math.prod([sizes[0], *_two(sizes[1:])[:2]])
    height, width = _two(kernel)[-2:]
    chosen = [ge(s - 1, more) for s, more in zip(stride, extra, strict=True)]
    if all(k == 1 for k in (height, width, *stride, *dilation)) and torch.get_num_threads() == 1:
        chosen.append(ge(n, 16))
    if groups == 1 and min(height, width) <= 3:
        chosen.append(either(ge(n, 2), ge(n * counted, 20481)))
    return all_of(chosen) if input.dtype == torch.float32 else FALSE


def _batched(input: Any, weight: Any, rank: int) -> tuple[tuple[int, ...], Sequence[int]]:
    """The batch dims (none for unbatched input) and the channels with the spatial dims."""
    shape = shape_of(input)
    if len(shape) not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to conv{rank}d, "
            f"but got input of size: {concrete(shape)}"
        )
    return tuple(shape[: -rank - 1]), shape[-rank - 1 :]


def _total_padding(padding: Any, kernel: Sequence[int], d: Sequence[int], rank: int) -> list[int]:
    """Zeros added to both ends together; 'same' adds ``d(k - 1)``."""
    if padding == "same":
        return [d[i] * (kernel[i] - 1) for i in range(rank)]
    if padding == "valid":
        return [0] * rank
    return [2 * p for p in spatial(padding, rank)]


def _channels(got: int, wanted: int, input: Any, weight: Any, given: str) -> None:
    need(
        eq(got, wanted),
        "channels",
        lambda: (
            f"Given {given}, weight of size {concrete(shape_of(weight))}, expected "
            f"input{_as_batch(input, len(shape_of(weight)))} to have {int(wanted)} channels, "
            f"but got {int(got)} channels instead"
        ),
        got,
        wanted,
    )


def _groups_divide(weight: Any, groups: int) -> None:
    shape = shape_of(weight)
    need(
        divides(groups, shape[0]),
        "channels",
        lambda: (
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{concrete(shape)}] instead"
        ),
        shape[0],
    )


def _not_empty(input: Any, rank: int) -> None:
    """Padding does not help an empty map."""
    sizes = shape_of(input)[-rank:]
    need(
        all_of(ge(n, 1) for n in sizes),
        "fits",
        lambda: (
            "Only zero batch or zero channel inputs are supported, but got input shape: "
            f"{_two(_as_batch(input, rank + 2), 2)}"
        ),
        *sizes,
    )


def _some_kernel(kernel: Sequence[int]) -> None:
    """A kernel that a length makes may be empty, which the meta kernel takes."""
    if 0 in concrete(kernel):
        only_on_cpu()
    need(
        all_of(ge(n, 1) for n in kernel),
        "fits",
        lambda: f"kernel size should be greater than zero, but got {_named('kernel', kernel)}",
        *kernel,
    )


def _as_batch(input: Any, dims: int) -> list[int]:
    """The shape with the batch dim that PyTorch adds."""
    shape = concrete(shape_of(input))
    return [1] * (dims - len(shape)) + shape


def _two(sizes: Sequence[int], before: int = 0) -> list[int]:
    """One spatial dim is handled as two; ``before`` dims precede it."""
    return [*sizes[:before], *([1] if len(sizes) == before + 1 else []), *sizes[before:]]


def _kernel_fits(padded: Sequence[int], reach: Sequence[int]) -> None:
    need(
        all_of(ge(n, k) for n, k in zip(padded, reach, strict=True)),
        "fits",
        lambda: (
            f"Calculated padded input size per channel: {_by(padded)}. Kernel size: {_by(reach)}. "
            "Kernel size can't be greater than actual input size"
        ),
        *padded,
    )


def _output_padding_allowed(
    extra: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> None:
    need(
        all_of(ge(n, 0) for n in extra),
        "output-padding",
        "negative output_padding is not supported",
        *extra,
    )
    need(
        all_of(ge(max(s, d) - 1, n) for n, s, d in zip(extra, stride, dilation, strict=True)),
        "output-padding",
        lambda: (
            "output padding must be smaller than either stride or dilation, but got "
            f"{_named('output_padding', extra)} {_named('stride', stride)} "
            f"{_named('dilation', dilation)}"
        ),
        *extra,
    )


def _named(name: str, values: Sequence[int]) -> str:
    """``stride_height: 1 stride_width: 2``."""
    if len(values) == 1:
        values = (0 if name == "output_padding" else 1, *values)
    axes = ("depth", "height", "width")[-len(values) :]
    return " ".join(f"{name}_{axis}: {int(n)}" for axis, n in zip(axes, values, strict=True))


def _by(sizes: Sequence[int]) -> str:
    return f"({' x '.join(str(int(n)) for n in sizes)})"
