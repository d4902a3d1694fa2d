"""Convolutions and transposed convolutions.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html and
https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html; texts of errors:
``aten/src/ATen/native/Convolution.cpp``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import LAX, op
from shapelint.worker.shapes import Shape, eq, ge, need, shape_of, spatial

LAX.update({"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"})


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
    _channels(sizes[0], shape_of(weight)[1] * groups, input, weight, groups)
    reach = [d[i] * (kernel[i] - 1) + 1 for i in range(rank)]
    padded = [sizes[1 + i] + total[i] for i in range(rank)]
    _kernel_fits(padded, reach)
    return Shape((*batch, shape_of(weight)[0], *((padded[i] - reach[i]) // s[i] + 1 for i in range(rank))))


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
    _channels(sizes[0], shape_of(weight)[0], input, weight, groups)
    for i in range(rank):
        _output_padding_allowed(extra[i], s[i], d[i])
    out = [
        (sizes[1 + i] - 1) * s[i] - 2 * p[i] + d[i] * (kernel[i] - 1) + extra[i] + 1
        for i in range(rank)
    ]
    need(
        all_of(ge(n, 1) for n in out),
        "fits",
        lambda: (
            f"Given input size per channel: {_by(sizes[1:])}. Calculated output size per channel: "
            f"{_by(out)}. Output size is too small"
        ),
        *out,
    )
    return Shape((*batch, shape_of(weight)[1] * groups, *out))


def _batched(input: Any, weight: Any, rank: int) -> tuple[tuple[int, ...], Sequence[int]]:
    """The batch dims (none for unbatched input) and the channels with the spatial dims."""
    shape = shape_of(input)
    if len(shape) not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to conv{rank}d, "
            f"but got input of size: {list(map(int, shape))}"
        )
    return tuple(shape[: -rank - 1]), shape[-rank - 1 :]


def _total_padding(padding: Any, kernel: Sequence[int], d: Sequence[int], rank: int) -> list[int]:
    """Zeros added to both ends together; 'same' adds ``d(k - 1)``."""
    if padding == "same":
        return [d[i] * (kernel[i] - 1) for i in range(rank)]
    if padding == "valid":
        return [0] * rank
    return [2 * p for p in spatial(padding, rank)]


def _channels(got: int, wanted: int, input: Any, weight: Any, groups: int) -> None:
    need(
        eq(got, wanted),
        "channels",
        lambda: (
            f"Given groups={groups}, weight of size {list(map(int, shape_of(weight)))}, expected "
            f"input{list(map(int, shape_of(input)))} to have {int(wanted)} channels, "
            f"but got {int(got)} channels instead"
        ),
        got,
        wanted,
    )


def _kernel_fits(padded: Sequence[int], reach: Sequence[int]) -> None:
    need(
        all_of(ge(n, k) for n, k in zip(padded, reach)),
        "fits",
        lambda: (
            f"Calculated padded input size per channel: {_by(padded)}. Kernel size: {_by(reach)}. "
            "Kernel size can't be greater than actual input size"
        ),
        *padded,
    )


def _output_padding_allowed(extra: int, stride: int, dilation: int) -> None:
    need(
        ge(max(stride, dilation) - 1, extra),
        "output-padding",
        f"output padding must be smaller than either stride or dilation, but got output_padding: "
        f"{int(extra)}, stride: {int(stride)}, dilation: {int(dilation)}",
        extra,
    )


def _by(sizes: Sequence[int]) -> str:
    return f"({' x '.join(str(int(n)) for n in sizes)})"
