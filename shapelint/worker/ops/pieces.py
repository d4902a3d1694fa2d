"""A part of a tensor, or all of its parts: narrow, select, split, chunk, unfold.

Rules: https://docs.pytorch.org/docs/stable/tensor_view.html; texts of errors:
``aten/src/ATen/native/TensorShape.cpp``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import LAX, op
from shapelint.worker.python.length import Length
from shapelint.worker.python.uncounted import Cut, PieceShapes
from shapelint.worker.shapes import (
    NoSuchDim,
    Shape,
    concrete,
    dim_index,
    divides,
    eq,
    ge,
    need,
    shape_of,
)

LAX.update({"select_scatter", "slice_scatter"})


def with_length(shape: Sequence[int], dim: int, n: int) -> Shape:
    """``shape`` with length ``n`` at ``dim``."""
    at = dim_index(dim, len(shape))
    return Shape((*shape[:at], n, *shape[at + 1 :]))


def slice_length(n: int, start: int | None, stop: int | None, step: int | None) -> int:
    """How many of ``range(n)[start:stop:step]``: ends are clamped, negative ones count backwards.

    Whether an end lies inside is a branch, unless it is left out or bounds tell.
    """
    step = 1 if step is None else step
    first = 0 if start is None else _clamped(start, n)
    last = n if stop is None else _stop(stop, n)
    if last is n and type(first) is int and first == 0:
        return (n + step - 1) // step
    return (last - first + step - 1) // step if last > first else 0


def _clamped(end: int, n: int) -> int:
    if end < 0:
        end = end + n
        return end if end >= 0 else 0
    return end if end < n else n


def _stop(end: int, n: int) -> int:
    """As :func:`_clamped`; where both are equal it is ``end``, the formula for all that are less.

    ``table[:n]`` with a row for each place is as long as what its rows are added to.
    """
    if end < 0 or ge(end, n).decide({}):
        return _clamped(end, n)
    return n if ge(n, end).decide({}) is not True and end > n else end


@op("narrow", "narrow_copy")
def narrow(input: Any, dim: int, start: Any, length: int) -> Shape:
    """``length`` elements from ``start`` on, all of which must exist."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    n = shape[at]
    need(ge(length, 0), "other", "narrow(): length must be non-negative.", length)
    if isinstance(start, int):
        _starts_inside(start, n)
        first = start + n if start < 0 else start
        need(
            ge(n, first + length),
            "fits",
            lambda: (
                f"start ({int(first)}) + length ({int(length)}) exceeds dimension size ({int(n)})."
            ),
            first,
            length,
            n,
        )
    return with_length(shape, dim, length)


def _starts_inside(start: int, n: int) -> None:
    need(
        all_of((ge(start, -n), ge(n, start))),
        "fits",
        lambda: (
            f"start out of range (expected to be in range of [{-int(n)}, {int(n)}], "
            f"but got {int(start)})"
        ),
        start,
        n,
        error=IndexError,
    )


@op("select", "select_copy")
def select(input: Any, dim: int, index: int) -> Shape:
    """Without ``dim``, at one place of it."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    need(
        all_of((ge(index, -shape[at]), ge(shape[at] - 1, index))),
        "fits",
        lambda: (
            f"select(): index {int(index)} out of range for tensor of size "
            f"{concrete(shape)} at dimension {at}"
        ),
        index,
        shape[at],
        error=IndexError,
    )
    return Shape((*shape[:at], *shape[at + 1 :]))


@op("unbind")
def unbind(input: Any, dim: int = 0) -> list[Shape]:
    """One tensor for each place of ``dim``."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape))
    n, rest = shape[at], Shape((*shape[:at], *shape[at + 1 :]))
    return PieceShapes([rest] * int(n), Cut(n, 1, least=0))


# -- all pieces -----------------------------------------------------------------------------------


@op("split", "unsafe_split", "split_with_sizes", "unsafe_split_with_sizes")
def split(tensor: Any, split_size_or_sections: Any = None, dim: int = 0, **named: Any) -> Any:
    """Pieces of one length (the last may be shorter), or of the lengths in a list."""
    sizes = next(iter(named.values()), split_size_or_sections)
    shape = shape_of(tensor)
    n = shape[dim_index(dim, len(shape))]
    if not isinstance(sizes, int):
        return [with_length(shape, dim, k) for k in _listed(n, sizes, shape, dim)]
    _may_be_pieces(n, sizes)
    if isinstance(n, Length) and not isinstance(sizes, Length) and sizes > 0:
        cut = Cut(n, sizes)
        lengths = [sizes] * (int(cut.count) - 1) + [cut.last]
        return PieceShapes((with_length(shape, dim, k) for k in lengths), cut)
    return [with_length(shape, dim, k) for k in (_pieces(n, sizes) if sizes > 0 else [0])]


def _listed(n: int, sizes: Sequence[int], shape: Shape, dim: int) -> Sequence[int]:
    at, text = dim_index(dim, len(shape)), f"split_sizes={concrete(sizes)}"
    for k in sizes:
        why = "split_with_sizes expects split_sizes have only non-negative entries, but got "
        need(ge(k, 0), "other", why + text, k)
    need(
        eq(sum(sizes), n),
        "match",
        lambda: (
            f"split_with_sizes expects split_sizes to sum exactly to {int(n)} "
            f"(input tensor's size at dimension {at}), but got {text}"
        ),
        *sizes,
        n,
    )
    return sizes


def _may_be_pieces(n: int, size: int) -> None:
    need(ge(size, 0), "other", "split expects split_size be non-negative", size)
    if size == 0:
        need(
            eq(n, 0),
            "other",
            lambda: (
                "split_size can only be 0 if dimension size is 0, but got dimension size of "
                f"{int(n)}"
            ),
            n,
        )


def _pieces(n: int, size: int) -> list[int]:
    """At least one piece; whether there is one more is a branch."""
    count = 1
    while n > size * count:
        count += 1
    return [size] * (count - 1) + [n - size * (count - 1)]


@op("chunk", "unsafe_chunk")
def chunk(input: Any, chunks: int, dim: int = 0) -> list[Shape]:
    """``ceil(n / chunks)`` each, the last one shorter; where that is too much, fewer chunks."""
    shape = shape_of(input)
    n = shape[dim_index(dim, len(shape))]
    size = (n + chunks - 1) // chunks
    if size == 0:
        return [shape] * chunks
    return [with_length(shape, dim, k) for k in _pieces(n, size)]


@op("tensor_split")
def tensor_split(
    input: Any, indices_or_sections: Any = None, dim: int = 0, **named: Any
) -> list[Shape]:
    """So many pieces, of lengths that differ by at most 1; or cuts at given places."""
    where = next(iter(named.values()), indices_or_sections)
    shape = shape_of(input)
    n = shape[dim_index(dim, len(shape))]
    if isinstance(where, int):
        # the first n % k pieces are one longer
        lengths: Iterable[int] = [(n + where - 1 - i) // where for i in range(where)]
    else:
        starts, ends = (None, *where), (*where, None)
        lengths = [slice_length(n, a, b, 1) for a, b in zip(starts, ends, strict=True)]
    return [with_length(shape, dim, k) for k in lengths]


@op("hsplit")
def hsplit(input: Any, indices_or_sections: Any) -> list[Shape]:
    """``tensor_split`` along dim 1 (of a vector: dim 0) into equal pieces."""
    dim = 0 if len(shape_of(input)) == 1 else 1
    return _equal_pieces("hsplit", input, indices_or_sections, dim)


@op("vsplit")
def vsplit(input: Any, indices_or_sections: Any) -> list[Shape]:
    """``tensor_split`` along dim 0 into equal pieces."""
    return _equal_pieces("vsplit", input, indices_or_sections, 0)


@op("dsplit")
def dsplit(input: Any, indices_or_sections: Any) -> list[Shape]:
    """``tensor_split`` along dim 2 into equal pieces."""
    return _equal_pieces("dsplit", input, indices_or_sections, 2)


def _equal_pieces(name: str, input: Any, where: Any, dim: int) -> list[Shape]:
    n = shape_of(input)[dim]
    if isinstance(where, int):
        need(
            divides(where, n),
            "other",
            lambda: (
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {int(n)} is not divisible by the split_size {int(where)}!"
            ),
            n,
        )
    return tensor_split(input, where, dim)


# -- a slice replaced -----------------------------------------------------------------------------


@op("select_scatter")
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Shape:
    """The shape of the input; ``src`` has the shape of the part that it replaces."""
    replaces(shape_of(src), select(input, dim, index))
    return shape_of(input)


@op("slice_scatter")
def slice_scatter(input: Any, src: Any, dim: int = 0, *ends: Any, **named: Any) -> Shape:
    """The shape of the input; ``src`` has the shape of the part that it replaces."""
    shape = shape_of(input)
    if not shape:
        raise NoSuchDim("slice() cannot be applied to a 0-dim tensor.")
    n = shape[dim_index(dim, len(shape))]
    cut = {**dict(zip(("start", "end", "step"), ends, strict=False)), **named}
    kept = slice_length(n, cut.get("start"), cut.get("end"), cut.get("step"))
    replaces(shape_of(src), with_length(shape, dim, kept))
    return shape


def replaces(src: Shape, part: Shape) -> None:
    """The need that ``src`` has exactly the shape of ``part``."""
    need(
        all_of(eq(a, b) for a, b in zip(src, part, strict=True)),
        "match",
        lambda: (
            "expected src to have a size equal to the slice of self. "
            f"src size = {concrete(src)}, slice size = {concrete(part)}"
        ),
        *src,
        *part,
    )


# -- windows --------------------------------------------------------------------------------------


@op("Tensor.unfold", "unfold_copy")
def unfold(self: Any, dimension: int, size: int, step: int) -> Shape:
    """All windows of ``size`` that lie ``step`` apart; a window becomes the last dim.

    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """
    shape = shape_of(self)
    at = dim_index(dimension, len(shape))
    n = shape[at] if shape else 1
    need(
        ge(n, size),
        "fits",
        lambda: f"maximum size for tensor at dimension {at} is {int(n)} but size is {int(size)}",
        n,
        size,
    )
    windows = with_length(shape, at, (n - size) // step + 1) if shape else ()
    return Shape((*windows, size))
