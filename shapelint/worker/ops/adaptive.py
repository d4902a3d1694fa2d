"""Pools that are told what should come out: adaptive and fractional ones.

https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html,
https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html; texts of errors:
``aten/src/ATen/native/AdaptiveAveragePooling.cpp``, ``FractionalMaxPool2d.cpp`` and their like.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from shapelint.lengths.conditions import FALSE, Condition, all_of
from shapelint.worker.ops import op
from shapelint.worker.ops.pooling import Indices
from shapelint.worker.shapes import Shape, concrete, either, eq, ge, need, shape_of, spatial

Both = tuple[Shape, Indices]


def _adaptive_avg_pool(rank: int) -> Callable[..., Shape]:
    def adaptive_avg_pool(input: Any, output_size: Any) -> Shape:
        """``output_size``; None keeps the length."""
        return averaged(shape_of(input), output_size, rank)

    return adaptive_avg_pool


def averaged(shape: Shape, output_size: Any, rank: int) -> Shape:
    """The last ``rank`` dims averaged to a size; one element is a mean, even of nothing."""
    out = _wanted(output_size, shape, rank)
    is_mean = all_of(eq(n, 1) for n in out)
    first = -rank - 1 if rank == 3 else -rank
    _not_empty(shape, first, f"adaptive_avg_pool{max(rank, 2)}d", max(rank, 2), is_mean)
    return Shape((*shape[:-rank], *out))


def _adaptive_max_pool(rank: int) -> tuple[Callable[..., Shape], Callable[..., Both]]:
    def adaptive_max_pool(input: Any, output_size: Any, return_indices: bool = False) -> Shape:
        """``output_size``; None keeps the length."""
        return adaptive_max_pool_with_indices(input, output_size)[0]

    def adaptive_max_pool_with_indices(
        input: Any, output_size: Any, return_indices: bool = True
    ) -> Both:
        """The largest element of each window, and where it was."""
        shape = shape_of(input)
        _not_empty(shape, -rank - 1, f"adaptive_max_pool{rank}d", rank)
        sizes, out = shape[-rank:], _wanted(output_size, shape, rank)
        start = tuple(_last_start(n, count) for n, count in zip(sizes, out, strict=True))
        whole = Shape((*shape[:-rank], *out))
        return whole, Indices.of(whole, sizes, start, (1,) * rank, sizes)

    return adaptive_max_pool, adaptive_max_pool_with_indices


def _fractional_max_pool(rank: int) -> tuple[Callable[..., Shape], Callable[..., Both]]:
    def fractional_max_pool(
        input: Any,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> Shape:
        """``output_size``, or ``int(n * output_ratio)``."""
        return fractional_max_pool_with_indices(input, kernel_size, output_size, output_ratio)[0]

    def fractional_max_pool_with_indices(
        input: Any,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = True,
        _random_samples: Any = None,
    ) -> Both:
        """The largest element of each window, and where it was."""
        shape = shape_of(input)
        sizes = shape[-rank:]
        if output_size is None:
            ratios = spatial(output_ratio, rank)
            out = tuple(math.floor(n * ratio) for n, ratio in zip(sizes, ratios, strict=True))
        else:
            out = spatial(output_size, rank)
        return _fractional(shape, spatial(kernel_size, rank), out)

    return fractional_max_pool, fractional_max_pool_with_indices


def _fractional_max_pool_builtin(
    self: Any, kernel_size: Any, output_size: Any, random_samples: Any = None
) -> Both:
    """What the functions of ``torch.nn.functional`` call."""
    return _fractional(shape_of(self), tuple(kernel_size), tuple(output_size))


for _rank in (1, 2, 3):
    op(f"adaptive_avg_pool{_rank}d")(_adaptive_avg_pool(_rank))
    _plain, _with_indices = _adaptive_max_pool(_rank)
    op(f"F.adaptive_max_pool{_rank}d")(_plain)
    op(f"adaptive_max_pool{_rank}d", f"adaptive_max_pool{_rank}d_with_indices")(_with_indices)
    if _rank > 1:
        _plain, _with_indices = _fractional_max_pool(_rank)
        op(f"F.fractional_max_pool{_rank}d")(_plain)
        op(f"fractional_max_pool{_rank}d_with_indices")(_with_indices)
        op(f"fractional_max_pool{_rank}d")(_fractional_max_pool_builtin)


def _wanted(output_size: Any, shape: Shape, rank: int) -> tuple[int, ...]:
    """The output size of each spatial dim, where None keeps the length."""
    wanted = zip(spatial(output_size, rank), shape[-rank:], strict=True)
    out = tuple(n if size is None else size for size, n in wanted)
    need(
        all_of(ge(n, 0) for n in out),
        "other",
        lambda: (
            "elements of output_size must be greater than or equal to 0 but received "
            f"{concrete(out)}"
        ),
        *out,
    )
    return out


def _last_start(n: int, count: int) -> int:
    """Where the last window starts, ``floor((count - 1) n / count)``, or a bound below it."""
    return (count - 1) * n // count if type(count) is int and count > 0 else 0


def _not_empty(shape: Shape, first: int, name: str, rank: int, unless: Condition = FALSE) -> None:
    need(
        all_of(either(unless, ge(n, 1)) for n in shape[first:]),
        "fits",
        lambda: _empty(concrete(shape), name, rank),
        *shape[first:],
    )


def _empty(shape: list[int], name: str, rank: int) -> str:
    """The averages over one dim are taken over two."""
    if rank == 2 and name.startswith("adaptive_avg") and len(shape) < 4:
        shape = [*shape[:-1], 1, shape[-1]]
    dim = shape.index(0) if 0 in shape else -1
    return (
        f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has "
        f"sizes {shape} with dimension {dim} being empty"
    )


def _fractional(shape: Shape, kernels: Sequence[int], out: Sequence[int]) -> Both:
    """Windows must not outnumber their starts; in three dims one start is not used."""
    rank = len(kernels)
    sizes = shape[-rank:]
    name, axes = _FRACTIONAL[rank]
    for axis, n, k, count in zip(axes, sizes, kernels, out, strict=True):
        need(
            ge(n, count + k - (1 if rank == 2 else 0)),
            "fits",
            lambda axis=axis, n=n, k=k: (  # type: ignore[misc]
                f"{name}(): pool {axis} {int(k)} too large relative to input {axis} {int(n)}"
            ),
            n,
            count,
        )
    whole = Shape((*shape[:-rank], *out))
    start = tuple(n - k for n, k in zip(sizes, kernels, strict=True))
    return whole, Indices.of(whole, sizes, start, (1,) * rank, sizes)


_FRACTIONAL = {
    2: ("fractional_max_pool2d", ("height", "width")),
    3: ("fractional_max_pool3d_out", ("time", "height", "width")),
}
