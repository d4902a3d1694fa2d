"""What NumPy makes of lengths, and of small arrays of them: ``np.array(x.shape) % 32``.

An array of objects calls the operators of what it holds, so it keeps lengths. Whatever is not done
by the operators below is done to bare numbers, and the run speaks for those alone.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

from shapelint.worker.nested import bare, has_lengths
from shapelint.worker.python.length import as_float, computed

__all__ = ["of_numpy", "without_arrays"]


def _rounded(function: Callable[[Any], int]) -> Callable[[Any], float]:
    return lambda value: as_float(function(value))


_BY_MEMBER: dict[str, Callable[..., Any]] = {
    "absolute": abs,
    "add": operator.add,
    "ceil": _rounded(math.ceil),
    "divide": operator.truediv,
    "equal": operator.eq,
    "floor": _rounded(math.floor),
    "floor_divide": operator.floordiv,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "maximum": max,
    "minimum": min,
    "multiply": operator.mul,
    "negative": operator.neg,
    "not_equal": operator.ne,
    "remainder": operator.mod,
    "rint": _rounded(round),
    "sqrt": functools.partial(computed, "sqrt"),
    "subtract": operator.sub,
    "trunc": _rounded(math.trunc),
}
"""What NumPy's ufuncs make of numbers, to the last bit, in Python's own words."""
_OF_NUMBERS: dict[str, Callable[..., Any]] = {
    **_BY_MEMBER,
    "abs": abs,
    "amax": max,
    "amin": min,
    "max": max,
    "min": min,
    "mod": operator.mod,
    "prod": math.prod,
    "round": _rounded(round),
    "sum": sum,
    "true_divide": operator.truediv,
}
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
_MAKERS = frozenset({"array", "asanyarray", "asarray"})


@functools.cache
def of_numpy(function: Any) -> Any:
    """A function of NumPy that notices lengths."""
    name = function.__name__
    exact = _OF_NUMBERS.get(name)

    @functools.wraps(function, updated=())
    def seen(*args: Any, **kwargs: Any) -> Any:
        if name in _MAKERS and len(args) == 1 and _is_vector(args[0]) and _as_whole(**kwargs):
            return _vector(args[0])
        if not has_lengths(args) and not has_lengths(kwargs.values()):
            return function(*args, **kwargs)
        if exact is not None and not kwargs and _plain_numbers(args):
            return exact(*args)
        reason = f"a length goes into numpy.{name}"
        return function(*bare(args, reason), **bare(kwargs, reason))

    return seen


def _plain_numbers(args: tuple[Any, ...]) -> bool:
    numbers = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
    return all(isinstance(n, (int, float)) for n in numbers)


# -- arrays of lengths ----------------------------------------------------------------------


def _is_vector(values: Any) -> bool:
    """Whether NumPy makes whole numbers of it, or one row of them, that hold lengths."""
    if isinstance(values, _kind()):
        return True
    return isinstance(values, (tuple, list)) and has_lengths(values) and _are_whole(values)


def _are_whole(values: Iterable[Any]) -> bool:
    return all(isinstance(n, int) for n in values)


def _as_whole(dtype: Any = int, **others: Any) -> bool:
    """Whether an array made with these arguments holds whole numbers, all of them."""
    return not others and dtype in (int, "int", "int32", "int64", *_kind().whole)


def _vector(values: Any) -> Any:
    import numpy

    members = list(values)
    made = numpy.empty(len(members), dtype=object)
    made[:] = members
    return made.view(_kind())


def without_arrays(value: Any) -> Any:
    """Lists for the arrays of lengths among some arguments: PyTorch takes no objects."""
    if not _kind.cache_info().currsize:  # there are none
        return value
    if type(value) in (tuple, list):
        return type(value)(map(without_arrays, value))
    if type(value) is dict:
        return {k: without_arrays(v) for k, v in value.items()}
    return value.tolist() if isinstance(value, _kind()) else value


@functools.cache
def _kind() -> Any:
    """The class of arrays of lengths; NumPy is there if it is asked for."""
    import numpy

    def plain(value: Any, reason: str) -> Any:
        """The array that NumPy would have made."""
        if isinstance(value, Lengths):
            return numpy.array(bare(value.tolist(), reason))
        if isinstance(value, (tuple, list)):
            return type(value)(plain(v, reason) for v in value)
        return bare(value, reason)

    def by_member(function: Callable[..., Any], *arrays: Any) -> Any:
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
            if method == "__call__" and not kwargs and name in _BY_MEMBER:
                return by_member(_BY_MEMBER[name], *inputs)
            if method == "reduce" and name in _REDUCED and self.ndim == 1 and _plain(kwargs):
                return _REDUCED[name](self.tolist())
            reason = f"a length goes into numpy.{name}"
            given = {k: plain(v, reason) for k, v in kwargs.items()}
            return getattr(ufunc, method)(*plain(inputs, reason), **given)

        def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
            if func.__name__ in _NAMED and len(args) == 1 and not kwargs and self.ndim == 1:
                return _NAMED[func.__name__](self.tolist())
            reason = f"a length goes into numpy.{func.__name__}"
            given = {k: plain(v, reason) for k, v in kwargs.items()}
            return func(*plain(args, reason), **given)

        def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
            """Cut to whole numbers, or made floats; anything else is done to bare numbers."""
            kind = numpy.dtype(dtype)
            if kind in self.whole:
                return by_member(math.trunc, self)
            if kind == numpy.float64:
                return by_member(as_float, self)
            reason = "a length goes into numpy.astype"
            return plain(self, reason).astype(dtype, *args, **kwargs)

    def operation(name: str, reverse: bool = False) -> Any:
        """NumPy does not ask a length, which answers for itself everywhere else."""

        def method(self: Any, other: Any) -> Any:
            if has_lengths([other]):
                other = _vector([other])
            return getattr(numpy, name)(*((other, self) if reverse else (self, other)))

        return method

    for short, name in _OPERATORS.items():
        setattr(Lengths, f"__{short}__", operation(name))
        if name in _ARITHMETIC:
            setattr(Lengths, f"__r{short}__", operation(name, reverse=True))
    return Lengths


def _plain(kwargs: Any) -> bool:
    """Whether a reduction is the one that a method calls without arguments."""
    return all(v in (None, False, 0) for k, v in kwargs.items() if k != "where")
