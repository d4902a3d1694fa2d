"""Comparisons of float computations on lengths."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

from shapelint.lengths.atoms import Bounds, Sizes
from shapelint.lengths.real import Operand


@dataclass(frozen=True)
class RealTest:
    """A comparison of a float computation with a number or another one, as Python does it."""

    op: str
    left: Operand
    right: Operand

    def at(self, sizes: Sizes) -> bool:
        """Whether it holds at concrete sizes."""
        a, b = (v if isinstance(v, float) else v.at(sizes) for v in (self.left, self.right))
        return bool(COMPARISONS[self.op](a, b))

    def decide(self, known: Bounds) -> bool | None:
        """Bounds do not decide float comparisons."""
        return None

    def negated(self) -> RealTest:
        """The opposite comparison (lengths are never NaN)."""
        return RealTest(_OPPOSITE[self.op], self.left, self.right)

    @property
    def symbols(self) -> frozenset[str]:
        """The input sizes it depends on."""
        sides = [v for v in (self.left, self.right) if not isinstance(v, float)]
        return frozenset[str]().union(*(v.symbols for v in sides))


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
