"""Rational numbers that doubles stand for.

What an operation makes of them is known as long as each double is the number, or was rounded so
little that its floor and ceiling are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.lengths.expr import Expr

MAX_LENGTH = 2**31
"""Lengths are taken to be smaller than this: PyTorch's own kernels index with 32 bits."""

MAX_DENOMINATOR = 2**20
"""Of dyadic numbers that are exact beside lengths."""

_FEW = 2**10


@dataclass(frozen=True)
class Ratio:
    """``num / den``: the rational number a double stands for.

    ``exact`` says that the double *is* this number; otherwise it was rounded once, in a division,
    and still has the same floor and ceiling.
    """

    num: Expr
    den: int
    exact: bool


def combined(op: str, parts: list[Ratio]) -> Ratio | None:
    """What an operation on such doubles stands for; None if that is not known."""
    if op == "/" and parts[1].num.is_const and parts[1].den == 1:
        return _quotient(parts[0], parts[1].num.const)
    if not all(p.exact for p in parts):
        return _shifted(op, parts)
    if op == "float":
        return parts[0]
    if op == "neg":
        return Ratio(-parts[0].num, parts[0].den, True)
    if op in ("+", "-"):
        a, b = parts
        num = a.num.scaled(b.den) + b.num.scaled(a.den if op == "+" else -a.den)
        return _small(num, a.den * b.den)
    if op == "*" and any(p.num.is_const for p in parts):
        return _small(parts[0].num * parts[1].num, parts[0].den * parts[1].den)
    return None


def _quotient(a: Ratio, k: int) -> Ratio | None:
    """``n / 7 / 7`` is rounded twice, still to the whole number that ``n/49`` is or between two."""
    den = a.den * abs(k)
    if not den or (a.den > 1 and den > _FEW):
        return None
    return Ratio(a.num if k > 0 else -a.num, den, exact=a.exact and k & (k - 1) == 0)


def _shifted(op: str, parts: list[Ratio]) -> Ratio | None:
    """``n / 5 + 1``: an integer moves a double that was rounded, but not across another one."""
    if op not in ("+", "-") or not any(p.exact and p.den == 1 for p in parts):
        return None
    a, b = parts
    den = max(a.den, b.den)
    num = a.num.scaled(den // a.den) + b.num.scaled(den // b.den * (1 if op == "+" else -1))
    return Ratio(num, den, False) if den <= _FEW and is_below(num, _FEW * MAX_LENGTH) else None


def is_below(num: Expr, most: int) -> bool:
    """Whether its absolute value is, for lengths below ``MAX_LENGTH``."""
    low, high = num.bounds(dict.fromkeys(num.symbols, (1, MAX_LENGTH)))
    return low is not None and high is not None and max(-low, high) <= most


def _small(num: Expr, den: int) -> Ratio | None:
    """Few enough bits for a double to hold the number exactly."""
    size = max([abs(num.const), *map(abs, num.terms.values())])
    return Ratio(num, den, True) if size < 2**20 and den <= MAX_DENOMINATOR else None
