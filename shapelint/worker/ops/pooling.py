"""Max and average pooling over windows of a fixed size.

Formulas: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html; texts of errors:
``aten/src/ATen/native/Pool.h`` and ``MaxPooling.cpp``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.shapes import Shape, concrete, ge, need, shape_of, spatial

Dims = tuple[int, ...]

_MAX_POOL = "max_pool3d_with_indices_out_cpu_template"


class Window(NamedTuple):
    """How a pool looks along one dim."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def reach(self) -> int:
        """Elements from the first to the last one of a window, both included."""
        return self.dilation * (self.kernel - 1) + 1

    def windows(self, n: int, ceil_mode: bool) -> int:
        """The number of windows over ``n`` elements.

        With ``ceil_mode`` the last window may hang over but must start inside the input or the
        left padding: ``min(ceil((n + 2p - reach) / s) + 1, ceil((n + p) / s))``. The numerators
        of the two differ by a constant, so it is known which is smaller.
        """
        if not ceil_mode:
            return (n + 2 * self.padding - self.reach) // self.stride + 1
        late = max(self.reach - self.padding - self.stride, 0)
        return -((late - n - self.padding) // self.stride)


class Indices(Shape):
    """The shape of the indices that a max pool returns, and what they point into.

    An index is a flat position in the ``plane`` that was pooled. The last window of each dim has
    its first element at ``start`` (negative inside the padding), then one every ``step``, and
    ends before ``end`` (beyond the plane if it hangs over).
    """

    plane: Dims
    start: Dims
    step: Dims
    end: Dims

    @staticmethod
    def of(shape: Shape, plane: Dims, start: Dims, step: Dims, end: Dims) -> Indices:
        """``shape`` with all of it."""
        self = Indices(shape)
        self.plane, self.start, self.step, self.end = plane, start, step, end
        return self


@op("max_pool1d")
def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Shape:
    """As the others, but the CPU has a kernel of its own for it, with its own words."""
    (window,) = windows(1, kernel_size, stride, padding, dilation)
    need(
        ge(window.kernel // 2, window.padding),
        "other",
        lambda: (
            "max_pool1d() padding should be at most half of kernel size, but got "
            f"padding={int(window.padding)} and kernel_size={int(window.kernel)}"
        ),
        window.kernel,
    )
    *batch, n = shape_of(input)
    need(
        ge(n, 1),
        "fits",
        lambda: (
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{[*map(int, batch), int(n)]}"
        ),
        n,
    )
    out = window.windows(n, ceil_mode)
    need(ge(out, 1), "fits", lambda: f"max_pool1d() Invalid computed output size: {int(out)}", n)
    return Shape((*batch, out))


def _max_pool(rank: int) -> Callable[..., Shape]:
    def max_pool(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Shape:
        """One element per window; ``stride`` is ``kernel_size`` by default."""
        return pooled(input, windows(rank, kernel_size, stride, padding, dilation), ceil_mode)

    return max_pool


def _max_pool_with_indices(rank: int) -> Callable[..., tuple[Shape, Indices]]:
    def max_pool_with_indices(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = True,
    ) -> tuple[Shape, Indices]:
        """The largest element of each window, and where it was."""
        over = windows(rank, kernel_size, stride, padding, dilation)
        shape = pooled(input, over, ceil_mode)
        counts = zip(shape[-rank:], over, strict=True)
        start = tuple((count - 1) * w.stride - w.padding for count, w in counts)
        end = tuple(at + w.reach for at, w in zip(start, over, strict=True))
        step = tuple(w.dilation for w in over)
        return shape, Indices.of(shape, shape_of(input)[-rank:], start, step, end)

    return max_pool_with_indices


def _avg_pool(rank: int) -> Callable[..., Shape]:
    def avg_pool(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> Shape:
        """One element per window; over three dims, padding does not help a small input."""
        over = windows(rank, kernel_size, stride, padding)
        if rank == 3:
            _kernel_fits(shape_of(input)[-3:], [w.kernel for w in over])
        return pooled(input, over, ceil_mode, "avg_pool3d")

    return avg_pool


for _rank in (1, 2, 3):
    op(f"avg_pool{_rank}d")(_avg_pool(_rank))
    op(f"max_pool{_rank}d_with_indices")(_max_pool_with_indices(_rank))
    if _rank > 1:
        op(f"max_pool{_rank}d")(_max_pool(_rank))


def windows(
    rank: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> list[Window]:
    """One window per spatial dim; no ``stride`` means ``kernel_size``."""
    unset = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    steps = spatial(kernel_size if unset else stride, rank)
    kernels, pads, dilations = (spatial(v, rank) for v in (kernel_size, padding, dilation))
    need(all_of(ge(s, 1) for s in steps), "other", "stride should not be zero", *steps)
    return list(map(Window, kernels, steps, pads, dilations))


def pooled(input: Any, over: Sequence[Window], ceil_mode: bool, name: str = _MAX_POOL) -> Shape:
    """The shape of one element per window; ``name`` is what the kernel calls itself."""
    rank, shape = len(over), shape_of(input)
    if len(shape) not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"non-empty {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input"
        )
    for window in over:
        _padding_allowed(window)
    _padding_below_half(over)
    *batch, channels = shape[:-rank]
    sizes = shape[-rank:]
    _not_empty(shape, rank, name)
    out = [w.windows(n, ceil_mode) for n, w in zip(sizes, over, strict=True)]
    need(
        all_of(ge(n, 1) for n in out),
        "fits",
        lambda: (
            f"Given input size: ({_by(channels, sizes)}). Calculated output size: "
            f"({_by(channels, out)}). Output size is too small"
        ),
        *sizes,
    )
    return Shape((*batch, channels, *out))


def _by(channels: int, sizes: Sequence[int]) -> str:
    """``CxHxW``; a pool over one dim is done in two, which its errors show."""
    middle = [1] if len(sizes) == 1 else []
    return "x".join(str(int(n)) for n in (channels, *middle, *sizes))


def _padding_allowed(window: Window) -> None:
    need(
        ge(window.reach // 2, window.padding),
        "other",
        lambda: (
            f"pad should be at most half of effective kernel size, but got pad="
            f"{int(window.padding)}, kernel_size={int(window.kernel)} and "
            f"dilation={int(window.dilation)}"
        ),
        window.kernel,
    )


def _padding_below_half(over: Sequence[Window]) -> None:
    """The dilation does not count for the half after all."""
    need(
        all_of(ge(w.kernel // 2, w.padding) for w in over),
        "other",
        lambda: (
            f"pad should be smaller than or equal to half of kernel size, but got {_pads(over)}"
        ),
        *(w.kernel for w in over),
    )


def _pads(over: Sequence[Window]) -> str:
    pads, kernels = ([int(w.padding) for w in over], [int(w.kernel) for w in over])
    if len(over) == 3:
        (t, h, w), (kt, kh, kw) = pads, kernels
        return f"kT: {kt} kW: {kw} kH: {kh} padT: {t} padW: {w} padH: {h}"
    (h, w), (kh, kw) = ([0] * (2 - len(over)) + pads, [1] * (2 - len(over)) + kernels)
    return f"padW = {w}, padH = {h}, kW = {kw}, kH = {kh}"


def _not_empty(shape: Shape, rank: int, name: str) -> None:
    need(
        all_of(ge(n, 1) for n in shape[-rank - 1 :]),
        "fits",
        lambda: _empty(concrete(shape), rank, name),
        *shape[-rank - 1 :],
    )


def _empty(shape: list[int], rank: int, name: str) -> str:
    if rank == 3:
        return (
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input "
            f"has a shape of {shape} and non-batch dimension 0 has length zero!"
        )
    if rank == 1:
        shape = [*shape[:-1], 1, shape[-1]]
    return (
        "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, "
        f"but got:{shape}"
    )


def _kernel_fits(sizes: Sequence[int], kernels: Sequence[int]) -> None:
    need(
        all_of(ge(n, k) for n, k in zip(sizes, kernels, strict=True)),
        "fits",
        lambda: (
            f"input image ({_named('', sizes)}) smaller than kernel size ({_named('k', kernels)})"
        ),
        *sizes,
    )


def _named(prefix: str, sizes: Sequence[int]) -> str:
    return " ".join(f"{prefix}{axis}: {int(n)}" for axis, n in zip("THW", sizes, strict=True))
