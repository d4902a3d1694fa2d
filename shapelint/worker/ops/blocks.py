"""``F.unfold`` and ``F.fold``: sliding blocks as columns, and back.

https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html; texts of errors:
``aten/src/ATen/native/im2col_shape_check.h``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.shapes import Shape, concrete, divides, eq, ge, need, shape_of, spatial


@op("im2col")
def im2col(input: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Shape:
    """``(N, C, H, W)`` becomes ``(N, C k k, L)`` with one column per block."""
    shape = shape_of(input)
    *batch, channels, h, w = shape
    need(
        all_of(ge(n, 1) for n in (channels, h, w)),
        "fits",
        lambda: (
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {concrete(shape)}"
        ),
        *(h, w),
    )
    k, d, p, s = (spatial(v, 2) for v in (kernel_size, dilation, padding, stride))
    blocks = _blocks((h, w), k, d, p, s)
    need(
        all_of(ge(n, 1) for n in blocks),
        "fits",
        lambda: (
            f"Given input with spatial size {_pair((h, w))}, kernel_size={_pair(k)}, "
            f"dilation={_pair(d)}, padding={_pair(p)}, calculated shape of the array of sliding "
            f"blocks as {_pair(blocks)}, but its components must be at least one."
        ),
        *(h, w),
    )
    return Shape((*batch, channels * math.prod(k), math.prod(blocks)))


@op("col2im")
def col2im(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Shape:
    """``(N, C k k, L)`` becomes ``(N, C, *output_size)``; L must be the number of blocks."""
    *batch, rows, columns = shape_of(input)
    k, d, p, s = (spatial(v, 2) for v in (kernel_size, dilation, padding, stride))
    size = spatial(output_size, 2)
    need(
        divides(math.prod(k), rows),
        "view",
        lambda: (
            f"Expected size of input's dimension 1 to be divisible by the product of "
            f"kernel_size, but got input.size(1)={int(rows)} and kernel_size={_pair(k)}."
        ),
        rows,
    )
    blocks = _blocks(size, k, d, p, s)
    given = (
        f"Given output_size={_pair(size)}, kernel_size={_pair(k)}, dilation={_pair(d)}, "
        f"padding={_pair(p)}, stride={_pair(s)}"
    )
    need(
        eq(columns, math.prod(blocks)),
        "view",
        lambda: (
            f"{given}, expected size of input's dimension 2 to match the calculated "
            f"number of sliding blocks {int(blocks[0])} * {int(blocks[1])} = "
            f"{int(math.prod(blocks))}, but got input.size(2)={int(columns)}."
        ),
        columns,
        *size,
    )
    need(
        all_of(ge(n, 1) for n in blocks),
        "view",
        f"{given}, calculated shape of the array of sliding blocks as {_pair(blocks)}, "
        "which is too small (non-positive)",
        *size,
    )
    return Shape((*batch, rows // math.prod(k), *size))


def _blocks(
    sizes: Sequence[int], k: Sequence[int], d: Sequence[int], p: Sequence[int], s: Sequence[int]
) -> list[int]:
    """``floor((n + 2p - d(k - 1) - 1) / s) + 1`` in each dim."""
    return [(sizes[i] + 2 * p[i] - d[i] * (k[i] - 1) - 1) // s[i] + 1 for i in range(2)]


def _pair(sizes: Sequence[int]) -> str:
    return f"({int(sizes[0])}, {int(sizes[1])})"
