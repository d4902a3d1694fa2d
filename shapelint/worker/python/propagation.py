"""Constant propagation: contents and value ranges of results follow from those of arguments.

Also answers calls that read elements, ``x.item()`` and ``x.tolist()``, from known contents, and
replaces tensors by their numbers where PyTorch would read them as such.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.nested import BARE, has_lengths, tensors_in
from shapelint.worker.python.arrays import without_arrays
from shapelint.worker.python.compared import Compared, Number
from shapelint.worker.python.contents import (
    Contents,
    Unknown,
    attach,
    contents_of,
    exact,
    number_of,
    read,
    whole_in,
)
from shapelint.worker.python.length import fixed
from shapelint.worker.python.ranges.interval import attach_ranges, ranges_of
from shapelint.worker.python.value_tests import assumed
from shapelint.worker.python.values import FOLLOWED, MADE
from shapelint.worker.python.values.call import Call
from shapelint.worker.shapes import shape_of

UNREAD = object()
"""The elements are not known: PyTorch has to be asked."""


# -- calls ----------------------------------------------------------------------------------


class Propagation:
    """What will be known of the results of a call; made before the call, which may be in place."""

    def __init__(self, rule: Any, ranges: Any, func: Any, args: Any, kwargs: Any) -> None:
        self.rule, self.ranges, self.func = rule, ranges, func
        self.target = args[0] if args else None
        if rule is not None:
            self.args, self.kwargs = _with_contents(args), _with_contents(kwargs)

    def attach_to(self, result: Any) -> None:
        """Attach it to the results; a call that returns None wrote to its first argument."""
        if self.ranges is not None:
            attach_ranges(self.ranges, result, self.target)
        if self.rule is not None:
            self._attach_contents(result)

    def _attach_contents(self, result: Any) -> None:
        tensors = [self.target] if result is None else pytree.tree_leaves(result)
        for place, tensor in enumerate(tensors):
            if isinstance(tensor, torch.Tensor):
                about = shape_of(tensor), tensor.dtype, place
                attach(tensor, self.rule(Call(self.func, self.args, self.kwargs, *about)))


def _with_contents(value: Any) -> Any:
    """The value with contents in the places of tensors."""
    kind = type(value)
    if isinstance(value, torch.Tensor):
        return _held(value)
    if kind is tuple or kind is list:
        return kind(map(_with_contents, value))
    if kind is dict:
        return {key: _with_contents(part) for key, part in value.items()}
    return value if kind in BARE else pytree.tree_map_only(torch.Tensor, _held, value)


def _held(tensor: torch.Tensor) -> Contents:
    contents = contents_of(tensor)
    return Contents(shape_of(tensor), tensor.dtype) if contents is None else contents


def propagation_of(func: Any, name: str, args: Any, kwargs: Any) -> Propagation | None:
    """What will be known of the results of a call; None for most calls."""
    if kwargs.get("out") is not None:
        return None
    rule, ranges = _rule(name, args, kwargs), ranges_of(name, args, kwargs)
    if rule is None and ranges is None:
        return None
    return Propagation(rule, ranges, func, args, kwargs)


def _rule(name: str, args: Any, kwargs: Any) -> Any:
    """The rule that gives the contents of the results; None if they are not known."""
    made = MADE.get(name)
    if made is not None:
        return made
    tensors = tensors_in(args[0]) if args else []
    if not tensors or contents_of(tensors[0]) is None:
        return None
    held = list(map(contents_of, tensors_in((args, kwargs))))
    rule = FOLLOWED.get(name)
    if None in held or (rule is None and not any(c.measured for c in held if c is not None)):
        return None
    return rule or Call.unknown


# -- numbers in places of tensors -------------------------------------------------------------

_OF_SIZES = frozenset({"arange", "empty", "full", "linspace", "ones", "rand", "randn", "zeros"})
_TAKE_SIZES = frozenset(
    {
        *("chunk", "expand", "interpolate", "narrow", "new_empty", "pad"),
        *("new_full", "new_ones", "new_zeros", "repeat", "reshape", "select", "split", "view"),
    }
)


def with_numbers(name: str, args: Any, kwargs: Any) -> Any:
    """The arguments, each tensor that PyTorch would read as a number replaced by that number."""
    args, kwargs = without_arrays(args), without_arrays(kwargs)
    kept = 0 if name in _OF_SIZES else 1 if name in _TAKE_SIZES else len(args)
    if name in ("__getitem__", "__setitem__"):
        return (args[0], _numbers(args[1]), *args[2:]), kwargs
    if kept == len(args) or all(contents_of(t) is None for t in tensors_in(args[kept:])):
        return args, kwargs
    return (*args[:kept], *(_numbers(arg, whole_in) for arg in args[kept:])), kwargs


def _numbers(value: Any, inside: Callable[[Any], Any] = number_of) -> Any:
    """``value`` with numbers for tensors; ``inside`` is applied to the elements of a list.

    In a list of sizes PyTorch takes any tensor of one element for a number.
    """
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(inside(v) if isinstance(v, torch.Tensor) else _numbers(v) for v in value)
    if isinstance(value, slice):
        return slice(*map(whole_in, (value.start, value.stop, value.step)))
    return number_of(value)


# -- answers --------------------------------------------------------------------------------


def _one(contents: Contents) -> Any:
    return exact(contents.only.value)


def _nested(contents: Contents) -> Any:
    values = [exact(cell.value) for cell in contents.cells()]
    for length in reversed(contents.sizes()[1:]):
        if not length:
            raise Unknown
        values = [values[i : i + length] for i in range(0, len(values), length)]  # type: ignore[misc]
    return values if contents.lengths else values[0]


def _truth(contents: Contents) -> bool:
    return bool(_one(contents) != 0)


def _bare(value: Number) -> Any:
    """A bare number, which CPython makes of what these methods return anyway."""
    return fixed(value, "a length is converted") if isinstance(value, Compared) else value


def _as_int(contents: Contents) -> int:
    return int(_bare(contents.only.value.__trunc__()))


def _as_float(contents: Contents) -> float:
    return float(_bare(_one(contents)))


def _as_index(contents: Contents) -> int:
    if contents.dtype.is_floating_point:
        raise Unknown
    return operator.index(_bare(_one(contents)))


_ANSWERS: dict[str, Callable[[Contents], Any]] = {
    "item": _one,
    "tolist": _nested,
    "__bool__": _truth,
    "is_nonzero": _truth,
    "__int__": _as_int,
    "__float__": _as_float,
    "__index__": _as_index,
}


def answered(name: str, args: Any) -> Any:
    """What a method that reads elements returns; UNREAD if the elements are not known."""
    answer = _ANSWERS.get(name)
    if answer is None or not args:
        return UNREAD
    contents = contents_of(args[0])
    found = UNREAD if contents is None else read(contents, answer, UNREAD)
    return _assumed(args[0], answer) if found is UNREAD else found


def _assumed(tensor: Any, answer: Callable[[Contents], Any]) -> Any:
    """The truth of one unknown element, where the code around the question tells enough."""
    is_truth = answer is _truth or (answer is _one and tensor.dtype is torch.bool)
    if not is_truth or not has_lengths([tensor]) or shape_of(tensor):
        return UNREAD
    held = assumed()
    return UNREAD if held is None else held
