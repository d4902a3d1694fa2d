"""When two products of lengths are equal: one equation for each axis, where that is exact.

``x.view(b, h // 2, 2, w // 2, 2)`` asks for ``b*h*w == b*(h//2)*2*(w//2)*2``. Said like that it
binds the axes together and is not linear. It is the same as ``h == 2*(h//2)`` and
``w == 2*(w//2)``, by two laws:

* ``c*x == c*y`` exactly where ``x == y``, for ``c > 0``
* ``x1*x2 == y1*y2`` exactly where ``x1 == y1`` and ``x2 == y2``, for ``x >= y >= 0`` in both pairs
  and ``x > 0``: were one ``x`` greater than its ``y``, the product would be, too
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from shapelint.lengths.conditions import Condition, all_of, equal
from shapelint.lengths.expr import Bounds, Div, Expr, Sym, factors_of, product

Factors = tuple[int, tuple[Expr, ...]]


def cancelled(
    left: Iterable[Expr | int], right: Iterable[Expr | int], known: Bounds
) -> tuple[Factors, Factors]:
    """Both products without the factors they share, as far as those are known to be positive."""
    c, ours = factors_of(left)
    d, theirs = factors_of(right)
    rest, others = list(ours), list(theirs)
    for factor in ours:
        if factor in others and _positive(factor, known):
            rest.remove(factor)
            others.remove(factor)
    common = math.gcd(c, d) or 1
    return (c // common, tuple(rest)), (d // common, tuple(others))


def same_product(
    left: Iterable[Expr | int], right: Iterable[Expr | int], known: Bounds
) -> Condition:
    """The condition ``product(left) == product(right)``, axis by axis if possible."""
    (c, ours), (d, theirs) = cancelled(left, right, known)
    pairs = _pairs(c, ours, d, theirs, known) or _pairs(d, theirs, c, ours, known)
    if pairs is None:
        return equal(product((c, *ours)), product((d, *theirs)))
    return all_of(equal(a, b) for a, b in pairs)


def _pairs(
    c: int, ours: Sequence[Expr], d: int, theirs: Sequence[Expr], known: Bounds
) -> list[tuple[Expr, Expr]] | None:
    """Each of ours with the multiple of one of theirs that it is never smaller than."""
    if len(ours) != len(theirs) or not ours or not all(_positive(f, known) for f in ours):
        return None
    rest, pairs, ratio = list(theirs), [], Fraction(1)
    for a in ours:
        found = _partner(a, rest, known)
        if found is None:
            return None
        b, k = found
        rest.remove(b)
        ratio *= k
        pairs.append((a.scaled(k.denominator), b.scaled(k.numerator)))
    return pairs if ratio == Fraction(d, c) else None


def _partner(a: Expr, among: Iterable[Expr], known: Bounds) -> tuple[Expr, Fraction] | None:
    for b in among:
        k = _ratio(a, b)
        if k is not None and _covers(a, b, k, known):
            return b, k
    return None


def _ratio(a: Expr, b: Expr) -> Fraction | None:
    """How much faster ``a`` grows than ``b``, in all symbols alike."""
    if not a.is_quasi_affine or not b.is_quasi_affine or a.symbols != b.symbols:
        return None
    slopes = [(a.slope(s), b.slope(s)) for s in a.symbols]
    ratios = {x / y for x, y in slopes if x and y and x / y > 0}
    return ratios.pop() if len(ratios) == 1 and all(x and y for x, y in slopes) else None


def _covers(a: Expr, b: Expr, k: Fraction, known: Bounds) -> bool:
    """Whether ``a >= k*b >= 0`` everywhere."""
    low, _ = b.bounds(known)
    rest = a.scaled(k.denominator) - b.scaled(k.numerator)
    least = _least(rest, known)
    return low is not None and low >= 0 and least is not None and math.ceil(least) >= 0


def _least(expr: Expr, known: Bounds) -> Fraction | None:
    """A lower bound that knows ``(n - d + 1)/d <= floor(n/d) <= n/d``."""
    const, slopes = _relaxed(expr)
    total = const
    for name, slope in slopes.items():
        low, high = known.get(name, (1, None))
        end = low if slope > 0 else high
        if slope and end is None:
            return None
        total += slope * (end or 0)
    return total


def _relaxed(expr: Expr) -> tuple[Fraction, dict[str, Fraction]]:
    """An affine function that is nowhere greater than a quasi-affine ``expr``."""
    const = Fraction(expr.const)
    slopes: dict[str, Fraction] = {}
    for atom, c in expr.terms.items():
        if isinstance(atom, Sym):
            inner, scale = (Fraction(0), {atom.name: Fraction(1)}), Fraction(c)
        elif isinstance(atom, Div) and isinstance(atom.den, int):
            num = atom.num - (atom.den - 1) if c > 0 else -atom.num
            inner, scale = _relaxed(num), Fraction(abs(c), atom.den)
        else:
            raise ValueError(f"not quasi-affine: {expr!r}")
        const += scale * inner[0]
        for name, slope in inner[1].items():
            slopes[name] = slopes.get(name, Fraction(0)) + scale * slope
    return const, slopes


def _positive(expr: Expr, known: Bounds) -> bool:
    low, _ = expr.bounds(known)
    return low is not None and low > 0
