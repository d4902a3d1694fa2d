"""A comparison in which a single product stands for all sizes.

``2*P + floor(30*P/49) == 128`` with ``P = h*w`` speaks of ``P`` alone. The numbers for which it
holds are a periodic set, so it says the same as a few comparisons of ``P`` with numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.lengths.conditions import (
    Compare,
    Condition,
    all_of,
    any_of,
    at_least,
    divides,
    equal,
)
from shapelint.lengths.expr import Atom, Div, Expr, Prod, floordiv, symbol
from shapelint.lengths.periodic import Periodic, TooLong, bits
from shapelint.lengths.presburger import MAX_PIECES, NotPresburger, Proves
from shapelint.lengths.rows import row_of

_NUMBER = "number"


def of_one_product(test: Compare, proves: Proves) -> Condition | None:
    """The numbers for which it holds, as conditions on the product; None for anything else."""
    products = set(_unknowns(test.expr))
    if len(test.expr.terms) < 2 or len(products) != 1:
        return None
    (found,) = products
    if not isinstance(found, Prod) or not all(proves(at_least(f, 0)) for f in found.factors):
        return None
    number = Compare(test.op, _in_terms_of(test.expr, found))
    try:
        numbers = row_of(number)
    except TooLong:
        return None
    zero = [equal(f, 0) for f in found.factors] if number.at({_NUMBER: 0}) else []
    pieces = [*zero, *_pieces(numbers, Expr(0, {found: 1}))]
    if len(pieces) > MAX_PIECES:
        raise NotPresburger(test.expr)
    return any_of(pieces)


def _unknowns(expr: Expr) -> Iterator[Atom]:
    """What is not known in it: products, sizes, divisions by sizes."""
    for atom in expr.terms:
        if isinstance(atom, Div) and isinstance(atom.den, int):
            yield from _unknowns(atom.num)
        else:
            yield atom


def _in_terms_of(expr: Expr, found: Prod) -> Expr:
    """The same with a symbol for the product."""
    out = Expr(expr.const)
    for atom, c in expr.terms.items():
        if atom == found:
            value = symbol(_NUMBER)
        else:
            assert isinstance(atom, Div)
            assert isinstance(atom.den, int)
            value = floordiv(_in_terms_of(atom.num, found), atom.den)
        out = out + value.scaled(c)
    return out


def _pieces(numbers: Periodic, value: Expr) -> Iterator[Condition]:
    """``value`` is one of the numbers: stretches of them, then what repeats."""
    for low, high in _stretches(numbers.head):
        yield (
            equal(value, low)
            if low == high
            else all_of([at_least(value, low), at_least(high, value)])
        )
    period = numbers.period
    for remainder in bits(numbers.tail):
        yield all_of([at_least(value, numbers.start), divides(period, value - remainder)])


def _stretches(row: int) -> Iterator[tuple[int, int]]:
    """First and last number of every run of bits."""
    starts, ends = bits(row & ~(row << 1)), bits(row & ~(row >> 1))
    return zip(starts, ends, strict=True)
