"""``output_size=`` of a transposed convolution: a need, not a branch.

``nn.ConvTranspose2d.forward`` turns the size into an ``output_padding`` and compares it in Python
with the lengths that are possible. Left alone, each of these tests would split every model that
uses it into paths; stated as needs they are two conditions per dim.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.modules.conv import _ConvTransposeNd

from shapelint.lengths.conditions import all_of
from shapelint.worker.python.swaps import replaced
from shapelint.worker.shapes import Shape, ge, need, shape_of
from shapelint.worker.tensor import ShapeTensor

_FUNCTIONS = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}

Ahead = Callable[[Any, tuple[Any, ...], Callable[[], None]], None]
"""Takes a function, its arguments, and what states the needs of that call before it is made."""


def as_needs(ahead_of: Ahead) -> AbstractContextManager[None]:
    """Let transposed convolutions state what they demand of ``output_size``."""
    original = _ConvTransposeNd._output_padding

    def output_padding(
        module: Any, input: Any, output_size: Any, stride: Any, padding: Any, kernel_size: Any,
        num_spatial_dims: int, dilation: Any = None,
    ) -> Any:  # fmt: skip
        rest = (stride, padding, kernel_size, num_spatial_dims, dilation)
        wanted = list(output_size or ())[-num_spatial_dims:]
        if type(input) is not ShapeTensor or len(wanted) != num_spatial_dims:
            return original(module, input, output_size, *rest)
        least = _least(shape_of(input)[-num_spatial_dims:], stride, padding, kernel_size, dilation)
        shown = torch.Size if isinstance(output_size, torch.Size) else list
        demands = partial(_reachable, wanted, least, stride, shape_of(input), shown)
        args = (input, module.weight, module.bias, stride, padding)
        ahead_of(_FUNCTIONS[num_spatial_dims], args, demands)
        return [n - low for n, low in zip(wanted, least)]

    return replaced(_ConvTransposeNd, "_output_padding", output_padding)


def _least(lengths: Sequence[int], s: Any, p: Any, k: Any, d: Any) -> list[int]:
    """The output lengths without output_padding."""
    return [
        (n - 1) * s[i] - 2 * p[i] + (d[i] if d is not None else 1) * (k[i] - 1) + 1
        for i, n in enumerate(lengths)
    ]


def _reachable(
    wanted: Sequence[int], least: Sequence[int], stride: Any, shape: Shape, shown: Any
) -> None:
    most = [low + s - 1 for low, s in zip(least, stride)]

    def why() -> str:
        sizes, low, high = (list(map(int, v)) for v in (wanted, least, most))
        return (
            f"requested an output size of {shown(sizes)}, but valid sizes range from {low} "
            f"to {high} (for an input of {torch.Size(map(int, shape[2:]))})"
        )

    for n, low, high in zip(wanted, least, most):
        need(all_of((ge(n, low), ge(high, n))), "match", why, n, low, error=ValueError)
