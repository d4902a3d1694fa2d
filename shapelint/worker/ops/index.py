"""Subscripts: ``x[...]``, ``x[...] = value``, ``index_put``.

The rules are NumPy's (https://numpy.org/doc/stable/user/basics.indexing.html), except that an int
beside a tensor is a plain selection. Texts of errors: ``aten/src/ATen/TensorIndexing.h`` and
``aten/src/ATen/native/TensorAdvancedIndexing.cpp``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import LAX, op
from shapelint.worker.ops.pieces import slice_length
from shapelint.worker.overlap import needs_room
from shapelint.worker.python.index_bounds import need_in_bounds
from shapelint.worker.shapes import Shape, broadcast, concrete, either, eq, ge, need, shape_of
from shapelint.worker.tensor import ShapeTensor

LAX.update({"__setitem__", "index_put"})


@dataclass
class _Selection:
    """What a subscript has selected so far."""

    out: list[int] = field(default_factory=list)
    """The dims of the result; those that an index tensor picks from are in ``picked``."""
    picked: dict[int, Shape] = field(default_factory=dict)
    """Position in ``out`` to the shape of the index tensor."""

    def shape(self) -> Shape:
        """Index tensors give their common shape, where they stand or, if apart, in front."""
        if not self.picked:
            return Shape(self.out)
        common = _together(list(self.picked.values()))
        places = sorted(self.picked)
        rest = [n for i, n in enumerate(self.out) if i not in self.picked]
        adjacent = places[-1] - places[0] == len(places) - 1
        at = places[0] if adjacent else 0
        return Shape((*rest[:at], *common, *rest[at:]))


@op("__getitem__")
def getitem(self: Any, key: Any) -> Shape:
    """The part of a tensor that ``key`` selects."""
    return _selected(shape_of(self), key).shape()


@op("__setitem__")
def setitem(self: Any, key: Any, value: Any) -> list[Shape]:
    """Writes ``value``, broadcast to what ``key`` selects; returns nothing."""
    if any(_is_mask(k) for k in _as_tuple(key)):
        return []
    chosen = _selected(shape_of(self), key)
    _fits_into(chosen.shape(), shape_of(value), bool(chosen.picked))
    if not chosen.picked and isinstance(self, ShapeTensor):
        needs_room(self, chosen.shape(), key)
    return []


@op("index_put")
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Shape:
    """The shape of the input; ``values`` broadcast to what the indices select."""
    if not any(map(_is_mask, indices)):
        key = tuple(slice(None) if i is None else i for i in indices)
        _fits_into(_selected(shape_of(input), key).shape(), shape_of(values), True)
    return shape_of(input)


def _selected(shape: Shape, key: Any) -> _Selection:
    """Walks the dims and the parts of the subscript together."""
    chosen, dim = _Selection(), 0
    for place, part in _without_ellipsis(_as_tuple(key), len(shape)):
        if part is None:
            chosen.out.append(1)
            continue
        if isinstance(part, bool):
            raise NotImplementedError("a bool as a subscript")
        if dim >= len(shape):
            raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
        _take(chosen, part, shape[dim], place)
        dim += 1
    chosen.out += shape[dim:]
    return chosen


def _take(chosen: _Selection, part: Any, n: int, place: int) -> None:
    """One int, slice or index tensor, applied to a dim of length ``n``."""
    if isinstance(part, int):
        _inside(part, n, place)
    elif isinstance(part, slice):
        chosen.out.append(slice_length(n, *map(_end, (part.start, part.stop, part.step))))
    elif _is_mask(part):
        raise NotImplementedError("how many elements a mask selects depends on values")
    else:
        picks = _index_shape(part)
        _something_to_pick(n, picks)
        # here PyTorch's text counts the index tensors
        need_in_bounds(part, n, partial(_out_of_bounds, len(chosen.picked), n), least=-n)
        chosen.picked[len(chosen.out)] = picks
        chosen.out.append(n)


def _inside(index: int, n: int, place: int) -> None:
    # PyTorch's text counts the parts of the subscript, not the dims
    need(
        all_of((ge(n - 1, index), ge(index, -n))),
        "fits",
        lambda: _out_of_bounds(place, n, index),
        index,
        n,
        error=IndexError,
    )


def _out_of_bounds(place: int, n: int, index: int) -> str:
    return f"index {int(index)} is out of bounds for dimension {place} with size {int(n)}"


def _something_to_pick(n: int, picks: Shape) -> None:
    none = [eq(k, 0) for k in picks if not isinstance(k, int) or type(k) is not int or k == 0]
    need(
        either(ge(n, 1), *none),
        "fits",
        "index is out of bounds for dimension with size 0",
        n,
        error=IndexError,
    )


def _together(shapes: list[Shape]) -> Shape:
    """The common shape of index tensors."""
    first, *others = shapes
    for shape in others:
        need(
            all_of(
                either(eq(a, b), eq(a, 1), eq(b, 1))
                for a, b in zip(reversed(first), reversed(shape), strict=False)
            ),
            "match",
            lambda: (
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + ", ".join(str(concrete(s)) for s in shapes)
            ),
            *first,
            *shape,
            error=IndexError,
        )
        first = broadcast(first, shape)
    return first


def _fits_into(target: Shape, value: Shape, picked: bool) -> None:
    """``value`` must broadcast to ``target``; leading dims of length 1 too many do not count."""
    while len(value) > len(target) and value[0] == 1:
        value = Shape(value[1:])
    for i in range(-min(len(value), len(target)), 0):
        need(
            either(eq(value[i], target[i]), eq(value[i], 1)),
            "match",
            lambda i=i: _mismatch(target, value, i, picked),  # type: ignore[misc]
            target[i],
            value[i],
        )


def _mismatch(target: Shape, value: Shape, at: int, picked: bool) -> str:
    wanted, given = concrete(target), concrete(value)
    to, n = wanted[at], given[at]
    while given and given[0] == 1:
        del given[0]
    if picked:
        return (
            f"shape mismatch: value tensor of shape {given} cannot be broadcast to indexing "
            f"result of shape {wanted}"
        )
    return (
        f"The expanded size of the tensor ({to}) must match the existing size "
        f"({n}) at non-singleton dimension {len(wanted) + at}.  "
        f"Target sizes: {wanted}.  Tensor sizes: {given}"
    )


# -- the parts of a subscript ---------------------------------------------------------------------


def _as_tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _without_ellipsis(key: tuple[Any, ...], rank: int) -> list[tuple[int, Any]]:
    """The parts and their places; full slices for ``...``, as many as dims are left."""
    parts = list(enumerate(key))
    at = next((i for i, part in parts if part is Ellipsis), None)
    if at is None:
        return parts
    used = sum(1 for part in key if part is not None and part is not Ellipsis)
    return [*parts[:at], *[(at, slice(None))] * (rank - used), *parts[at + 1 :]]


def _end(value: Any) -> Any:
    """An end of a slice; anything that ``__index__`` makes an int of."""
    return value if value is None or isinstance(value, int) else value.__index__()


def _is_mask(part: Any) -> bool:
    if isinstance(part, torch.Tensor):
        return part.dtype in (torch.bool, torch.uint8)
    return isinstance(part, (list, tuple)) and bool(part) and isinstance(part[0], bool)


def _index_shape(part: Any) -> Shape:
    """The shape of an index tensor, or of a list that becomes one."""
    if isinstance(part, (list, tuple)):
        return Shape((len(part), *(_index_shape(part[0]) if part else ())))
    return shape_of(part) if isinstance(part, torch.Tensor) else Shape(getattr(part, "shape", ()))
