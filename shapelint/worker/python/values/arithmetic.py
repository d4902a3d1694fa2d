"""Arithmetic, element by element, in the numbers of Python: https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any

import torch

from shapelint.worker.python.compared import Compared, Number
from shapelint.worker.python.contents import Cell, Contents, cast, exact, known, unknown
from shapelint.worker.python.floats import Float
from shapelint.worker.python.length import as_float
from shapelint.worker.python.values import followed
from shapelint.worker.python.values.call import Call, as_contents
from shapelint.worker.python.values.progressions import shifting

Function = Callable[..., Any]


def each(
    call: Call,
    function: Function,
    *operands: Any,
    rising: tuple[int, ...] = (),
    falling: tuple[int, ...] = (),
) -> Contents:
    """``function`` of the elements that meet.

    It is nondecreasing in the operands ``rising``, nonincreasing in those ``falling``. Where each
    element of one meets each of the other, the ends meet as well.
    """
    given = [as_contents(value) for value in operands]
    varied = [i for i, contents in enumerate(given) if contents.fill is None]
    cells = partial(_met, function, given)
    ends = [c.ends[:: -1 if i in falling else 1] for i, c in enumerate(given) if c.ends is not None]
    known = len(ends) == len(given) and {*rising, *falling} >= set(varied)
    if not known or not _all_meet([given[i] for i in varied]):
        return call.listed(cells)
    low, high = (_applied(function, [pair[side] for pair in ends]) for side in (0, 1))
    return call.between(low, high, cells) if varied else call.filled(low)


def _all_meet(operands: list[Contents]) -> bool:
    """Whether no dim varies in more than one of them."""
    dims = zip_longest(*(reversed(c.lengths) for c in operands), fillvalue=1)
    return all(sum(not (type(n) is int and n == 1) for n in dim) <= 1 for dim in dims)


def _applied(function: Function, cells: Any) -> Cell:
    return Cell(lambda: function(*(_plus(cell.value) for cell in cells)))


def _plus(value: Number) -> Number:
    """A truth value as an int: it would take a length for a bare number."""
    return int(value) if isinstance(value, bool) else value


def _met(function: Function, operands: list[Contents]) -> list[Cell]:
    """The cells of the result: PyTorch says which elements meet."""
    every = [contents.cells() for contents in operands]
    numbered = [
        torch.arange(len(cells), device="cpu").reshape(contents.sizes())
        for cells, contents in zip(every, operands, strict=True)
    ]
    rows = zip(*(t.flatten().tolist() for t in _together(numbered)), strict=True)
    return [_applied(function, [c[i] for c, i in zip(every, row, strict=True)]) for row in rows]


def _together(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return list(torch.broadcast_tensors(*tensors))  # type: ignore[no-untyped-call]


# -- the four operations ----------------------------------------------------------------------


def _divisor(value: Number) -> Any:
    """A divisor that is not zero at any size of this path. Raises Unknown."""
    return value if (value >= 1 if isinstance(value, Compared) else value != 0) else unknown()


def over(a: Number, b: Number) -> Any:
    """The quotient as a float. Raises Unknown."""
    return _real(a) / _divisor(b)


def _real(value: Number) -> Any:
    real = as_float(value)
    return Float(real) if type(real) is float else real


def floor_over(a: Number, b: Number) -> Any:
    """The quotient, rounded down. Raises Unknown."""
    if isinstance(a, int) and isinstance(b, int):
        return a // _divisor(b)
    if not all(isinstance(value, Compared) or value == int(value) for value in (a, b)):
        return unknown()
    return floor(cast(over(a, b), torch.float32))


def _trunc_over(a: Number, b: Number) -> Any:
    return floor_over(a, b) if a >= 0 else -floor_over(-a, b)


def _modulo(a: Number, b: Number) -> Any:
    return a % _divisor(b) if isinstance(a, int) and isinstance(b, int) else unknown()


def greater(*numbers: Number) -> Number:
    """The greatest. Raises Unknown."""
    return max(map(exact, numbers))


def smaller(*numbers: Number) -> Number:
    """The least. Raises Unknown."""
    return min(map(exact, numbers))


def _power(a: Number, b: Number) -> Any:
    return a**b if isinstance(a, int) and type(b) is int and b >= 0 else unknown()


_BINARY: dict[tuple[str, ...], Function] = {
    ("mul", "multiply", "__mul__", "__rmul__", "__imul__"): operator.mul,
    ("true_divide", "__truediv__", "__itruediv__", "__div__"): over,
    ("floor_divide", "__floordiv__", "__ifloordiv__"): floor_over,
    ("remainder", "__mod__", "__imod__"): _modulo,
    ("pow", "__pow__"): _power,
}
_RISING: dict[tuple[str, ...], Function] = {
    ("__add__", "__radd__", "__iadd__"): operator.add,
    ("maximum", "clamp_min"): greater,
    ("minimum", "clamp_max"): smaller,
}
_REFLECTED: dict[tuple[str, ...], Function] = {
    ("rsub", "__rsub__"): operator.sub,
    ("__rfloordiv__",): floor_over,
    ("__rmod__",): _modulo,
    ("__rpow__",): _power,
}


def _register(names: tuple[str, ...], function: Function, **options: Any) -> None:
    def rule(call: Call) -> Contents:
        if len(call.args) != 2 or call.kwargs:
            return call.unknown()
        return each(call, function, *call.args, **options)

    followed(*names)(shifting(rule) if function is operator.add else rule)


for _names, _function in _BINARY.items():
    _register(_names, _function)
for _names, _function in _RISING.items():
    _register(_names, _function, rising=(0, 1))
for _names, _function in _REFLECTED.items():
    _register(_names, lambda a, b, reflected=_function: reflected(b, a))


@followed("add")
@shifting
def add(call: Call) -> Contents:
    """``input + alpha * other``."""
    alpha = known(call.argument(2, "alpha", default=1)).value
    other = call.argument(1, "other")
    rising = (0, 1) if alpha == 1 else (0,)
    return each(call, lambda a, b: a + alpha * b, call.args[0], other, rising=rising)


@followed("sub", "subtract", "__sub__", "__isub__")
@shifting
def sub(call: Call) -> Contents:
    """``input - alpha * other``."""
    alpha = known(call.argument(2, "alpha", default=1)).value
    other = call.argument(1, "other")
    if alpha == 1:
        return each(call, operator.sub, call.args[0], other, rising=(0,), falling=(1,))
    return each(call, lambda a, b: a - alpha * b, call.args[0], other, rising=(0,))


@followed("div", "divide")
def div(call: Call) -> Contents:
    """Rounded as asked for."""
    modes = {None: over, "floor": floor_over, "trunc": _trunc_over}
    function = modes[call.kwargs.get("rounding_mode")]
    return each(call, function, call.args[0], call.argument(1, "other"))


@followed("clamp", "clip")
def clamp(call: Call) -> Contents:
    """Inside of two bounds, each of which may be missing."""
    low, high = call.argument(1, "min"), call.argument(2, "max")

    def clamped(value: Number, *bounds: Number) -> Number:
        left = iter(bounds)
        value = value if low is None else greater(value, next(left))
        return value if high is None else smaller(value, next(left))

    bounds = [bound for bound in (low, high) if bound is not None]
    return each(call, clamped, call.args[0], *bounds, rising=(0,))


# -- one element ------------------------------------------------------------------------------


def floor(value: Number) -> Number:
    """Rounded down."""
    return value if isinstance(value, int) else as_float(math.floor(value))


def ceil(value: Number) -> Number:
    """Rounded up."""
    return value if isinstance(value, int) else as_float(math.ceil(value))


def trunc(value: Number) -> Number:
    """Rounded towards zero."""
    return floor(value) if value >= 0 else ceil(value)


def nearest(value: Number) -> Number:
    """Rounded to the nearest, as Python does."""
    return value if isinstance(value, int) else as_float(round(exact(value)))


for _names, _function in {
    ("floor",): floor,
    ("ceil",): ceil,
    ("trunc", "fix"): trunc,
    ("round",): nearest,
}.items():
    followed(*_names)(
        lambda call, function=_function: (
            call.unknown()
            if len(call.args) > 1 or call.kwargs
            else each(call, function, call.args[0], rising=(0,))
        )
    )

for _names, _function in {
    ("neg", "negative", "__neg__"): operator.neg,
    ("abs", "absolute", "__abs__"): lambda value: abs(exact(value)),
    ("square",): lambda value: value * value,
    ("logical_not",): operator.not_,
}.items():
    followed(*_names)(lambda call, function=_function: each(call, function, call.args[0]))


@followed("bitwise_not", "__invert__")
def bitwise_not(call: Call) -> Contents:
    """Truth values are negated, bits turned over."""
    return each(call, operator.not_ if call.dtype is torch.bool else operator.inv, call.args[0])


# -- comparisons ------------------------------------------------------------------------------


def _compared(test: Function) -> Function:
    return lambda a, b: test(exact(a), exact(b))


for _names, _function in {
    ("eq", "__eq__"): operator.eq,
    ("ne", "not_equal", "__ne__"): operator.ne,
    ("lt", "less", "__lt__"): operator.lt,
    ("le", "less_equal", "__le__"): operator.le,
    ("gt", "greater", "__gt__"): operator.gt,
    ("ge", "greater_equal", "__ge__"): operator.ge,
    ("logical_and",): lambda a, b: bool(a) and bool(b),
    ("logical_or",): lambda a, b: bool(a) or bool(b),
    ("bitwise_and", "__and__", "__iand__"): operator.and_,
    ("bitwise_or", "__or__", "__ior__"): operator.or_,
}.items():
    _register(_names, _compared(_function))


@followed("where")
def where(call: Call) -> Contents:
    """Elements of one tensor or of the other; which of them is asked when one is read."""
    if len(call.args) != 3:
        return call.unknown()
    given = [as_contents(value) for value in call.args]
    return call.listed(partial(_chosen, given))


def _chosen(given: list[Contents]) -> list[Cell]:
    return _met(lambda test, a, b: a if test else b, given)
