"""Dims reordered, added, dropped, repeated: permute, squeeze, expand, repeat and their kin.

Rules: https://docs.pytorch.org/docs/stable/tensor_view.html; texts of errors:
``aten/src/ATen/ExpandUtils.cpp`` and ``aten/src/ATen/native/TensorShape.cpp``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shapelint.lengths.conditions import TRUE, all_of
from shapelint.worker.ops import op
from shapelint.worker.ops.views import flat_sizes
from shapelint.worker.recorder import note_lost
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    concrete,
    dim_index,
    either,
    eq,
    ge,
    need,
    numel,
    shape_of,
)
from shapelint.worker.shown import depends_on_others, memory_of

SAME = """
    __deepcopy__ __get__data alias alias_copy bfloat16 bool byte cdouble cfloat chalf char clone
    contiguous dequantize detach detach_copy double fill fill_diagonal flip fliplr flipud float half
    int lift_fresh long requires_grad roll short to_dense type_as zero
""".split()  # noqa: SIM905  one name a line would be a page
"""What comes out has the shape of the first argument, whatever the others are."""


@op(*SAME)
def same(input: Any, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input."""
    return shape_of(input)


# -- another order --------------------------------------------------------------------------------


@op("permute")
def permute(input: Any, *dims: Any, **named: Any) -> Shape:
    """Dim ``i`` of the result is dim ``dims[i]`` of the input."""
    shape = shape_of(input)
    order = flat_sizes(dims or tuple(named.values()))
    return Shape(shape[dim_index(d, len(shape))] for d in order)


@op("transpose", "swapaxes", "swapdims")
def transpose(input: Any, *pair: int, **named: int) -> Shape:
    """Two dims change places."""
    shape = shape_of(input)
    a, b = (dim_index(d, len(shape)) for d in (*pair, *named.values()))
    out = list(shape)
    if shape:
        out[a], out[b] = shape[b], shape[a]
    return Shape(out)


@op("movedim", "moveaxis")
def movedim(input: Any, source: Any, destination: Any) -> Shape:
    """Dims ``source`` go to the places ``destination``; the others keep their order."""
    shape = shape_of(input)
    rank = len(shape)
    moved = {
        dim_index(to, rank): dim_index(come, rank)
        for come, to in zip(_several(source), _several(destination), strict=True)
    }
    others = iter([i for i in range(rank) if i not in moved.values()])
    return Shape(shape[moved[i] if i in moved else next(others)] for i in range(rank))


@op("t", "numpy_T", "__get__T", "__get__H")
def reverse_dims(input: Any) -> Shape:
    """The dims from last to first."""
    return Shape(reversed(shape_of(input)))


@op("adjoint", "__get__mT", "__get__mH")
def matrix_transpose(input: Any) -> Shape:
    """The last two dims change places; a number stays as it is."""
    shape = shape_of(input)
    return transpose(input, -2, -1) if shape else shape


@op("rot90")
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Shape:
    """After an odd number of quarter turns two dims have changed places."""
    return transpose(input, *dims) if k % 2 else shape_of(input)


# -- more and fewer dims --------------------------------------------------------------------------


@op("unsqueeze")
def unsqueeze(input: Any, dim: int) -> Shape:
    """A new dim of length 1."""
    shape = shape_of(input)
    at = dim_index(dim, len(shape) + 1)
    return Shape((*shape[:at], 1, *shape[at:]))


@op("squeeze")
def squeeze(input: Any, *dims: Any, **named: Any) -> Shape:
    """Without the dims of length 1; whether a length is 1 is a branch."""
    shape = shape_of(input)
    given = flat_sizes(dims or tuple(named.values()) or (tuple(range(len(shape))),))
    candidates = {dim_index(d, len(shape)) for d in given}
    return Shape(n for i, n in enumerate(shape) if not (i in candidates and n == 1))


@op("atleast_1d")
def atleast_1d(*tensors: Any) -> Any:
    """At least ``(1,)``."""
    return _each(tensors, lambda shape: shape or Shape((1,)))


@op("atleast_2d")
def atleast_2d(*tensors: Any) -> Any:
    """At least ``(1, n)``."""
    return _each(tensors, lambda shape: Shape((*[1] * (2 - len(shape)), *shape)))


@op("atleast_3d")
def atleast_3d(*tensors: Any) -> Any:
    """At least ``(1, n, 1)`` or ``(m, n, 1)``."""
    return _each(tensors, _three_dims)


def _three_dims(shape: Shape) -> Shape:
    before, after = {0: (1, 2), 1: (1, 1), 2: (0, 1)}.get(len(shape), (0, 0))
    return Shape((*[1] * before, *shape, *[1] * after))


def _each(tensors: Sequence[Any], rule: Callable[[Shape], Shape]) -> Any:
    """A shape for one tensor, a list for several, as PyTorch returns them."""
    several = isinstance(tensors[0], (tuple, list))
    shapes = [rule(shape_of(t)) for t in (tensors[0] if several else tensors)]
    return shapes if several or len(shapes) > 1 else shapes[0]


# -- stretched and repeated -----------------------------------------------------------------------


@op("expand")
def expand(self: Any, *size: Any, **named: Any) -> Shape:
    """Dims of length 1 stretch to any length, the others stay; -1 keeps a length."""
    given = flat_sizes(size or (named["size"],))
    return _expanded(shape_of(self), given)


@op("broadcast_to")
def broadcast_to(input: Any, size: Any = None, **named: Any) -> Shape:
    """As ``expand``."""
    return _expanded(shape_of(input), named.get("shape", size))


@op("expand_as")
def expand_as(self: Any, other: Any) -> Shape:
    """The shape of ``other``."""
    return _expanded(shape_of(self), shape_of(other))


def _expanded(shape: Sequence[int], target: Sequence[int]) -> Shape:
    new = len(target) - len(shape)
    out = [*target[:new]]
    for n, wanted in zip(shape, target[new:], strict=True):
        out.append(n if wanted == -1 else wanted)
        _stretches(n, out[-1], len(out) - 1, shape, target)
    return Shape(out)


def _stretches(n: int, to: int, at: int, shape: Sequence[int], target: Sequence[int]) -> None:
    need(
        TRUE if n is to else either(eq(n, to), eq(n, 1)),
        "match",
        lambda: (
            f"The expanded size of the tensor ({int(to)}) must match the existing size ({int(n)}) "
            f"at non-singleton dimension {at}.  Target sizes: {concrete(target)}.  "
            f"Tensor sizes: {concrete(shape)}"
        ),
        to,
        n,
    )


@op("broadcast_tensors")
def broadcast_tensors(*tensors: Any) -> list[Shape]:
    """All tensors in their common shape."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    common = broadcast(*map(shape_of, given))
    return [common for _ in given]


@op("repeat")
def repeat(self: Any, *repeats: Any, **named: Any) -> Shape:
    """Each length times its repeat, aligned at the last dim."""
    times = flat_sizes(repeats or (named["repeats"],))
    shape = shape_of(self)
    padded = (*(1 for _ in range(len(times) - len(shape))), *shape)
    _no_negative(times)
    return Shape(n * k for n, k in zip(padded, times, strict=True))


@op("tile")
def tile(input: Any, *dims: Any, **named: Any) -> Shape:
    """As ``repeat``, with 1 for the repeats that are not given."""
    times = flat_sizes(dims or (named["dims"],))
    missing = len(shape_of(input)) - len(times)
    return repeat(input, *(1 for _ in range(missing)), *times)


def _no_negative(times: Iterable[int]) -> None:
    for k in times:
        need(
            ge(k, 0),
            "other",
            lambda k=k: f"Trying to create tensor with negative dimension {int(k)}",  # type: ignore[misc]
            k,
        )


@op("repeat_interleave")
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, output_size: int | None = None
) -> Shape:
    """Each element ``repeats`` times, along ``dim`` or in one flat dim."""
    shape = shape_of(input)
    if dim is None:
        shape, dim = Shape((numel(shape),)), 0
    at = dim_index(dim, len(shape))
    if isinstance(repeats, int):
        output_size = shape[at] * repeats
    if output_size is None:
        raise NotImplementedError("the length of repeat_interleave depends on values")
    return Shape((*shape[:at], output_size, *shape[at + 1 :]))


@op("as_strided")
def as_strided(input: Any, size: Any, stride: Any, storage_offset: Any = None) -> Shape:
    """``size``; the last element must lie inside the memory of the input."""
    need(
        all_of(ge(n, 0) for n in size),
        "fits",
        lambda: (
            f"Storage size calculation overflowed with sizes={concrete(size)} and "
            f"strides={concrete(stride)}"
        ),
        *size,
    )
    depends_on_others()
    whole, start = memory_of(input), storage_offset or 0
    if whole is None:
        note_lost("as_strided of a part of a tensor")
        return Shape(size)
    room = numel(shape_of(whole))
    last = start + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    width = input.element_size()
    need(
        ge(room, last + 1),
        "fits",
        lambda: (
            f"setStorage: sizes {concrete(size)}, strides {concrete(stride)}, storage "
            f"offset {int(start)}, and itemsize {width} requiring a storage size of "
            f"{int(last + 1) * width} are out of bounds for storage of size {int(room) * width}"
        ),
        room,
    )
    return Shape(size)


def _several(dims: Any) -> tuple[int, ...]:
    return tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
