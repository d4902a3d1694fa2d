"""What NumPy makes of lengths, and of small arrays of them: ``np.array(x.shape) % 32``.

An array of objects calls the operators of what it holds, so it keeps lengths. Whatever is not done
by the operators below is done to bare numbers, and the run speaks for those alone.
"""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Callable, Iterable
from typing import Any

from shapelint.worker.nested import bare, has_lengths
from shapelint.worker.python.length import as_float, computed


def _rounded(function: Callable[[Any], int]) -> Callable[[Any], float]:
    return lambda value: as_float(function(value))


BY_MEMBER: dict[str, Callable[..., Any]] = {
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
    **BY_MEMBER,
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
_MAKERS = frozenset({"array", "asanyarray", "asarray"})


@functools.cache
def of_numpy(function: Any) -> Any:
    """A function of NumPy that notices lengths."""
    name = function.__name__
    exact = _OF_NUMBERS.get(name)

    @functools.wraps(function, updated=())
    def seen(*args: Any, **kwargs: Any) -> Any:
        if name in _MAKERS and len(args) == 1 and _is_vector(args[0]) and _as_whole(**kwargs):
            from shapelint.worker.python.object_arrays import vector

            return vector(args[0])
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

_OBJECTS = "shapelint.worker.python.object_arrays"
"""The module that needs NumPy; it is imported when the first array of lengths is made."""


def _is_array(value: Any) -> bool:
    return _OBJECTS in sys.modules and isinstance(value, sys.modules[_OBJECTS].Lengths)


def _is_vector(values: Any) -> bool:
    """Whether NumPy makes whole numbers of it, or one row of them, that hold lengths."""
    if _is_array(values):
        return True
    return isinstance(values, (tuple, list)) and has_lengths(values) and _are_whole(values)


def _are_whole(values: Iterable[Any]) -> bool:
    return all(isinstance(n, int) for n in values)


def _as_whole(dtype: Any = int, **others: Any) -> bool:
    """Whether an array made with these arguments holds whole numbers, all of them."""
    return not others and str(getattr(dtype, "__name__", dtype)) in ("int", "int32", "int64")


def without_arrays(value: Any) -> Any:
    """Lists for the arrays of lengths among some arguments: PyTorch takes no objects."""
    if _OBJECTS not in sys.modules:  # there are none
        return value
    if type(value) in (tuple, list):
        return type(value)(map(without_arrays, value))
    if type(value) is dict:
        return {k: without_arrays(v) for k, v in value.items()}
    return value.tolist() if _is_array(value) else value
