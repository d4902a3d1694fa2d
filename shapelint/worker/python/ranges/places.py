"""Numbers that say which: places of extremes, ranks, samples, classes."""

from __future__ import annotations

import math
from typing import Any

import torch

from shapelint.worker.python.contents import known, unknown
from shapelint.worker.python.ranges import ranged
from shapelint.worker.python.ranges.interval import Range, between, range_of, union
from shapelint.worker.shapes import Shape, dim_index, shape_of

_Pair = tuple[Range | None, Range | None]


def _below(n: int) -> Range:
    """One of ``n`` places."""
    return Range(known(0), known(n - 1))


def _along(input: Any, dim: int | None) -> Range:
    shape = shape_of(input)
    if dim is None or not shape:
        return _below(math.prod(shape))
    return _below(shape[dim] if -len(shape) <= dim < len(shape) else 1)


@ranged("argmax", "argmin")
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Range:
    """A place along ``dim``, or among all elements."""
    return _along(input, dim)


@ranged("argsort")
def argsort(input: Any, *args: Any, **kwargs: Any) -> Range:
    """A place along ``dim``."""
    dims = (a for a in args if type(a) is not bool)  # a bool in front is ``stable``
    return _along(input, kwargs.get("dim", next(dims, -1)))


@ranged("sort")
def sort(input: Any, *args: Any, **kwargs: Any) -> _Pair:
    """The same elements, and their places."""
    return range_of(input), argsort(input, *args, **kwargs)


@ranged("topk", "kthvalue")
def topk(input: Any, k: int, dim: int = -1, *args: Any, **kwargs: Any) -> _Pair:
    """Some of the elements, and their places."""
    return range_of(input), _along(input, dim)


@ranged("max", "min")
def extreme(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """One of the elements, or of those of two tensors; with ``dim`` its place as well."""
    other = dim if isinstance(dim, torch.Tensor) else other
    if other is not None:
        return union(input, other)
    return range_of(input) if dim is None else (range_of(input), _along(input, dim))


@ranged("median", "nanmedian", "mode", "cummax", "cummin")
def with_place(input: Any, dim: int | None = None, keepdim: bool = False) -> _Pair:
    """One of the elements, and its place."""
    return range_of(input), _along(input, dim)


@ranged("multinomial")
def multinomial(input: Any, *args: Any, **kwargs: Any) -> Range:
    """A place in a row."""
    return _along(input, -1)


@ranged("randperm")
def randperm(n: int, **kwargs: Any) -> Range:
    """Each of ``n`` places."""
    return _below(n)


@ranged("randint")
def randint(*args: Any, **named: Any) -> Range | None:
    """From ``low``, which is 0 if only one end is given, to below ``high``."""
    ends = [a for a in args if not isinstance(a, (tuple, list, torch.Size, Shape))]
    high = named.get("high", ends[-1] if ends else None)
    low = named.get("low", ends[0] if len(ends) + ("high" in named) > 1 else 0)
    if not isinstance(high, int) or not isinstance(low, int):
        return None
    return Range(known(low), known(high - 1))


@ranged("randint_like")
def randint_like(input: Any, *ends: Any, **named: Any) -> Range | None:
    """The same, in the shape of another tensor."""
    return randint(*ends, **{k: v for k, v in named.items() if k in ("low", "high")})


@ranged("rand", "rand_like", "sigmoid", "softmax")
def portion(*args: Any, **kwargs: Any) -> Range:
    """From 0 to 1."""
    return Range(known(0), known(1))


@ranged("one_hot")
def one_hot(tensor: Any, num_classes: int = -1) -> Range:
    """0 or 1."""
    return Range(known(0), known(1))


@ranged("bucketize")
def bucketize(input: Any, boundaries: Any, **kwargs: Any) -> Range:
    """How many boundaries are less."""
    (n,) = shape_of(boundaries)
    return Range(known(0), known(n))


@ranged("searchsorted")
def searchsorted(sorted_sequence: Any, *args: Any, **kwargs: Any) -> Range:
    """How many numbers in a row are less."""
    return Range(known(0), known(shape_of(sorted_sequence)[-1]))


def _planes(rank: int) -> Any:
    def rule(input: Any, *args: Any, **kwargs: Any) -> _Pair:
        return range_of(input), _below(math.prod(shape_of(input)[-rank:]))

    return rule


for _rank in (1, 2, 3):
    for _name in ("max_pool", "adaptive_max_pool"):
        ranged(f"{_name}{_rank}d_with_indices")(_planes(_rank))


@ranged("sum", "cumsum")
def total(input: Any, dim: Any = None, *args: Any, **kwargs: Any) -> Range | None:
    """Of elements of which none is negative: at most as many times the greatest as there are."""
    own, shape = range_of(input), shape_of(input)
    if own is None:
        return None
    dims = range(len(shape)) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    count = math.prod(shape[dim_index(d, len(shape))] for d in dims if shape)
    return between(
        lambda: 0 if own.low.value >= 0 else unknown(),
        lambda: own.high.value * count if own.low.value >= 0 else unknown(),
        own.given,
    )
