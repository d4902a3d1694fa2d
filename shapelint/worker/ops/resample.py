"""Changing the resolution: interpolation, sampling on a grid, pixel and channel shuffles.

``F.interpolate`` takes ``floor(double(n) * scale_factor)``; that product is repeated bit by bit
where it is not exact. https://docs.pytorch.org/docs/stable/generated/
torch.nn.functional.interpolate.html; texts of errors: ``aten/src/ATen/native/UpSample.h``,
``GridSamplerUtils.h``, ``PixelShuffle.cpp``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import LAX, RESIZING, op
from shapelint.worker.ops.adaptive import averaged
from shapelint.worker.python.compared import Compared
from shapelint.worker.shapes import (
    Shape,
    concrete,
    divides,
    eq,
    ge,
    need,
    numel,
    only_on_cpu,
    shape_of,
    spatial,
)

LAX.update(("interpolate", "grid_sampler"))


@op("F.interpolate")
def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Shape:
    """``size``, or ``floor(n * scale_factor)``; ``area`` is adaptive average pooling."""
    out = _resized(shape_of(input)[2:], size, scale_factor)
    return averaged(shape_of(input), out, len(out)) if mode == "area" else _upsampled(input, out)


def _is_as_asked(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    *_: Any,
    **__: Any,
) -> bool:
    """Whether lengths are given or whole multiples. The kernels of these modes are in Python."""
    given = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,)
    return mode in _WEIGHTED and all(n is None or _is_whole(n) for n in given)


def _is_whole(factor: Any) -> bool:
    if isinstance(factor, Compared):
        return False
    return isinstance(factor, int) or (isinstance(factor, float) and float.is_integer(factor))


_WEIGHTED = frozenset({"linear", "bilinear", "bicubic", "trilinear"})
RESIZING["interpolate"] = _is_as_asked


@op(
    *(f"upsample_nearest{rank}d" for rank in (1, 2, 3)),
    *(f"_upsample_nearest_exact{rank}d" for rank in (1, 2, 3)),
    *("upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d"),
    *("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "_upsample_lanczos2d_aa"),
)
def upsample(input: Any, output_size: Any, *args: Any, **kwargs: Any) -> Shape:
    """``output_size``, or the factors, which come last."""
    factors = kwargs.get("scale_factors", args[-1] if args else None)
    scale = factors if isinstance(factors, (tuple, list)) else None
    return _upsampled(input, _resized(shape_of(input)[2:], output_size, scale))


@op("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(
    input: Any,
    grid: Any,
    interpolation_mode: int = 0,
    padding_mode: int = 0,
    align_corners: bool = False,
) -> Shape:
    """The spatial dims are those of the grid; its last dim holds one coordinate for each."""
    shape, places = shape_of(input), shape_of(grid)
    rank = len(shape) - 2
    need(
        eq(shape[0], places[0]),
        "match",
        lambda: (
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {concrete(shape)} and grid with sizes {concrete(places)}"
        ),
        shape[0],
        places[0],
    )
    need(
        eq(places[-1], rank),
        "match",
        lambda: (
            f"grid_sampler(): expected grid to have size {rank} in last dimension, but got grid "
            f"with sizes {concrete(places)}"
        ),
        places[-1],
    )
    for dim in range(2, len(shape)):
        need(
            ge(shape[dim], 1),
            "fits",
            lambda dim=dim: (  # type: ignore[misc]
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                f"has sizes {concrete(shape)} with dimension {dim} being empty"
            ),
            shape[dim],
        )
    return Shape((*shape[:2], *places[1:-1]))


@op("F.affine_grid")
def affine_grid(theta: Any, size: Any, align_corners: Any = None) -> Shape:
    """``(N, H, W, 2)`` for ``theta`` of ``(N, 2, 3)``, and one more for volumes."""
    rank, batch = len(size) - 2, shape_of(theta)[0]
    need(
        all_of(ge(n, 1) for n in size),
        "other",
        lambda: f"Expected non-zero, positive output size. Got {tuple(map(int, size))}",
        *size,
        error=ValueError,
    )
    need(
        eq(batch, size[0]),
        "match",
        lambda: (
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{int(size[0])}, {rank + 1}] but got: [{int(batch)}, {rank + 1}]."
        ),
        batch,
        size[0],
    )
    return Shape((size[0], *size[2:], rank))


@op("pixel_shuffle")
def pixel_shuffle(input: Any, upscale_factor: int) -> Shape:
    """``(C r r, H, W)`` becomes ``(C, H r, W r)``."""
    *batch, channels, h, w = shape_of(input)
    r = upscale_factor
    need(
        divides(r * r, channels),
        "view",
        lambda: (
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={int(channels)} is not divisible by {r * r}"
        ),
        channels,
    )
    return Shape((*batch, channels // (r * r), h * r, w * r))


@op("pixel_unshuffle")
def pixel_unshuffle(input: Any, downscale_factor: int) -> Shape:
    """``(C, H r, W r)`` becomes ``(C r r, H, W)``; an empty map stays as it is."""
    *batch, channels, h, w = shape_of(input)
    r = downscale_factor
    for name, dim, n in (("height", -2, h), ("width", -1, w)):
        need(
            divides(r, n),
            "view",
            lambda name=name, dim=dim, n=n: (  # type: ignore[misc]
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={int(n)} is not divisible by {r}"
            ),
            n,
        )
    if numel(shape_of(input)) == 0:
        only_on_cpu()  # the meta kernel makes channels of what is not there
        return shape_of(input)
    return Shape((*batch, channels * r * r, h // r, w // r))


@op("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(input: Any, groups: int) -> Shape:
    """The same shape."""
    shape = shape_of(input)
    need(
        divides(groups, shape[1]),
        "view",
        lambda: (
            f"Number of channels must be divisible by groups. Got {int(shape[1])} channels and "
            f"{groups} groups."
        ),
        shape[1],
    )
    return shape


def _resized(sizes: Sequence[int], size: Any, scale_factor: Any) -> list[int]:
    if size is not None:
        return list(spatial(size, len(sizes)))
    factors = spatial(scale_factor, len(sizes))
    return [math.floor(n * factor) for n, factor in zip(sizes, factors, strict=True)]


def _upsampled(input: Any, out: Sequence[int]) -> Shape:
    """Batch and channels with the new size."""
    shape = shape_of(input)
    sizes = shape[2:]
    need(
        all_of(ge(n, 1) for n in (*sizes, *out)),
        "fits",
        lambda: (
            "Input and output sizes should be greater than 0, but got input "
            f"({_named(sizes)}){' and' if len(sizes) == 1 else ''} output ({_named(out)})"
        ),
        *sizes,
    )
    need(
        ge(shape[1], 1),
        "other",
        lambda: (
            f"Non-empty {len(shape)}D data tensor expected but got a tensor with sizes "
            f"{concrete(shape)}"
        ),
        shape[1],
    )
    return Shape((*shape[:2], *out))


def _named(sizes: Sequence[int]) -> str:
    axes = "DHW"[-len(sizes) :]
    return ", ".join(f"{axis}: {int(n)}" for axis, n in zip(axes, sizes, strict=True))
