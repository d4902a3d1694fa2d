"""Max unpooling: back to where the maxima were.

https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html; texts of errors:
``torch/nn/functional.py`` and ``aten/src/ATen/native/cpu/MaxUnpoolKernel.cpp``. The meta kernels
never look at an index; the CPU kernel refuses one that lies outside the output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import LAX, op
from shapelint.worker.ops.pooling import Indices
from shapelint.worker.recorder import current
from shapelint.worker.shapes import Shape, either, eq, ge, need, shape_of, spatial

LAX.update(f"max_unpool{rank}d" for rank in (1, 2, 3))


def _max_unpool(rank: int) -> Callable[..., Shape]:
    def max_unpool(
        input: Any,
        indices: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Shape:
        """``(n - 1)s + k - 2p``, or an ``output_size`` less than ``s`` away from it."""
        sizes = shape_of(input)[-rank:]
        k = spatial(kernel_size, rank)
        s, p = k if stride is None else spatial(stride, rank), spatial(padding, rank)
        out = [(sizes[i] - 1) * s[i] + k[i] - 2 * p[i] for i in range(rank)]
        if output_size is not None:
            out = _near(out, s, output_size)
        return _unpooled(input, indices, out)

    return max_unpool


@op("max_unpool2d", "max_unpool3d")
def max_unpool_builtin(
    self: Any, indices: Any, output_size: Any, stride: Any = 1, padding: Any = 0
) -> Shape:
    """What the functions of ``torch.nn.functional`` call."""
    return _unpooled(self, indices, output_size)


for _rank in (1, 2, 3):
    op(f"F.max_unpool{_rank}d")(_max_unpool(_rank))


def _near(default: Sequence[int], stride: Sequence[int], output_size: Any) -> list[int]:
    """``output_size`` without batch and channels, each length near the default one."""
    rank = len(default)
    wanted = output_size[2:] if len(output_size) == rank + 2 else output_size
    if len(wanted) != rank:
        raise ValueError(
            f"output_size should be a sequence containing {rank} or {rank + 2} elements, "
            f"but it has a length of '{len(wanted)}'"
        )
    for dim, (n, usual, s) in enumerate(zip(wanted, default, stride, strict=True)):
        need(
            all_of((ge(n, usual - s + 1), ge(usual + s - 1, n))),
            "match",
            lambda dim=dim, usual=usual, s=s: (  # type: ignore[misc]
                f'invalid output_size "{tuple(map(int, wanted))}" (dim {dim} must be between '
                f"{int(usual - s)} and {int(usual + s)})"
            ),
            n,
            usual,
            error=ValueError,
        )
    return list(wanted)


def _unpooled(input: Any, indices: Any, out: Sequence[int]) -> Shape:
    rank, shape = len(out), shape_of(input)
    for dim, n in enumerate(out):
        need(
            ge(n, 0),
            "fits",
            lambda dim=dim, n=n: (  # type: ignore[misc]
                "max_unpooling: output_size must contain non-negative spatial dimensions, but got "
                f"output_size[{dim}]={int(n)}"
            ),
            n,
            error=ValueError,
        )
    _same_shape(shape, shape_of(indices), rank)
    _inside(getattr(indices, "lengths", None), out)
    return Shape((*shape[:-rank], *out))


def _same_shape(shape: Shape, indices: Shape, rank: int) -> None:
    def why() -> str:
        extra = [1] if rank == 1 else []  # one dim is unpooled as two
        return (
            "Expected shape of indices to be same as that of the input tensor "
            f"({[*map(int, shape), *extra]}) but got indices tensor with shape: "
            f"{[*map(int, indices), *extra]}"
        )

    if len(shape) != len(indices):
        raise RuntimeError(why())
    for a, b in zip(shape, indices, strict=True):
        need(eq(a, b), "match", why, a, b)


def _inside(indices: Shape | None, out: Sequence[int]) -> None:
    """Every index must lie inside the output.

    Which index a window yields is up to the values. All of them are inside if the output is no
    smaller than the pooled plane; none but the first dim may then end with the last window.
    Otherwise a size is taken to fail if some values fail: if the last element of the last window
    is outside. Below the first element of that window it depends on the values. Into an output of
    no elements nothing is written.
    """
    if not isinstance(indices, Indices):
        _depends("indices that come from no pool")
        return
    rows, *columns = zip(out, indices.plane, strict=True)
    if all(n >= pooled for n, pooled in columns) and (
        rows[0] >= indices.end[0] or rows[0] >= rows[1]
    ):
        return
    last = [min(end, n) - 1 for end, n in zip(indices.end, indices.plane, strict=True)]
    greatest = _flat(last, indices.plane)
    need(
        either(ge(math.prod(out) - 1, greatest), *(eq(n, 0) for n in out)),
        "match",
        lambda: (
            f"Found an invalid max index: {int(greatest)} (output volumes are of size "
            f"{'x'.join(str(int(n)) for n in ([*out, 1] if len(out) == 1 else out))}"
        ),
        math.prod(out),
        greatest + 1,
        certain=False,
    )


def _flat(position: Sequence[int], plane: Sequence[int]) -> int:
    """The index of a position, row by row."""
    index = 0
    for at, n in zip(position, plane, strict=True):
        index = index * n + at
    return index


def _depends(reason: str) -> None:
    recorder = current()
    if recorder is not None:
        recorder.lost(f"max_unpool: {reason}; whether each one fits depends on values")
