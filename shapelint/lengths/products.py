"""Conditions on products of lengths, rewritten without them where that is exact.

Element counts (``H*W`` after flatten, ``C*h*w == in_features``) are not linear, so isl cannot take
them. Most of what models ask about them has an equivalent that it can take. Laws used here, for
integers:

* ``c*(f - g) == 0``              exactly where ``c == 0`` or ``f == g``
* ``floor(a/d) == q``, ``d > 0``  exactly where ``d*q <= a <= d*q + d - 1``
* what depends on one product alone holds for certain numbers (:mod:`.product_functions`)
* what cancels where the remainders of the sizes are known does so (:mod:`.product_cases`)
* ``f*g == p*q``, ``f >= p >= 0`` and ``g >= q >= 0``   exactly where both pairs are equal, or
  ``f*g == 0``

Each rewriting takes away a product, or a floor division that isl cannot take.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

from shapelint.lengths.conditions import (
    FALSE,
    TRUE,
    All,
    Any,
    Compare,
    Condition,
    all_of,
    any_of,
    at_least,
    equal,
)
from shapelint.lengths.expr import Div, Expr, Prod, Sym, as_expr, factors, product
from shapelint.lengths.presburger import NotPresburger, Proves
from shapelint.lengths.product_cases import by_cases
from shapelint.lengths.product_functions import of_one_product
from shapelint.lengths.product_residues import by_remainder
from shapelint.lengths.product_values import against_constant, divisors, signs

Summand = tuple[int, Counter[Expr]]
"""A coefficient and the factors of a product."""


def without_products(test: Compare, proves: Proves) -> Condition:
    """A condition equivalent to ``expr == 0`` or ``expr >= 0`` that is closer to linear.

    Raises:
        NotPresburger: no law applies.
    """
    for law in _LAWS:
        found = law(test, proves)
        if found is not None and not _contains(found, test):
            return found
    raise NotPresburger(test.expr)


def _contains(condition: Condition, test: Compare) -> bool:
    """Whether a law led back to where it started."""
    if isinstance(condition, (All, Any)):
        return any(_contains(part, test) for part in condition.parts)
    return condition == test


def _summands(expr: Expr) -> list[Summand]:
    """The products in a sum, and its linear part as one product of its own."""
    linear = Expr(expr.const, {a: c for a, c in expr.terms.items() if not isinstance(a, Prod)})
    products = [(c, a.factors) for a, c in expr.terms.items() if isinstance(a, Prod)]
    return [_signed(c, parts) for c, parts in (*products, factors(linear)) if c]


def _signed(c: int, parts: Iterable[Expr]) -> Summand:
    """A product with every factor turned such that ``f`` and ``-f`` become the same."""
    turned = []
    for f in parts:
        sign = _sign(f)
        turned.append(f.scaled(sign))
        c *= sign
    return c, Counter(turned)


def _sign(expr: Expr) -> int:
    """The sign that bounds show, else that of a certain coefficient."""
    low, high = expr.bounds({})
    if low is not None and low >= 0:
        return 1
    if high is not None and high <= 0:
        return -1
    leading = min(expr.terms, key=lambda atom: (not isinstance(atom, Sym), repr(atom)))
    return 1 if expr.terms[leading] > 0 else -1


def _common_factor(test: Compare, proves: Proves) -> Condition | None:
    """``c*rest`` compared with zero, where ``c`` is a factor of every summand."""
    summands = _summands(test.expr)
    common = summands[0][1]
    for _, parts in summands[1:]:
        common = common & parts
    if len(summands) < 2 or not common:
        return None
    rest = Expr()
    for c, parts in summands:
        rest = rest + product([c, *(parts - common).elements()])
    if test.op == "==":
        return any_of([*(equal(f, 0) for f in common), equal(rest, 0)])
    return any_of(
        all_of([where, at_least(rest.scaled(sign), 0)])
        for where, sign in signs(list(common.elements()), proves)
    )


def _quotient(test: Compare, proves: Proves) -> Condition | None:
    """``c*floor(a/d) + K`` compared with zero, for ``d >= 1``."""
    if len(test.expr.terms) != 1:
        return None
    ((atom, c),) = test.expr.terms.items()
    if not isinstance(atom, Div) or not proves(at_least(as_expr(atom.den), 1)):
        return None
    den, constant = as_expr(atom.den), test.expr.const

    def at_most(value: int) -> Condition:
        return at_least(den * (value + 1) - 1, atom.num)

    if test.op == ">=":
        return at_least(atom.num, den * -(constant // c)) if c > 0 else at_most(constant // -c)
    if constant % c:
        return FALSE
    value = -constant // c
    return all_of([at_least(atom.num, den * value), at_most(value)])


# -- two products ---------------------------------------------------------------------------------


def _two_products(test: Compare, proves: Proves) -> Condition | None:
    """``c*f*g - d*p*q`` compared with zero, where one side is never the smaller one."""
    summands = sorted(_summands(test.expr), key=lambda s: -s[0])
    if len(summands) != 2 or summands[0][0] * summands[1][0] > 0:
        return None
    left, right = ((abs(c), parts) for c, parts in summands)
    if test.op == ">=" and _pairs(left, right, proves) is not None:
        return TRUE
    for greater, smaller in ((left, right), (right, left)):
        pairs = _pairs(greater, smaller, proves)
        if pairs is not None:
            equations = all_of(equal(f, g) for f, g in pairs)
            return any_of([equations, *(equal(f, 0) for f in greater[1])])
    return None


def _pairs(greater: Summand, smaller: Summand, proves: Proves) -> list[tuple[Expr, Expr]] | None:
    """Factors side by side such that each on the left is at least the one on the right, >= 0."""
    above, below = (list(parts.elements()) for _, parts in (greater, smaller))
    count = max(len(above), len(below))
    one = [as_expr(1)]
    above, below = (parts + one * (count - len(parts)) for parts in (above, below))
    if not all(proves(at_least(g, 0)) for g in below):
        return None
    return _partners(above, below, greater[0], smaller[0], proves)


def _partners(
    above: list[Expr], below: list[Expr], c: int, d: int, proves: Proves
) -> list[tuple[Expr, Expr]] | None:
    """As :func:`_pairs`, for ``c`` times one side and ``d`` times the other."""
    if not above:
        return [] if c == d == 1 else None
    last = len(above) == 1
    for (i, g), a, b in itertools.product(enumerate(below), _shares(c, last), _shares(d, last)):
        f, smaller = above[0].scaled(a), g.scaled(b)
        if proves(at_least(f, smaller)):
            rest = _partners(above[1:], below[:i] + below[i + 1 :], c // a, d // b, proves)
            if rest is not None:
                return [(f, smaller), *rest]
    return None


def _shares(c: int, last: bool) -> list[int]:
    """The divisors of ``c`` that one of several factors may take, all of it for the last one."""
    return [c] if last else divisors(c)


_LAWS = (
    _common_factor,
    _quotient,
    by_remainder,
    against_constant,
    of_one_product,
    _two_products,
    by_cases,
)
