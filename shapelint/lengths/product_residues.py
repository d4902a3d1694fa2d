"""Remainders of products of lengths, from the remainders of the factors.

A prime power ``p**e`` divides ``f*g`` exactly where ``p**i`` divides ``f`` and ``p**(e-i)`` divides
``g`` for some ``i``; a number divides it exactly where each of its prime powers does. Any other
remainder is a matter of the finitely many remainders of the factors.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from shapelint.lengths.conditions import Compare, Condition, all_of, any_of, divides
from shapelint.lengths.expr import Div, Expr, Prod
from shapelint.lengths.periodic import prime_powers
from shapelint.lengths.presburger import MAX_PIECES, NotPresburger, Proves

_MAX_COMBINATIONS = 2**16


def by_remainder(test: Compare, _proves: Proves) -> Condition | None:
    """``rest - m*(B mod k)`` compared with zero, case by case; None for anything else.

    In the normal form it stands as ``rest - m*B + m*k*floor(B/k)``.
    """
    for atom, c in test.expr.terms.items():
        if isinstance(atom, Div) and isinstance(atom.den, int) and not atom.num.is_quasi_affine:
            m, left = divmod(c, atom.den)
            rest = test.expr - Expr(0, {atom: c}) + atom.num.scaled(m)
            if not left and rest.is_quasi_affine:
                return any_of(_cases(test.op, rest, m, atom.num, atom.den))
    return None


def _cases(op: str, rest: Expr, m: int, number: Expr, k: int) -> Iterator[Condition]:
    if k > _MAX_COMBINATIONS:
        raise NotPresburger(number)
    for value in range(k):
        case = Compare(op, rest - m * value)
        decided = case.decide({})
        if decided is not False:
            congruent = _congruent(number, value, k)
            yield congruent if decided else all_of([case, congruent])


def _congruent(number: Expr, value: int, k: int) -> Condition:
    """``number`` is ``value`` modulo ``k``."""
    return all_of(_congruent_to_power(number, value, p, e) for p, e in prime_powers(k))


def _congruent_to_power(number: Expr, value: int, p: int, e: int) -> Condition:
    wanted = (value - number.const) % p**e
    ((atom, c), *others) = number.terms.items()
    if wanted == 0 and not others and isinstance(atom, Prod):
        while e and c % p == 0:
            c, e = c // p, e - 1
        return any_of(_shared(atom.factors, p, e))
    return any_of(_by_residues(number, value, p**e))


def _shared(parts: Sequence[Expr], p: int, e: int) -> Iterator[Condition]:
    """The ways to share ``e`` prime factors ``p`` among the factors of a product."""
    for shares in itertools.product(range(e + 1), repeat=len(parts)):
        if sum(shares) == e:
            yield all_of(divides(p**i, f) for f, i in zip(parts, shares, strict=True) if i)


def _by_residues(number: Expr, value: int, q: int) -> Iterator[Condition]:
    """``number`` is ``value`` modulo ``q``, for every combination of remainders of its parts."""
    parts = list(dict.fromkeys(_parts(number)))
    if q ** len(parts) > _MAX_COMBINATIONS:
        raise NotPresburger(number)
    matches = [
        residues
        for residues in itertools.product(range(q), repeat=len(parts))
        if (_number_at(number, dict(zip(parts, residues, strict=True))) - value) % q == 0
    ]
    if len(matches) > MAX_PIECES:
        raise NotPresburger(number)
    for residues in matches:
        yield all_of(divides(q, f - r) for f, r in zip(parts, residues, strict=True))


def _parts(number: Expr) -> Iterator[Expr]:
    for atom in number.terms:
        yield from atom.factors if isinstance(atom, Prod) else [Expr(0, {atom: 1})]


def _number_at(number: Expr, residues: dict[Expr, int]) -> int:
    return number.const + sum(
        c * math.prod(residues[f] for f in _parts(Expr(0, {atom: 1})))
        for atom, c in number.terms.items()
    )
