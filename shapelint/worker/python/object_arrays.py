"""Arrays of NumPy that hold lengths, as objects; imported where such an array is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from shapelint.worker.nested import bare, has_lengths
from shapelint.worker.python.arrays import BY_MEMBER
from shapelint.worker.python.length import as_float

_REDUCED: dict[str, Callable[..., Any]] = {
    "add": sum,
    "maximum": max,
    "minimum": min,
    "multiply": math.prod,
}
_NAMED: dict[str, Callable[..., Any]] = {
    "amax": max,
    "amin": min,
    "max": max,
    "min": min,
    "prod": math.prod,
    "sum": sum,
}
_ARITHMETIC = ("add", "divide", "floor_divide", "multiply", "remainder", "subtract")
_OPERATORS = dict(zip(("add", "truediv", "floordiv", "mul", "mod", "sub"), _ARITHMETIC)) | {
    "eq": "equal",
    "ge": "greater_equal",
    "gt": "greater",
    "le": "less_equal",
    "lt": "less",
    "ne": "not_equal",
}
"""By the names of Python's operators: the ufuncs."""


def _bare_array(value: Any, reason: str) -> Any:
    """The array that NumPy would have made."""
    if isinstance(value, Lengths):
        return numpy.array(bare(value.tolist(), reason))
    if isinstance(value, (tuple, list)):
        return type(value)(_bare_array(v, reason) for v in value)
    return bare(value, reason)


def _by_member(function: Callable[..., Any], *arrays: Any) -> Any:
    """What a function of Python's own numbers makes of all members."""
    one: Any = numpy.frompyfunc(function, len(arrays), 1)
    given = (numpy.asarray(a, dtype=object).view(numpy.ndarray) for a in arrays)
    made = numpy.asarray(one(*given))
    if all(isinstance(n, bool) for n in made.flat):
        return made.astype(bool)
    return made.view(Lengths) if made.ndim else made.item()


class Lengths(numpy.ndarray):
    """An array of lengths."""

    whole = (numpy.int32, numpy.int64)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method == "__call__" and not kwargs and name in BY_MEMBER:
            return _by_member(BY_MEMBER[name], *inputs)
        if method == "reduce" and name in _REDUCED and self.ndim == 1 and _plain(kwargs):
            return _REDUCED[name](self.tolist())
        reason = f"a length goes into numpy.{name}"
        given = {k: _bare_array(v, reason) for k, v in kwargs.items()}
        return getattr(ufunc, method)(*_bare_array(inputs, reason), **given)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ in _NAMED and len(args) == 1 and not kwargs and self.ndim == 1:
            return _NAMED[func.__name__](self.tolist())
        reason = f"a length goes into numpy.{func.__name__}"
        given = {k: _bare_array(v, reason) for k, v in kwargs.items()}
        return func(*_bare_array(args, reason), **given)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Cut to whole numbers, or made floats; anything else is done to bare numbers."""
        kind = numpy.dtype(dtype)
        if kind in self.whole:
            return _by_member(math.trunc, self)
        if kind == numpy.float64:
            return _by_member(as_float, self)
        reason = "a length goes into numpy.astype"
        return _bare_array(self, reason).astype(dtype, *args, **kwargs)


def _operation(name: str, reverse: bool = False) -> Any:
    """NumPy does not ask a length, which answers for itself everywhere else."""

    def method(self: Any, other: Any) -> Any:
        if has_lengths([other]):
            other = vector([other])
        return getattr(numpy, name)(*((other, self) if reverse else (self, other)))

    return method


for short, name in _OPERATORS.items():
    setattr(Lengths, f"__{short}__", _operation(name))
    if name in _ARITHMETIC:
        setattr(Lengths, f"__r{short}__", _operation(name, reverse=True))


def vector(values: Any) -> Any:
    """An array of numbers, some of them lengths."""
    members = list(values)
    made = numpy.empty(len(members), dtype=object)
    made[:] = members
    return made.view(Lengths)


def _plain(kwargs: Any) -> bool:
    """Whether a reduction is the one that a method calls without arguments."""
    return all(v in (None, False, 0) for k, v in kwargs.items() if k != "where")
