"""What isl can decide: conditions on sums of sizes and their floor divisions by constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shapelint.lengths.conditions import Condition

if TYPE_CHECKING:
    from shapelint.lengths.expr import Expr

Proves = Callable[[Condition], bool]
"""Whether a condition holds wherever the answer will be used."""

MAX_PIECES = 1024
"""With more alternatives than this isl takes longer than an answer is worth."""


class NotPresburger(ValueError):
    """A condition outside what isl can express, by the laws known here.

    ``expression`` is the expression, or the comparison of floats, that is in the way.
    """

    def __init__(self, expression: Expr | Condition) -> None:
        super().__init__(f"not a Presburger expression: {expression!r}")
        self.expression = expression
