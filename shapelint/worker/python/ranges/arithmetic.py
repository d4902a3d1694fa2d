"""Interval arithmetic: ranges of sums, products, quotients and the like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from shapelint.worker.python.compared import Number
from shapelint.worker.python.contents import Cell, Unknown, unknown
from shapelint.worker.python.ranges import ranged
from shapelint.worker.python.ranges.interval import Range, between, range_of
from shapelint.worker.python.values import arithmetic

Pair = tuple[Number, Number]


def _of(make: Callable[..., Pair], *operands: Any) -> Range | None:
    """The range whose ends ``make`` computes, when needed, from the ends of each operand."""
    ranges = [range_of(value) or _ANYTHING for value in operands]
    if _ANYTHING in ranges:
        return None

    def ends() -> Pair:
        return make(*(_plain(end.value) for r in ranges for end in (r.low, r.high)))

    return between(lambda: ends()[0], lambda: ends()[1], all(r.given for r in ranges))


_ANYTHING = Range(Cell(unknown), Cell(unknown))


def _plain(value: Number) -> Number:
    return int(value) if isinstance(value, bool) else value


@ranged("add", "__add__", "__radd__", "__iadd__")
def add(input: Any, other: Any, *, alpha: Any = 1) -> Range | None:
    """``[a.low + b.low, a.high + b.high]``; not known if ``alpha`` scales one of them."""
    return _of(lambda a, b, c, d: (a + c, b + d), input, other) if _is_one(alpha) else None


@ranged("sub", "subtract", "__sub__", "__isub__")
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Range | None:
    """``[a.low - b.high, a.high - b.low]``."""
    return _of(lambda a, b, c, d: (a - d, b - c), input, other) if _is_one(alpha) else None


def _is_one(alpha: Any) -> bool:
    return type(alpha) is int and alpha == 1


@ranged("rsub", "__rsub__")
def rsub(input: Any, other: Any) -> Range | None:
    """The other way round."""
    return sub(other, input)


@ranged("mul", "multiply", "__mul__", "__rmul__", "__imul__")
def mul(input: Any, other: Any) -> Range | None:
    """Products of ends, if the signs are known."""
    return _of(_products, input, other)


def _products(a: Any, b: Any, c: Any, d: Any) -> Pair:
    if a >= 0:
        return (a * c, b * d) if c >= 0 else (b * c, a * d) if d <= 0 else (b * c, b * d)
    if c >= 0:
        return (a * d, b * d) if b >= 0 else (a * d, b * c)
    return unknown()  # type: ignore[no-any-return]


def _by_positive(divide: Callable[[Any, Any], Number]) -> Callable[..., Range | None]:
    """Division by a single number, whose sign has to be known."""

    def pair(a: Any, b: Any, c: Any, d: Any) -> Pair:
        return (divide(a, c), divide(b, c)) if c is d and c >= 1 else unknown()

    return lambda input, other: _of(pair, input, other)


_floored = ranged("floor_divide", "__floordiv__", "__ifloordiv__")(
    _by_positive(arithmetic.floor_over)
)
_divided = ranged("true_divide", "__truediv__", "__itruediv__", "__div__")(
    _by_positive(arithmetic.over)
)


@ranged("div", "divide")
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Range | None:
    """Rounded as asked for; towards zero is the same where nothing is negative."""
    if rounding_mode is None:
        return _divided(input, other)
    rounded = _floored(input, other)
    return rounded if rounding_mode == "floor" else _of(_not_negative, rounded)


def _not_negative(a: Any, b: Any) -> Pair:
    return (a, b) if a >= 0 else unknown()


@ranged("remainder", "__mod__", "__imod__")
def remainder(input: Any, other: Any) -> Range | None:
    """The remainder, which is less than the divisor for any dividend."""
    below = _of(lambda a, b: (0, b - 1) if a >= 1 else unknown(), other)
    return below and _as_given_as(input, below)


def _as_given_as(input: Any, found: Range) -> Range:
    own = range_of(input)
    return replace(found, given=found.given and own is not None and own.given)


@ranged("bitwise_and", "__and__", "__iand__")
def bitwise_and(input: Any, other: Any) -> Range | None:
    """No more than the other, if that is not negative."""
    masked = _of(lambda a, b: (0, b) if a >= 0 else unknown(), other)
    return masked and _as_given_as(input, masked)


# -- at most, at least ----------------------------------------------------------------------------


@ranged("maximum", "clamp_min")
def maximum(input: Any, other: Any) -> Range:
    """No less than either of them, as far as it is known."""
    lows, highs, given = _ends(input, other)
    return between(lambda: max(_known(lows)), lambda: max(_plain(c.value) for c in highs), given)


@ranged("minimum", "clamp_max")
def minimum(input: Any, other: Any) -> Range:
    """No more than either of them, as far as it is known."""
    lows, highs, given = _ends(input, other)
    return between(lambda: min(_plain(c.value) for c in lows), lambda: min(_known(highs)), given)


@ranged("clamp", "clip")
def clamp(input: Any, min: Any = None, max: Any = None) -> Range | None:
    """Clamped between two ends, each of which may be missing."""
    raised = range_of(input) if min is None else maximum(input, min)
    return raised if max is None else minimum(raised, max)


def _ends(*operands: Any) -> tuple[list[Cell], list[Cell], bool]:
    """The lower ends and the upper ends; those of an operand without a range are unknown."""
    ranges = [range_of(value) or _ANYTHING for value in operands]
    return [r.low for r in ranges], [r.high for r in ranges], all(r.given for r in ranges)


def _known(cells: list[Cell]) -> list[Any]:
    """The known numbers among these. Raises Unknown if there is none."""
    found = []
    for cell in cells:
        with suppress(Unknown, ArithmeticError):
            found.append(_plain(cell.value))
    return found or unknown()


# -- one element ----------------------------------------------------------------------------------


def _rising(function: Callable[[Any], Number]) -> Callable[..., Range | None]:
    return lambda input: _of(lambda a, b: (function(a), function(b)), input)


ranged("floor")(_rising(arithmetic.floor))
ranged("ceil")(_rising(arithmetic.ceil))
ranged("round")(_rising(arithmetic.nearest))
ranged("trunc", "fix")(_rising(arithmetic.trunc))
ranged("neg", "negative", "__neg__")(lambda input: _of(lambda a, b: (-b, -a), input))
ranged("abs", "absolute", "__abs__")(lambda input: _of(_magnitudes, input))
ranged("square")(lambda input: _of(lambda a, b: (a * a, b * b) if a >= 0 else unknown(), input))


def _magnitudes(a: Any, b: Any) -> Pair:
    if a >= 0:
        return a, b
    return (-b, -a) if b <= 0 else (0, max(-a, b))
