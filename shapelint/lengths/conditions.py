"""Conditions on lengths: what a branch tested, what an operation needs.

A condition is a comparison of an expression with zero, or a combination of conditions. It can be
evaluated at concrete sizes, and often decided for all sizes at once from bounds alone; everything
else is the business of :mod:`.sets`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from shapelint.lengths.expr import Bounds, Div, Expr, Prod, Sizes, as_expr, factors, product
from shapelint.lengths.real_tests import RealTest


@dataclass(frozen=True)
class Compare:
    """``expr == 0``, ``expr != 0`` or ``expr >= 0``."""

    op: str
    expr: Expr

    def at(self, sizes: Sizes) -> bool:
        """Whether it holds at concrete sizes."""
        return _TESTS[self.op](self.expr.at(sizes))

    def decide(self, known: Bounds) -> bool | None:
        """Whether it holds for all sizes (True), for none (False), or bounds do not tell."""
        low, high = self.expr.bounds(known)
        if self.op == ">=":
            if low is not None and low >= 0:
                return True
            return False if high is not None and high < 0 else None
        if low == high == 0:
            return self.op == "=="
        apart = (low is not None and low > 0) or (high is not None and high < 0)
        return (self.op == "!=") if apart or _coprime_to_zero(self.expr) else None

    @property
    def symbols(self) -> frozenset[str]:
        """The input sizes it depends on."""
        return self.expr.symbols

    def __repr__(self) -> str:
        return f"{self.expr!r} {self.op} 0"


_TESTS: dict[str, Callable[[int], bool]] = {
    "==": lambda v: v == 0,
    "!=": lambda v: v != 0,
    ">=": lambda v: v >= 0,
}


def _coprime_to_zero(expr: Expr) -> bool:
    """``g*(...) + c`` is never zero when ``g`` does not divide ``c``."""
    if expr.is_const:
        return expr.const != 0
    common = Expr(0, expr.terms).content
    return bool(expr.const % common)


@dataclass(frozen=True)
class _Several:
    """Parts, of which one settles the whole by this answer."""

    parts: tuple[Condition, ...]
    settling: ClassVar[bool]

    def at(self, sizes: Sizes) -> bool:
        """Whether it holds at concrete sizes."""
        return (self.settling in (p.at(sizes) for p in self.parts)) == self.settling

    def decide(self, known: Bounds) -> bool | None:
        """As :meth:`Compare.decide`."""
        answers = [p.decide(known) for p in self.parts]
        if self.settling in answers:
            return self.settling
        return None if None in answers else not self.settling

    @property
    def symbols(self) -> frozenset[str]:
        """The input sizes it depends on."""
        return frozenset[str]().union(*(p.symbols for p in self.parts))


class All(_Several):
    """Every part holds."""

    settling = False


class Any(_Several):
    """At least one part holds."""

    settling = True


Condition = Compare | All | Any | RealTest

TRUE: Condition = All(())
FALSE: Condition = Any(())


def equal(a: Expr | int, b: Expr | int) -> Condition:
    """``a == b``."""
    return Compare("==", _primitive(as_expr(a) - b))


def unequal(a: Expr | int, b: Expr | int) -> Condition:
    """``a != b``."""
    return Compare("!=", _primitive(as_expr(a) - b))


def at_least(a: Expr | int, b: Expr | int) -> Condition:
    """``a >= b``.

    ``g*x + c >= 0`` is ``x + floor(c/g) >= 0``, and ``floor(x/k) >= c`` is ``x >= k*c``.
    """
    return _at_least_zero(as_expr(a) - b)


@lru_cache(maxsize=4096)
def _at_least_zero(rest: Expr) -> Condition:
    while rest.terms:
        rest = rest.over(math.gcd(*rest.terms.values()))
        ((atom, c), *others) = rest.terms.items()
        if others or c != 1 or not isinstance(atom, Div) or not isinstance(atom.den, int):
            break
        rest = atom.num + rest.const * atom.den
    return Compare(">=", rest)


def _primitive(expr: Expr) -> Expr:
    """The same without a common factor: ``g*x == 0`` is ``x == 0``."""
    return expr.over(expr.content or 1)


def divides(k: Expr | int, a: Expr | int) -> Condition:
    """``a`` is a multiple of ``k``."""
    return Compare("==", as_expr(a) % k)


def all_of(parts: Iterable[Condition]) -> Condition:
    """Their conjunction, without the parts that always hold; a single part as it is."""
    parts = tuple(part for part in parts if part is not TRUE and part != TRUE)
    if not parts:
        return TRUE
    return parts[0] if len(parts) == 1 else All(parts)


def any_of(parts: Iterable[Condition]) -> Condition:
    """Their disjunction; a single part is returned as it is."""
    parts = tuple(parts)
    return parts[0] if len(parts) == 1 else Any(parts)


def negate(condition: Condition) -> Condition:
    """The opposite condition."""
    if isinstance(condition, Compare):
        if condition.op == ">=":
            return Compare(">=", -condition.expr - 1)
        return Compare("!=" if condition.op == "==" else "==", condition.expr)
    if isinstance(condition, RealTest):
        return condition.negated()
    dual = Any if isinstance(condition, All) else All
    return dual(tuple(negate(p) for p in condition.parts))


def substituted(condition: Condition, values: Mapping[str, Expr]) -> Condition:
    """The same condition with symbols replaced. Raises NotImplementedError for tests of floats."""
    if isinstance(condition, Compare):
        return Compare(condition.op, condition.expr.substitute(values))
    if isinstance(condition, RealTest):
        raise NotImplementedError(f"substitution into a float computation: {condition!r}")
    return type(condition)(tuple(substituted(p, values) for p in condition.parts))


def holds(condition: Condition, sizes: Sizes) -> bool:
    """Whether it holds at concrete sizes; False where arithmetic fails: no model gets that far."""
    try:
        return condition.at(sizes)
    except (ArithmeticError, ValueError):  # as 1 / 0, -1 ** 0.5 and math.sqrt(-1)
        return False


def products_in(condition: Condition) -> Iterator[Compare]:
    """The comparisons in it that are about products of lengths."""
    if isinstance(condition, (All, Any)):
        for part in condition.parts:
            yield from products_in(part)
    elif isinstance(condition, Compare) and not condition.expr.is_quasi_affine:
        yield condition


def exact_floors(condition: Condition, known: Iterable[Condition]) -> Condition:
    """The same, without floors of products of which an equation that is ``known`` tells more.

    Where ``a*b % 9 == 0``, ``floor(a*b/9) == n`` is ``a*b == 9*n``. An equation of two floors only
    trades one for the other.
    """
    if not isinstance(condition, Compare):
        return condition
    floors = _floors_of_products(condition.expr)
    tests = [c for c in known if isinstance(c, Compare) and c.op == "=="] if floors else []
    equations = [c.expr for c in tests if len(_floors_of_products(c.expr)) == 1]
    for floor, zero in itertools.product(floors, equations):
        if slope := zero.terms.get(floor, 0):
            times = condition.expr.terms[floor] * (1 if slope > 0 else -1)
            rest = condition.expr.scaled(abs(slope)) - zero.scaled(times)
            return _COMPARED[condition.op](rest, 0)
    return condition


def _floors_of_products(expr: Expr) -> list[Div]:
    return [a for a in expr.terms if isinstance(a, Div) and not a.is_quasi_affine]


_COMPARED = {"==": equal, "!=": unequal, ">=": at_least}


def factored(condition: Condition, known: Bounds) -> Condition:
    """A condition on a product as one on each of its factors, where that is the same.

    ``a*b != 0`` is ``a != 0 and b != 0``; for ``a, b >= 0``, ``a*b >= 1`` is ``a >= 1 and b >= 1``;
    for ``a >= 1``, ``a*b == 9*a`` is ``b == 9``.
    """
    if not isinstance(condition, Compare):
        return condition
    if len(condition.expr.terms) != 1:
        shared = _shared_factor(condition.expr, known)
        return condition if shared is None else _COMPARED[condition.op](shared, 0)
    ((atom, c),) = condition.expr.terms.items()
    if not isinstance(atom, Prod):
        return condition
    if condition.op == "!=" and condition.expr.const == 0:
        return all_of(unequal(factor, 0) for factor in atom.factors)
    if condition.op != ">=" or not -c <= condition.expr.const < 0:
        return condition
    if atom.bounds(known)[0] is None:  # a factor may be negative
        return condition
    return all_of(at_least(factor, 1) for factor in atom.factors)


def _shared_factor(expr: Expr, known: Bounds) -> Expr | None:
    """A sum divided by what is a factor of every term and never below 1; None without such."""
    if expr.const or not any(isinstance(atom, Prod) for atom in expr.terms):
        return None
    first, *others = ((c, factors(Expr(0, {atom: 1}))[1]) for atom, c in expr.terms.items())
    for factor in first[1]:
        least = factor.bounds(known)[0]
        if least is not None and least >= 1 and all(factor in theirs for _, theirs in others):
            return as_expr(sum(c * _quotient(each, factor) for c, each in (first, *others)))
    return None


def _quotient(product_of: Sequence[Expr], factor: Expr) -> Expr:
    at = product_of.index(factor)
    return product((*product_of[:at], *product_of[at + 1 :]))
