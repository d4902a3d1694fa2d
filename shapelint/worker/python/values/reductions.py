"""Many elements, one number: https://docs.pytorch.org/docs/stable/torch.html#reduction-ops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from shapelint.worker.python.compared import Number
from shapelint.worker.python.contents import Cell, Contents, unknown
from shapelint.worker.python.length import as_float
from shapelint.worker.python.values import followed
from shapelint.worker.python.values.arithmetic import each, greater, smaller
from shapelint.worker.python.values.call import Call
from shapelint.worker.shapes import dim_index

Fold = Callable[[list[Number]], Number]


def _dims(call: Call) -> list[int]:
    """The dims that go, counted from the front."""
    asked = call.argument(1, "dim", "axis")
    rank = len(call.args[0].lengths)
    if asked is None or asked == ():
        return list(range(rank))
    return [dim_index(d, rank) for d in (asked if isinstance(asked, (tuple, list)) else (asked,))]


def _folded(call: Call, fold: Fold) -> list[Cell]:
    return [_of_all(fold, group) for group in _groups(call.args[0], _dims(call))]


def _of_all(fold: Fold, cells: list[Cell]) -> Cell:
    return Cell(lambda: fold([+cell.value for cell in cells]))


def _groups(source: Contents, dims: list[int]) -> list[list[Cell]]:
    """The cells that are reduced together, in the order of the result."""
    cells, last = source.cells(), list(range(-len(dims), 0))
    order = torch.arange(len(cells), device="cpu").reshape(source.sizes()).movedim(dims, last)
    length = math.prod(order.shape[order.dim() - len(dims) :])
    return [[cells[i] for i in row] for row in order.reshape(-1, length).tolist()]


def _lengths(call: Call) -> list[int]:
    """Those of the dims that go."""
    return [call.args[0].lengths[d] for d in _dims(call)]


@followed("sum")
def sum_(call: Call) -> Contents:
    """The sum; of elements that are alike, as many times one of them."""
    fill = call.args[0].fill
    if fill is not None:
        return call.filled(Cell(lambda: +fill.value * math.prod(_lengths(call))))
    return call.listed(partial(_folded, call, sum))


@followed("prod")
def prod(call: Call) -> Contents:
    """The product."""
    return call.listed(partial(_folded, call, math.prod))


@followed("mean")
def mean(call: Call) -> Contents:
    """The sum over the number of elements."""
    if call.args[0].fill is not None:
        return call.filled(_alike(call))
    return call.listed(partial(_folded, call, lambda values: as_float(sum(values)) / len(values)))


def _alike(call: Call) -> Cell:
    """One of the elements that are alike, if there is any. Raises Unknown."""
    return Cell(lambda: call.args[0].fill.value if _is_any(call) else unknown())


def _is_any(call: Call) -> bool:
    return all(n >= 1 for n in _lengths(call))


def _extreme(side: int, choose: Callable[..., Any]) -> Callable[[Call], Contents]:
    def rule(call: Call) -> Contents:
        source, other = call.args[0], call.argument(1, "other")
        if isinstance(other, Contents):
            return each(call, choose, source, other, rising=(0, 1))
        if call.place == 1:
            return call.unknown()
        if source.fill is not None or (source.ends is not None and _is_whole(call)):
            return call.filled(source.ends[side])
        return call.listed(partial(_folded, call, lambda values: choose(*values)))

    return rule


def _is_whole(call: Call) -> bool:
    return len(_dims(call)) == len(call.args[0].lengths)


followed("max", "amax")(_extreme(1, greater))
followed("min", "amin")(_extreme(0, smaller))


@followed("any")
def any_(call: Call) -> Contents:
    """Whether one of them is not zero."""
    return _lazily(call, any, lambda one: one and _is_any(call))


@followed("all")
def all_(call: Call) -> Contents:
    """Whether none of them is zero."""
    return _lazily(call, all, lambda one: one or not _is_any(call))


def _lazily(call: Call, choose: Callable[..., bool], alike: Callable[[bool], bool]) -> Contents:
    """Elements are asked one after the other, until the answer is known; ``alike`` asks one."""
    fill = call.args[0].fill
    if fill is not None:
        return call.filled(Cell(lambda: alike(bool(fill.value != 0))))

    def cells() -> list[Cell]:
        groups = _groups(call.args[0], _dims(call))
        return [Cell(partial(_asked, choose, group)) for group in groups]

    return call.listed(cells)


def _asked(choose: Callable[..., bool], cells: list[Cell]) -> bool:
    return choose(cell.value != 0 for cell in cells)


@followed("cumsum")
def cumsum(call: Call) -> Contents:
    """The sums of all elements up to each."""
    dim = dim_index(call.argument(1, "dim", "axis"), len(call.args[0].lengths))
    fill = call.args[0].fill
    if fill is not None and not call.measured and fill.value == 0:
        return call.filled(fill)
    return call.listed(partial(_summed_up, call.args[0], dim))


def _summed_up(source: Contents, dim: int) -> list[Cell]:
    rows = [[_of_all(sum, row[: i + 1]) for i in range(len(row))] for row in _groups(source, [dim])]
    flat = list(itertools.chain.from_iterable(rows))
    shape = source.sizes()
    order = torch.arange(len(flat), device="cpu")
    if shape:
        moved = [n for i, n in enumerate(shape) if i != dim] + [shape[dim]]
        order = order.reshape(moved).movedim(-1, dim)
    return [flat[i] for i in order.flatten().tolist()]
