"""Comparisons as isl sets.

isl (S. Verdoolaege, *isl: An Integer Set Library for the Polyhedral Model*, ICMS 2010) decides
everything about sums of sizes and their floor divisions by constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import islpy as isl

from shapelint.lengths.conditions import Compare
from shapelint.lengths.expr import Atom, Div, Expr, Sym
from shapelint.lengths.presburger import NotPresburger

Window = Mapping[str, tuple[int, int]]
"""Least and greatest size for some symbols, both inclusive."""

DIM = isl.dim_type.set


class Space:
    """Builds isl sets over one tuple of symbols; each expression is translated once."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.index = {s: i for i, s in enumerate(symbols)}
        self.space = isl.Space.set_alloc(isl.DEFAULT_CONTEXT, 0, len(symbols))
        self.local = isl.LocalSpace.from_space(self.space)
        self.zero = self.constant(0)
        self.universe = self.box({})
        self._affs: dict[Expr, isl.Aff] = {}

    def constant(self, value: int) -> isl.Aff:
        """A constant function."""
        return isl.Aff.val_on_domain(self.local, value_of(value))

    def box(self, window: Window) -> isl.Set:
        """Sizes from 1 up, inside the window."""
        box = isl.Set.universe(self.space)
        for name, i in self.index.items():
            low, high = window.get(name, (1, None))
            box = box.lower_bound_val(DIM, i, value_of(max(low, 1)))
            if high is not None:
                box = box.upper_bound_val(DIM, i, value_of(high))
        return box

    def aff(self, expr: Expr) -> isl.Aff:
        """A quasi-affine expression. Raises NotPresburger for any other."""
        known = self._affs.get(expr)
        if known is None:
            known = self.constant(expr.const)
            for atom, c in expr.terms.items():
                known = known.add(self._atom(atom, expr).scale_val(value_of(c)))
            self._affs[expr] = known
        return known

    def _atom(self, atom: Atom, whole: Expr) -> isl.Aff:
        if isinstance(atom, Sym):
            return isl.Aff.var_on_domain(self.local, DIM, self.index[atom.name])
        if isinstance(atom, Div) and isinstance(atom.den, int):
            return self.aff(atom.num).scale_down_val(value_of(atom.den)).floor()
        raise NotPresburger(whole)

    def where(self, test: Compare) -> isl.Set:
        """The sizes at which a quasi-affine comparison holds."""
        aff = self.aff(test.expr)
        if test.op == "==":
            found = aff.eq_set(self.zero)
        else:
            found = aff.ge_set(self.zero) if test.op == ">=" else aff.ne_set(self.zero)
        return found.intersect(self.universe)


@lru_cache(maxsize=64)
def space_of(symbols: tuple[str, ...]) -> Space:
    """The space over these symbols."""
    return Space(symbols)


def value_of(value: int) -> isl.Val:
    """An isl number; its constructor takes 64 bits, its parser any number."""
    return isl.Val(value) if -(2**62) < value < 2**62 else isl.Val(str(value))


def narrower(a: Window | None, b: Window | None) -> Window | None:
    """The part inside both windows; None is everywhere."""
    if a is None or b is None:
        return b if a is None else a
    out = {**a, **b}
    for name in a.keys() & b.keys():
        out[name] = (max(a[name][0], b[name][0]), min(a[name][1], b[name][1]))
    return out


def window_of(window: Window | None, symbols: Sequence[str]) -> Window | None:
    """The window of these symbols; None where none of them is listed."""
    return {s: window[s] for s in symbols if s in window} or None if window else None
