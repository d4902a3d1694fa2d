"""The range of the elements of a tensor, and how it is attached to the tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.python.compared import Number
from shapelint.worker.python.contents import Cell, Contents, contents_of, known, unknown
from shapelint.worker.python.ranges import RANGES
from shapelint.worker.python.uncounted import Pieces
from shapelint.worker.python.values import MADE
from shapelint.worker.tensor import ShapeTensor


@dataclass(frozen=True)
class Range:
    """No element is less than ``low`` or greater than ``high``; either end may be unknown.

    ``given``: the elements follow from sizes and from numbers that the caller or the model chose.
    As indices these are taken to be in bounds, if there are numbers that are.
    """

    low: Cell
    high: Cell
    given: bool = False


GIVEN = Range(Cell(unknown), Cell(unknown), given=True)


def between(low: Callable[[], Number], high: Callable[[], Number], given: bool = False) -> Range:
    """A range whose ends are worked out when they are wanted."""
    return Range(Cell(low), Cell(high), given)


_BIT = Range(known(0), known(1))


def range_of(value: Any) -> Range | None:
    """The range of a tensor or a number; None if nothing is known.

    All views of a tensor share the counter of the writes to it.
    """
    if isinstance(value, Range):
        return value
    if isinstance(value, (int, float)):
        return Range(cell := known(value), cell, given=True)
    if not isinstance(value, torch.Tensor):
        return None
    held, contents = getattr(value, "range", None), contents_of(value)
    if contents is not None and (contents.ends is not None or held is None):
        return _of_known(contents)
    if type(value) is not ShapeTensor:
        return GIVEN
    with torch._C.DisableTorchFunction():
        if held is not None and held[1] == value._version:
            return held[0]  # type: ignore[no-any-return]
        return _BIT if value.dtype is torch.bool else None


def _of_known(contents: Contents) -> Range:
    if contents.ends is not None:
        return Range(*contents.ends, given=True)
    return between(lambda: _extreme(min, contents), lambda: _extreme(max, contents), given=True)


def _extreme(choose: Any, contents: Contents) -> Number:
    numbers = [cell.value for cell in contents.cells()]
    return choose(numbers) if numbers else unknown()  # type: ignore[no-any-return]


def union(*values: Any) -> Range | None:
    """The range of elements of which each comes from one of several tensors."""
    ranges = [range_of(value) for value in values]
    found = [r for r in ranges if r is not None]
    if not found or len(found) < len(ranges):
        return None
    return between(
        lambda: min(r.low.value for r in found),
        lambda: max(r.high.value for r in found),
        given=all(r.given for r in found),
    )


def mark_given(tensor: ShapeTensor) -> ShapeTensor:
    """Mark ``tensor`` as passed in by the caller; returns it."""
    _say(GIVEN, tensor)
    return tensor


Ranges = Range | tuple[Range | None, ...] | None


def ranges_of(name: str, args: Any, kwargs: Any) -> Ranges:
    """The range of what a call will return, or one for each of its results."""
    rule = RANGES.get(name)
    if rule is None:
        return GIVEN if args and _all_given(args, kwargs) else None
    try:
        return rule(*args, **kwargs)  # type: ignore[no-any-return]
    except TypeError:  # arguments that PyTorch refuses, too, or another form of the call
        return None


def _all_given(args: Any, kwargs: Any) -> bool:
    """Whether all arguments are integers that the caller chose."""
    if not _is_given(args[0]):
        return False
    tensors = [t for t in pytree.tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    with torch._C.DisableTorchFunction():
        whole = not any(t.is_floating_point() or t.is_complex() for t in tensors)
    return whole and all(map(_is_given, tensors))


def _is_given(value: Any) -> bool:
    own = range_of(value)
    return own is not None and own.given


def attach_ranges(ranges: Ranges, result: Any, target: Any) -> None:
    """Attach ranges to results; a call that returned None wrote to ``target``."""
    results = [*result.unasked()] if isinstance(result, Pieces) else result
    tensors = [target] if result is None else pytree.tree_leaves(results)
    for place, tensor in enumerate(tensors):
        own = ranges[place] if isinstance(ranges, tuple) else ranges
        if own is not None and type(tensor) is ShapeTensor:
            _say(own, tensor)


def _say(own: Range, tensor: ShapeTensor) -> None:
    with torch._C.DisableTorchFunction():
        dtype = tensor.dtype
        is_bit = dtype is torch.bool
        ends = _BIT if is_bit else Range(own.low.cast(dtype), own.high.cast(dtype))
        tensor.range = replace(ends, given=own.given), tensor._version


def origin_of(tensor: torch.Tensor) -> Literal["data", "sizes", "model"]:
    """What the elements of a tensor are computed from: an input, if one is among it, or sizes.

    Else from nothing but what the model holds.
    """
    seen, todo = set(), [tensor.node] if type(tensor) is ShapeTensor else []
    origin: Literal["sizes", "model"] = "model"
    while todo:
        node = todo.pop()
        if MADE.get(_op(node)) is not None:
            origin = "sizes"
        elif node.op == "placeholder":
            return "data"
        elif node not in seen:
            seen.add(node)
            todo += [*node.all_input_nodes, *(u for u in node.users if _op(u) == "setitem")]
    return origin


def _op(node: Any) -> str:
    record = node.meta.get("record")
    return record.op if record else ""
