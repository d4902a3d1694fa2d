"""A product of lengths compared with a number, without the product.

For integers:

* ``f*g == K > 0``              exactly where ``f`` is a divisor ``a`` of ``K`` and ``g == K/a``
* ``f*g >= K``, both ``>= 0``   exactly where ``f >= a`` and ``g >= ceil(K/a)`` for an ``a`` in 1..K
* ``f*g <= K``, both ``>= 0``   exactly where one is 0, or ``f <= a`` and ``g <= floor(K/a)``

Factors that may be negative are dealt with case by case.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shapelint.lengths.conditions import (
    FALSE,
    TRUE,
    Compare,
    Condition,
    all_of,
    any_of,
    at_least,
    equal,
)
from shapelint.lengths.expr import Expr, Prod, product
from shapelint.lengths.presburger import MAX_PIECES, NotPresburger, Proves

Factors = Sequence[Expr]

_GREATEST = 10**12
"""Divisors are looked for one by one, up to the root of a number."""


def against_constant(test: Compare, proves: Proves) -> Condition | None:
    """``c*f1*f2*... + K`` compared with zero; None for anything else."""
    if len(test.expr.terms) != 1:
        return None
    ((atom, c),) = test.expr.terms.items()
    if not isinstance(atom, Prod):
        return None
    constant = test.expr.const
    if test.op == "==":
        return FALSE if constant % c else _equals(atom.factors, -constant // c, proves)
    return _reaches(atom.factors, 1 if c > 0 else -1, -(constant // abs(c)), proves)


def signs(parts: Factors, proves: Proves) -> Iterator[tuple[Condition, int]]:
    """Where a product is zero, positive and negative."""
    nonzero = [Compare("!=", f) for f in parts]
    yield any_of(equal(f, 0) for f in parts), 0
    for where, sign, _ in _cases(parts, proves):
        yield all_of([*where, *nonzero]), sign


def _cases(
    parts: Factors, proves: Proves
) -> Iterator[tuple[list[Condition], int, tuple[Expr, ...]]]:
    """Cases in which no factor changes its sign: where, the product's sign, ``|factors|``."""
    choices: list[list[tuple[list[Condition], int, Expr]]] = []
    for f in parts:
        up = at_least(f, 0)
        if proves(up):
            choices.append([([], 1, f)])
        else:
            choices.append([([up], 1, f), ([at_least(-1, f)], -1, -f)])
    for case in itertools.product(*choices):
        where = [condition for conditions, _, _ in case for condition in conditions]
        yield where, math.prod(sign for _, sign, _ in case), tuple(f for _, _, f in case)


def _limited(pieces: Iterator[Condition], parts: Factors) -> Condition:
    taken = list(itertools.islice(pieces, MAX_PIECES + 1))
    if len(taken) > MAX_PIECES:
        raise NotPresburger(product(parts))
    return any_of(taken)


def _equals(parts: Factors, value: int, proves: Proves) -> Condition:
    if value == 0:
        return any_of(equal(f, 0) for f in parts)
    if not divisors(abs(value)):
        raise NotPresburger(product(parts))
    return _limited(_factorisations(parts, value, proves), parts)


def _factorisations(parts: Factors, value: int, proves: Proves) -> Iterator[Condition]:
    powers = Counter(parts)
    for signed in itertools.product((1, -1), repeat=len(powers)):
        sign = math.prod(s**e for s, e in zip(signed, powers.values(), strict=True))
        if sign * value < 0 or any(
            s < 0 and proves(at_least(f, 0)) for f, s in zip(powers, signed, strict=True)
        ):
            continue
        for values in _roots(abs(value), list(powers.values())):
            tests = [equal(f, s * v) for f, s, v in zip(powers, signed, values, strict=True)]
            if all(t.decide({}) is not False for t in tests):
                yield all_of(tests)


def _roots(value: int, exponents: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All positive ``(a, b, ...)`` with ``a**e1 * b**e2 * ... == value``."""
    if not exponents:
        yield from [()] if value == 1 else []
        return
    first, *rest = exponents
    for a in divisors(value):
        if value % a**first == 0:
            yield from ((a, *others) for others in _roots(value // a**first, rest))


@lru_cache(maxsize=256)
def divisors(value: int) -> list[int]:
    """Those of a positive number, ascending; none if it is too great to look for them."""
    if value > _GREATEST:
        return []
    small = [a for a in range(1, math.isqrt(value) + 1) if value % a == 0]
    return sorted({*small, *(value // a for a in small)})


def _reaches(parts: Factors, turn: int, bound: int, proves: Proves) -> Condition:
    """``turn*f1*f2*... >= bound`` for a ``turn`` of 1 or -1."""

    def pieces() -> Iterator[Condition]:
        for where, sign, positive in _cases(parts, proves):
            stairs = _above(positive, bound) if sign == turn else _below(positive, -bound)
            yield from (all_of([*where, step]) for step in stairs)

    return _limited(pieces(), parts)


def _above(parts: Factors, bound: int) -> Iterator[Condition]:
    """``f1*f2*... >= bound`` for factors that are at least 0, as alternatives.

    Of all ``a`` with the same ``ceil(bound/a)`` the smallest says the most.
    """
    if bound <= 0:
        yield TRUE
    elif len(parts) == 1:
        yield at_least(parts[0], bound)
    else:
        a, needed = 1, bound
        while True:
            yield from (all_of([at_least(parts[0], a), rest]) for rest in _above(parts[1:], needed))
            if needed == 1:
                return
            a = -(-bound // (needed - 1))
            needed = -(-bound // a)


def _below(parts: Factors, bound: int) -> Iterator[Condition]:
    """``f1*f2*... <= bound`` for factors that are at least 0, as alternatives.

    Of all ``a`` with the same ``floor(bound/a)`` the greatest says the most.
    """
    if bound < 0:
        return
    if len(parts) == 1:
        yield at_least(bound, parts[0])
        return
    yield from (equal(f, 0) for f in parts)
    a = 1
    while a <= bound:
        room = bound // a
        a = bound // room
        yield from (all_of([at_least(a, parts[0]), rest]) for rest in _below(parts[1:], room))
        a += 1
