"""Sums of atoms with integer coefficients: what needs no normal form of products and quotients."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeVar

from shapelint.lengths.atoms import Atom, Bounds, Interval, Sizes

L = TypeVar("L", bound="Linear")


class Linear:
    """``const + sum(coefficient * atom)``, immutable."""

    __slots__ = ("_hash", "_symbols", "const", "terms")

    const: int
    terms: dict[Atom, int]

    def __init__(self, const: int = 0, terms: dict[Atom, int] | None = None) -> None:
        self.const = const
        self.terms = terms or {}
        self._hash: int | None = None
        self._symbols: frozenset[str] | None = None

    # -- identity ---------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, int):
            return not self.terms and self.const == other
        if not isinstance(other, Linear) or self.const != other.const:
            return NotImplemented if not isinstance(other, Linear) else False
        return hash(self) == hash(other) and self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.const, frozenset(self.terms.items())))
        return self._hash

    def __repr__(self) -> str:
        return render(self)

    @property
    def is_const(self) -> bool:
        """Whether no symbol occurs."""
        return not self.terms

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the input sizes it depends on."""
        if self._symbols is None:
            self._symbols = frozenset().union(*(a.symbols for a in self.terms))
        return self._symbols

    # -- arithmetic -------------------------------------------------------------------------

    def __add__(self: L, other: L | int) -> L:
        kind = type(self)
        if isinstance(other, int):
            return kind(self.const + other, self.terms) if other else self
        if not other.terms:
            return kind(self.const + other.const, self.terms) if other.const else self
        terms = dict(self.terms)
        for atom, c in other.terms.items():
            total = terms.get(atom, 0) + c
            if total:
                terms[atom] = total
            else:
                del terms[atom]
        return kind(self.const + other.const, terms)

    __radd__ = __add__

    def __neg__(self: L) -> L:
        return self.scaled(-1)

    def __sub__(self: L, other: L | int) -> L:
        return (
            self + -other.const if isinstance(other, Linear) and other.is_const else self + -other
        )

    def __rsub__(self: L, other: int) -> L:
        return -self + other

    def scaled(self: L, k: int) -> L:
        """``k`` times this."""
        if k == 1:
            return self
        terms = {a: c * k for a, c in self.terms.items()} if k else None
        return type(self)(self.const * k, terms)

    def over(self: L, k: int) -> L:
        """This over ``k``, which divides every coefficient; the constant is rounded down."""
        if k == 1:
            return self
        return type(self)(self.const // k, {a: c // k for a, c in self.terms.items()})

    # -- values -----------------------------------------------------------------------------

    def at(self, sizes: Sizes) -> int:
        """The value at concrete sizes. Raises KeyError if one is missing."""
        value = self.const
        for atom, c in self.terms.items():
            value += c * atom.at(sizes)
        return value

    def bounds(self, known: Bounds) -> Interval:
        """An interval that contains every value; exact when each symbol occurs once."""
        low: int | None = self.const
        high: int | None = self.const
        for atom, c in self.terms.items():
            a, b = atom.bounds(known)
            if c < 0:
                a, b = b, a
            low = None if low is None or a is None else low + c * a
            high = None if high is None or b is None else high + c * b
        return low, high

    def slope(self, name: str) -> Fraction | None:
        """Growth per unit of one symbol in the long run; None for products of it."""
        total = Fraction(0)
        for atom, c in self.terms.items():
            part = atom.slope(name)
            if part is None:
                return None
            total += c * part
        return total

    @property
    def is_quasi_affine(self) -> bool:
        """Whether isl can express it: symbols and floor divisions by constants only."""
        return all(a.is_quasi_affine for a in self.terms)

    @property
    def content(self) -> int:
        """The greatest common divisor of all coefficients and the constant (0 for zero)."""
        return math.gcd(self.const, *self.terms.values())


def render(expr: Linear) -> str:
    """Plain text, valid Python up to the name ``floor``; :mod:`.words` writes for people."""
    parts = []
    for atom, c in sorted(expr.terms.items(), key=lambda item: item[1] < 0):
        sign = "-" if c < 0 else "+"
        parts.append(f"{sign} {atom.text if abs(c) == 1 else f'{abs(c)}*{atom.text}'}")
    if expr.const or not parts:
        parts.append(f"{'-' if expr.const < 0 else '+'} {abs(expr.const)}")
    text = " ".join(parts)
    return text[2:] if text.startswith("+ ") else "-" + text[2:]
