"""Symbolic lengths: integer polynomials over floor divisions, kept in a normal form.

An :class:`Expr` is ``const + sum(coefficient * atom)``. An atom is a symbol, a floor division, a
product of non-constant expressions, or a float computation that Python rounds to an integer. As
long as only symbols and floor divisions by constants occur the expression is *quasi-affine*, and
isl decides everything about it. Lengths behind convolution, pooling, transposed convolution and
resizing are of this kind.

The normal form makes most equal lengths identical without asking isl. Its laws, for integers
``k, g, d > 0``:

* ``floor((k*a + b) / k) = a + floor(b / k)``                      multiples leave the floor
* ``floor((g*a + r) / (g*k)) = floor((a + floor(r / g)) / k)``      common factors cancel
* ``floor((floor(a / d) + r) / k) = floor((a + d*r) / (d*k))``      nested floors become one
* ``floor(-a / k) = -floor((a + k - 1) / k)``                       one form for rounding up

(Graham, Knuth, Patashnik, *Concrete Mathematics*, section 3.2.)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from shapelint.lengths.atoms import Atom as Atom
from shapelint.lengths.atoms import Bounds as Bounds
from shapelint.lengths.atoms import Div as Div
from shapelint.lengths.atoms import Interval as Interval
from shapelint.lengths.atoms import Prod as Prod
from shapelint.lengths.atoms import RealLike as RealLike
from shapelint.lengths.atoms import Rounded as Rounded
from shapelint.lengths.atoms import Sizes as Sizes
from shapelint.lengths.atoms import Sym as Sym
from shapelint.lengths.linear import Linear


class Expr(Linear):
    """``const + sum(coefficient * atom)``, immutable, equal when the normal forms are equal.

    >>> n = symbol("n")
    >>> floordiv(2 * n + 5, 2)
    n + 2
    >>> floordiv(floordiv(n - 1, 2), 2)
    floor((n - 1)/4)
    """

    __slots__ = ()

    def __mul__(self, other: Expr | int) -> Expr:
        if isinstance(other, int):
            return self.scaled(other)
        return product((self, other))

    __rmul__ = __mul__

    def __floordiv__(self, other: Expr | int) -> Expr:
        return floordiv(self, other)

    def __mod__(self, other: Expr | int) -> Expr:
        return self - floordiv(self, other) * other

    def substitute(self, values: Mapping[str, Expr]) -> Expr:
        """The same expression with symbols replaced."""
        out = Expr(self.const)
        for atom, c in self.terms.items():
            out = out + _substituted(atom, values).scaled(c)
        return out


def symbol(name: str) -> Expr:
    """The expression that is one input size."""
    return Expr(0, {Sym(name): 1})


def as_expr(value: Expr | int) -> Expr:
    """An int as a constant expression."""
    return value if isinstance(value, Expr) else constant(int(value))


@lru_cache(maxsize=4096)
def constant(value: int) -> Expr:
    """An expression without symbols."""
    return Expr(value)


def product(factors: Iterable[Expr | int]) -> Expr:
    """The product, with constant content in front and nested products flattened."""
    coefficient, parts = _flattened(factors)
    if not coefficient or not parts:
        return Expr(coefficient)
    if len(parts) == 1:
        return parts[0].scaled(coefficient)
    return Expr(0, {Prod(tuple(parts)): coefficient})


def factors_of(product_of: Iterable[Expr | int]) -> tuple[int, tuple[Expr, ...]]:
    """As :func:`factors` of the product, which is not made."""
    coefficient, parts = _flattened(product_of)
    if coefficient < 0:
        return factors(product((coefficient, *parts)))
    return coefficient, tuple(parts) if coefficient else ()


def _flattened(factors: Iterable[Expr | int]) -> tuple[int, list[Expr]]:
    """The constant content, and all factors that are no products themselves."""
    coefficient = 1
    parts: list[Expr] = []
    for factor in factors:
        if isinstance(factor, int):
            coefficient *= factor
            continue
        content = factor.content
        coefficient *= content if content else 0
        if factor.is_const:
            coefficient *= -1 if factor.const < 0 else 1
            continue
        parts += _factors(factor.over(content))
    return coefficient, parts


def factors(expr: Expr) -> tuple[int, tuple[Expr, ...]]:
    """``expr`` as an int times non-constant factors, as far as they are known."""
    if expr.is_const:
        return expr.const, ()
    return expr.content, tuple(_factors(expr.over(expr.content)))


def _factors(expr: Expr) -> list[Expr]:
    if len(expr.terms) == 1 and not expr.const:
        ((atom, c),) = expr.terms.items()
        if isinstance(atom, Prod) and c == 1:
            return list(atom.factors)
    return [expr]


def floordiv(num: Expr | int, den: Expr | int) -> Expr:
    """``floor(num / den)`` in normal form. Raises ZeroDivisionError for a zero divisor."""
    num = as_expr(num)
    if isinstance(den, Expr):
        if den.is_const:
            return floordiv(num, den.const)
        return _divide_by_length(num, den)
    if den == 0:
        raise ZeroDivisionError("integer division or modulo by zero")
    if den == 1:
        return num
    return _divide(num, den) if den > 0 else _divide(-num, -den)


@lru_cache(maxsize=4096)
def _divide(num: Expr, den: int) -> Expr:
    whole, rest = _split_multiples(num, den)
    if rest.is_const:
        return whole + rest.const // den
    common = math.gcd(den, *rest.terms.values())
    if common > 1:
        return whole + floordiv(rest.over(common), den // common)
    if all(c < 0 for c in rest.terms.values()):
        return whole - floordiv(-rest + (den - 1), den)
    nested = _single_floor(rest)
    if nested is not None:
        inner, d = nested
        return whole + floordiv(inner + rest.const * d, d * den)
    return whole + Expr(0, {Div(rest, den): 1})


def _split_multiples(num: Expr, den: int) -> tuple[Expr, Expr]:
    """``num = den * whole + rest`` with every coefficient of ``rest`` smaller than ``den``."""
    whole_const, rest_const = divmod(num.const, den)
    whole: dict[Atom, int] = {}
    rest: dict[Atom, int] = {}
    for atom, c in num.terms.items():
        q = abs(c) // den * (1 if c > 0 else -1)
        if q:
            whole[atom] = q
        if c - q * den:
            rest[atom] = c - q * den
    return Expr(whole_const, whole), Expr(rest_const, rest)


def _single_floor(rest: Expr) -> tuple[Expr, int] | None:
    """The inner numerator and divisor if ``rest`` is one floor division plus a constant."""
    if len(rest.terms) != 1:
        return None
    ((atom, c),) = rest.terms.items()
    if c == 1 and isinstance(atom, Div) and isinstance(atom.den, int):
        return atom.num, atom.den
    return None


def _divide_by_length(num: Expr, den: Expr) -> Expr:
    """Division by a length: common factors cancel, what remains is an opaque quotient."""
    if num.is_const and not num.const:
        return num
    sign = -1 if all(c < 0 for c in num.terms.values()) else 1
    top, above = factors(num.scaled(sign))
    bottom, below = factors(den)
    left, under = Counter(above), Counter(below)
    shared = left & under
    left, under = left - shared, under - shared
    common = math.gcd(top, bottom)
    numerator = product([sign * top // common, *left.elements()])
    if not under:
        return floordiv(numerator, bottom // common)
    return Expr(0, {Div(numerator, product([bottom // common, *under.elements()])): 1})


def _substituted(atom: Atom, values: Mapping[str, Expr]) -> Expr:
    if isinstance(atom, Sym):
        return values.get(atom.name) or symbol(atom.name)
    if isinstance(atom, Div):
        den = atom.den if isinstance(atom.den, int) else atom.den.substitute(values)
        return floordiv(atom.num.substitute(values), den)
    if isinstance(atom, Prod):
        return product(f.substitute(values) for f in atom.factors)
    raise NotImplementedError(f"substitution into a float computation: {atom.text}")
