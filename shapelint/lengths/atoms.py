"""What lengths are sums of: input sizes, floor divisions, products, rounded floats.

Every atom can be evaluated, bounded and differentiated; :mod:`.expr` adds atoms up and keeps them
in normal form.
"""

# ruff: noqa: D102  (what every atom can tell is documented once, in _Atom)

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapelint.lengths.expr import Expr

Interval = tuple[int | None, int | None]
"""Least and greatest value; ``None`` where there is no bound."""

Bounds = Mapping[str, Interval]
"""What is known about each symbol; a symbol that is absent is at least 1."""

Sizes = Mapping[str, int]
"""A concrete size for every symbol."""


class _Atom:
    """What every atom can tell about itself."""

    @property
    def symbols(self) -> frozenset[str]:
        """The names of the input sizes it depends on."""
        raise NotImplementedError

    @property
    def is_quasi_affine(self) -> bool:
        """Whether isl can express it."""
        return False

    @property
    def text(self) -> str:
        """Plain text, valid Python up to the name ``floor``."""
        raise NotImplementedError

    def at(self, sizes: Sizes) -> int:
        """The value at concrete sizes. Raises KeyError if one is missing."""
        raise NotImplementedError

    def bounds(self, known: Bounds) -> Interval:
        """An interval that contains every value."""
        return None, None

    def slope(self, name: str) -> Fraction | None:
        """Growth per unit of one symbol in the long run; None if that is not a constant."""
        return None if name in self.symbols else Fraction(0)


@dataclass(frozen=True)
class Sym(_Atom):
    """An input size, for example ``H``."""

    name: str

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset((self.name,))

    @property
    def is_quasi_affine(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.name

    def at(self, sizes: Sizes) -> int:
        return sizes[self.name]

    def bounds(self, known: Bounds) -> Interval:
        return known.get(self.name, (1, None))

    def slope(self, name: str) -> Fraction | None:
        return Fraction(int(self.name == name))


@dataclass(frozen=True, eq=False)
class _Hashed(_Atom):
    """Atoms built of expressions: equality by key, and the hash computed once."""

    @cached_property
    def _hash(self) -> int:
        return hash((type(self), self.key))

    @property
    def key(self) -> object:
        """What makes two atoms of one kind equal."""
        raise NotImplementedError

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or hash(self) != hash(other):
            return False
        return self.key == other.key


@dataclass(frozen=True, eq=False)
class Div(_Hashed):
    """``floor(num / den)``; ``den`` is a positive int in every quasi-affine expression."""

    num: Expr
    den: int | Expr

    @property
    def key(self) -> object:
        return (self.num, self.den)

    @property
    def symbols(self) -> frozenset[str]:
        return (
            self.num.symbols if isinstance(self.den, int) else self.num.symbols | self.den.symbols
        )

    @property
    def is_quasi_affine(self) -> bool:
        return isinstance(self.den, int) and self.num.is_quasi_affine

    @property
    def text(self) -> str:
        den = str(self.den) if isinstance(self.den, int) else _grouped(self.den)
        return f"floor({_grouped(self.num)}/{den})"

    def at(self, sizes: Sizes) -> int:
        den = self.den if isinstance(self.den, int) else self.den.at(sizes)
        return self.num.at(sizes) // den

    def bounds(self, known: Bounds) -> Interval:
        if not isinstance(self.den, int):
            return None, None
        low, high = self.num.bounds(known)
        return (
            None if low is None else low // self.den,
            None if high is None else high // self.den,
        )

    def slope(self, name: str) -> Fraction | None:
        if not isinstance(self.den, int):
            return super().slope(name)
        inner = self.num.slope(name)
        return None if inner is None else inner / self.den


@dataclass(frozen=True, eq=False)
class Prod(_Hashed):
    """A product of two or more non-constant expressions, in any order."""

    factors: tuple[Expr, ...]

    @cached_property
    def key(self) -> object:
        """The factors, however they are ordered."""
        return frozenset(Counter(self.factors).items())

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset[str]().union(*(f.symbols for f in self.factors))

    @property
    def text(self) -> str:
        return "*".join(map(_grouped, self.factors))

    def at(self, sizes: Sizes) -> int:
        return math.prod(f.at(sizes) for f in self.factors)

    def bounds(self, known: Bounds) -> Interval:
        lows, highs = zip(*(f.bounds(known) for f in self.factors), strict=True)
        if any(low is None or low < 0 for low in lows):
            return None, None
        return math.prod(lows), None if None in highs else math.prod(highs)


class RealLike:
    """What :class:`Rounded` needs to know of a float computation."""

    symbols: frozenset[str]
    is_natural: bool
    """Whether it is known never to be negative."""

    def at(self, sizes: Sizes) -> float:
        """The double that Python computes at these sizes."""
        raise NotImplementedError

    def slope(self, name: str) -> Fraction | None:
        """Its growth per unit of one symbol, or None if it is not linear."""
        raise NotImplementedError


_ROUND: dict[str, Callable[[float], int]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": round,
}


@dataclass(frozen=True, eq=False)
class Rounded(_Hashed):
    """A double rounded to an integer by ``mode``: ``floor``, ``ceil``, ``trunc`` or ``round``.

    ``real`` is a :class:`shapelint.lengths.real.Real`: the float computation as it was done, so
    that it can be repeated to the last bit at any other size.
    """

    mode: str
    real: RealLike

    @property
    def key(self) -> object:
        return (self.mode, self.real)

    @property
    def symbols(self) -> frozenset[str]:
        return self.real.symbols

    @property
    def text(self) -> str:
        return f"{self.mode}({self.real!r})"

    def at(self, sizes: Sizes) -> int:
        return int(_ROUND[self.mode](self.real.at(sizes)))

    def bounds(self, known: Bounds) -> Interval:
        return (0 if self.real.is_natural else None), None

    def slope(self, name: str) -> Fraction | None:
        return self.real.slope(name) if name in self.symbols else Fraction(0)


Atom = Sym | Div | Prod | Rounded


def _grouped(expr: Expr) -> str:
    """An operand, in parentheses unless it is a single term."""
    simple = len(expr.terms) + bool(expr.const) <= 1 and min(expr.terms.values(), default=1) == 1
    return repr(expr) if simple else f"({expr!r})"
