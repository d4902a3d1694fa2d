"""Fourier transforms: short-time, one-dimensional, over several dims.

https://docs.pytorch.org/docs/stable/generated/torch.stft.html, https://docs.pytorch.org/docs/
stable/fft.html; rules and texts of errors: ``aten/src/ATen/native/SpectralOps.cpp``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import torch

from shapelint.worker.ops import LAX, OPS, op
from shapelint.worker.shapes import Shape, dim_index, either, eq, ge, need, shape_of

LAX.add("istft")  # it divides by the overlapping windows, and refuses where they add up to zero


@op("stft")
def stft(
    input: Any,
    n_fft: int,
    hop_length: Any = None,
    win_length: Any = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: Any = None,
    return_complex: Any = None,
    align_to_window: Any = None,
) -> Shape:
    """``(N, frequencies, floor((L - n_fft) / hop) + 1)``, L padded by ``n_fft // 2`` twice."""
    *batch, n = shape_of(input)
    if center:
        n = _padded(batch, n, n_fft // 2, pad_mode)
    reach = win_length if align_to_window and win_length is not None else n_fft
    hop = n_fft // 4 if hop_length is None else hop_length
    need(
        ge(n, reach),
        "fits",
        lambda: f"expected 0 < n_fft < {int(n)}, but got n_fft={int(win_length or n_fft)}",
        n,
    )
    is_complex = any(isinstance(t, torch.Tensor) and t.is_complex() for t in (input, window))
    two_sided = is_complex if onesided is None else not onesided
    bins = n_fft if two_sided else n_fft // 2 + 1
    _some_rows(batch)
    parts = () if return_complex or (return_complex is None and is_complex) else (2,)
    return Shape((*batch, bins, (n - reach) // hop + 1, *parts))


def _padded(batch: Sequence[int], n: int, pad: int, mode: str) -> int:
    """The length after padding both ends, as the last of three dims."""
    dims = Shape(([1, 1, *batch, n])[-3:])
    transfer: Any = OPS.get("pad")
    padded: Shape = transfer(SimpleNamespace(lengths=dims), (pad, pad), mode)
    return padded[-1]


_HALF = "n_fft / 2 + 1 when onesided=True"


@op("istft")
def istft(
    input: Any,
    n_fft: int,
    hop_length: Any = None,
    win_length: Any = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    onesided: Any = None,
    length: Any = None,
    return_complex: bool = False,
) -> Shape:
    """``length``, or ``n_fft + hop (frames - 1)`` less the centering."""
    *batch, bins, frames = shape_of(input)
    half = n_fft // 2 + 1
    either_side = {None: (half, n_fft), True: (half,), False: (n_fft,)}[onesided]
    need(
        either(*(eq(bins, wanted) for wanted in either_side)),
        "match",
        lambda: (
            "expected the frequency dimension (3rd to the last) of the input tensor to match "
            f"{'n_fft when onesided=False' if onesided is False else _HALF}, but got {int(bins)}"
        ),
        bins,
    )
    need(ge(frames, 1), "fits", "input tensor cannot be empty.", frames)
    hop = n_fft // 4 if hop_length is None else hop_length
    whole = n_fft + hop * (frames - 1)
    out = length if length is not None else whole - (2 * (n_fft // 2) if center else 0)
    need(
        ge(out, 1),
        "fits",
        "min(): Expected reduction dim to be specified for input.numel() == 0. "
        "Specify the reduction dim with the 'dim' argument.",
        frames,
    )
    return Shape((*batch, out))


def _same(n: int) -> int:
    return n


def _half(n: int) -> int:
    """The frequencies of a real signal."""
    return n // 2 + 1


def _doubled(n: int) -> int:
    """The default length of the real signal that has ``n`` frequencies."""
    return 2 * (n - 1)


def _fft(default: Callable[[int], int], out: Callable[[int], int]) -> Callable[..., Shape]:
    def fft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Shape:
        """The transform of ``n`` points along one dim."""
        return _transformed(shape_of(input), [n], [dim], default, out)

    return fft


def _fft2(default: Callable[[int], int], out: Callable[[int], int]) -> Callable[..., Shape]:
    def fft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: Any = None) -> Shape:
        """The transform of ``s`` points along two dims; the last one halves or doubles."""
        return _transformed(shape_of(input), s, dim, default, out)

    return fft2


def _fftn(default: Callable[[int], int], out: Callable[[int], int]) -> Callable[..., Shape]:
    def fftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Shape:
        """The transform of ``s`` points along several dims: the last ones, or all."""
        return _transformed(shape_of(input), s, dim, default, out)

    return fftn


for _names, _default, _out in (
    (("fft", "ifft"), _same, _same),
    (("rfft", "ihfft"), _same, _half),
    (("irfft", "hfft"), _doubled, _same),
):
    op(*(f"fft_{name}" for name in _names))(_fft(_default, _out))
    op(*(f"fft_{name}2" for name in _names))(_fft2(_default, _out))
    op(*(f"fft_{name}n" for name in _names))(_fftn(_default, _out))


def _transformed(
    shape: Shape,
    points: Any,
    dims: Any,
    default: Callable[[int], int],
    out: Callable[[int], int],
) -> Shape:
    """``shape`` after a transform; None or -1 points are as many as there are."""
    if dims is None:
        dims = range(-len(shape if points is None else points), 0)
    where = [dim_index(d, len(shape)) for d in ([dims] if isinstance(dims, int) else dims)]
    counts: list[Any] = [None] * len(where) if points is None else list(points)
    result = list(shape)
    for i, (dim, count) in enumerate(zip(where, counts, strict=True)):
        last = i == len(where) - 1
        unset = count is None or (type(count) is int and count == -1)
        usual = default(shape[dim]) if last else shape[dim]
        n: int = usual if unset else count
        need(
            ge(n, 1),
            "fits",
            lambda n=n: f"Invalid number of data points ({int(n)}) specified",  # type: ignore[misc]
            shape[dim],
        )
        result[dim] = out(n) if last else n
    _some_rows([n for dim, n in enumerate(shape) if dim not in where])
    return Shape(result)


def _some_rows(lengths: Sequence[int]) -> None:
    """Need that there is something to transform: MKL refuses no rows at all."""
    for n in lengths if torch._C.has_mkl else ():
        need(ge(n, 1), "other", _NO_ROWS, n)


_NO_ROWS = "MKL FFT error: Intel oneMKL DFTI ERROR: Inconsistent configuration parameters"


@op("fft_fftshift", "fft_ifftshift")
def fftshift(input: Any, dim: Any = None) -> Shape:
    """The same shape."""
    return shape_of(input)


@op("fft_fftfreq")
def fftfreq(n: int, *args: Any, **kwargs: Any) -> Shape:
    """The frequencies of a transform of ``n`` points."""
    return Shape((n,))


@op("fft_rfftfreq")
def rfftfreq(n: int, *args: Any, **kwargs: Any) -> Shape:
    """The frequencies of a transform of ``n`` real points."""
    return Shape((_half(n),))
