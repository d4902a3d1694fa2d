"""Tensors made of numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

from shapelint.worker.nested import has_lengths
from shapelint.worker.python.contents import WHOLE, Cell, Contents, known, unknown
from shapelint.worker.python.values import made
from shapelint.worker.python.values.arithmetic import greater, smaller
from shapelint.worker.python.values.call import Call


@made("as_tensor", "asarray", "scalar_tensor", "tensor")
def tensor(call: Call) -> Contents:
    """The numbers in nested lists."""
    return _of(call, call.argument(0, "data", "obj", "s"))


def _of(call: Call, data: Any) -> Contents:
    call = replace(call, puts_lengths=has_lengths((data,)))
    if isinstance(data, Contents):
        return data.cast(call.dtype, call.shape) if data.fill is None else call.filled(data.fill)
    if isinstance(data, (int, float)):
        return call.filled(known(data))
    return call.listed(partial(_flat, data))


@made("new_tensor")
def new_tensor(call: Call) -> Contents:
    """The numbers in nested lists."""
    return _of(call, call.argument(1, "data"))


def _flat(data: Any) -> list[Cell]:
    if isinstance(data, (list, tuple)):
        return [cell for part in data for cell in _flat(part)]
    if isinstance(data, Contents):
        return data.cells()
    if isinstance(data, (int, float)):
        return [known(data)]
    return unknown()  # type: ignore[no-any-return]


@made("new_zeros", "zeros", "zeros_like")
def zeros(call: Call) -> Contents:
    """Nothing but zeros."""
    return call.filled(known(0))


@made("new_ones", "ones", "ones_like")
def ones(call: Call) -> Contents:
    """Nothing but ones."""
    return call.filled(known(1))


@made("full", "full_like")
def full(call: Call) -> Contents:
    """One number everywhere."""
    return _of(call, call.argument(1, "fill_value"))


@made("new_full")
def new_full(call: Call) -> Contents:
    """One number everywhere."""
    return _of(call, call.argument(2, "fill_value"))


@made("linspace")
def linspace(call: Call) -> Contents:
    """From one end to the other; what lies between is rounded in ways not known here."""
    ends, steps = [call.argument(0, "start"), call.argument(1, "end")], call.argument(2, "steps")
    call = replace(call, puts_lengths=has_lengths(ends))
    if type(steps) is not int or steps < 2 or any(isinstance(end, Contents) for end in ends):
        return call.unknown()
    return call.between(Cell(partial(smaller, *ends)), Cell(partial(greater, *ends)), unknown)


@made("empty", "new_empty", "empty_like")
def empty(call: Call) -> Contents:
    """Nothing is known of the elements, but each may be written to."""
    return call.listed(lambda: [Cell(unknown)] * math.prod(map(int, call.shape)))


@made("arange")
def arange(call: Call) -> Contents:
    """From ``start`` on, by ``step``; whole numbers only."""
    given = call.args if len(call.args) != 1 else (0, *call.args)
    named = {**dict(zip(("start", "end", "step"), given)), **call.kwargs}
    start, step = named.get("start", 0), named.get("step", 1)
    (count,) = call.shape
    if not isinstance(start, int) or type(step) is not int:
        return call.unknown()
    first, last = known(start), Cell(lambda: start + (count - 1) * step)
    low, high = (first, last) if step > 0 else (last, first)
    made = call.between(low, high, lambda: [known(start + i * step) for i in range(int(count))])
    return replace(made, step=step) if call.dtype in WHOLE else made
