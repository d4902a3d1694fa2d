"""Products that cancel once the remainders of the sizes are known.

``floor(W/2)`` is ``2*floor(W/4)`` or one more. In each of the finitely many cases the floors are
sums of whole periods, so the products can be multiplied out; what is left may be linear.
With many cases, or products left in them, isl would take longer than the answer is worth.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import reduce

from shapelint.lengths.conditions import Compare, Condition, all_of, any_of, divides
from shapelint.lengths.expr import Div, Expr, Prod, Sym, floordiv, product, symbol
from shapelint.lengths.presburger import Proves

_MAX_CASES = 16

Polynomial = Counter[tuple[str, ...]]
"""Coefficients by the names that are multiplied."""


def by_cases(test: Compare, _proves: Proves) -> Condition | None:
    """One comparison for every remainder of the sizes, if no product is left in any of them."""
    if not _is_plain(test.expr):
        return None
    steps = {s: math.lcm(*_divisors(test.expr, s)) for s in sorted(test.symbols)}
    if not 1 < math.prod(steps.values()) <= _MAX_CASES:
        return None
    cases = []
    for remainders in itertools.product(*map(range, steps.values())):
        left = dict(zip(steps, remainders, strict=True))
        expr = _multiplied_out(test.expr, steps, left)
        if expr is None or not expr.is_quasi_affine:
            return None
        where = [divides(steps[s], symbol(s) - r) for s, r in left.items()]
        cases.append(all_of([*where, Compare(test.op, expr)]))
    return any_of(cases)


def _is_plain(expr: Expr) -> bool:
    """Whether it is made of sizes, products, and divisions by numbers alone."""
    return all(
        isinstance(atom, Sym)
        or (isinstance(atom, Prod) and all(map(_is_plain, atom.factors)))
        or (isinstance(atom, Div) and isinstance(atom.den, int) and _is_plain(atom.num))
        for atom in expr.terms
    )


def _divisors(expr: Expr, name: str) -> Iterator[int]:
    """The numbers by which a size is divided, however deep."""
    for atom in expr.terms:
        if name in atom.symbols and isinstance(atom, Prod):
            for factor in atom.factors:
                yield from _divisors(factor, name)
        elif name in atom.symbols and isinstance(atom, Div) and isinstance(atom.den, int):
            yield from (atom.den * d for d in (1, *_divisors(atom.num, name)))


def _multiplied_out(expr: Expr, steps: Mapping[str, int], left: Mapping[str, int]) -> Expr | None:
    """The expression where every size leaves a remainder, in terms of whole periods."""
    periods = {s: floordiv(symbol(s), step) for s, step in steps.items()}
    found = _polynomial(expr.substitute({s: symbol(s) * steps[s] + r for s, r in left.items()}))
    if found is None:
        return None
    out = Expr()
    for names, c in found.items():
        out = out + product([c, *(periods[name] for name in names)])
    return out


def _polynomial(expr: Expr) -> Polynomial | None:
    """The coefficients of a sum of products of symbols; None if there is a division in it."""
    out: Polynomial = Counter({(): expr.const})
    for atom, c in expr.terms.items():
        if isinstance(atom, Sym):
            out[(atom.name,)] += c
        elif isinstance(atom, Prod):
            factors = [p for p in map(_polynomial, atom.factors) if p is not None]
            if len(factors) < len(atom.factors):
                return None
            value: Polynomial = reduce(_times, factors, Counter({(): c}))
            out.update(value)
        else:
            return None
    return Counter({names: c for names, c in out.items() if c})


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    out: Polynomial = Counter()
    for (x, c), (y, d) in itertools.product(a.items(), b.items()):
        out[tuple(sorted((*x, *y)))] += c * d
    return out
