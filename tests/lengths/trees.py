"""Random arithmetic on sizes, to be done twice: by plain Python and by ``Expr``."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

from hypothesis import strategies as st

from shapelint.lengths.expr import Expr, as_expr, symbol

SYMBOLS = ("H", "W")

OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}


@dataclass(frozen=True)
class Tree:
    """``op`` applied to trees, ints and names; prints as the Python that it stands for."""

    op: str
    args: tuple[Tree | int | str, ...]

    def compute(self, names, number=int):
        """The value, in whatever arithmetic the values of ``names`` and ``number`` know."""
        values = [self._value(a, names, number) for a in self.args]
        return values[0] if self.op == "leaf" else OPERATIONS[self.op](*values)

    def _value(self, arg, names, number):
        if isinstance(arg, Tree):
            return arg.compute(names, number)
        return names[arg] if isinstance(arg, str) else number(arg)

    def expr(self) -> Expr:
        return self.compute({s: symbol(s) for s in SYMBOLS}, as_expr)

    def period(self) -> int:
        """A multiple of all nested divisors multiplied."""
        inner = [a.period() for a in self.args if isinstance(a, Tree)]
        own = abs(self.args[1]) if self.op in ("//", "%") else 1
        return math.prod(inner) * own

    def __repr__(self) -> str:
        if self.op == "leaf":
            return str(self.args[0])
        return f"({f' {self.op} '.join(map(str, self.args))})"


leaves = st.builds(
    Tree,
    st.just("leaf"),
    st.tuples(st.one_of(st.sampled_from(SYMBOLS), st.integers(-20, 20))),
)
divisors = st.sampled_from([1, 2, 3, 4, 5, 8, -2, -3])
factors = st.integers(-6, 6)


def _linear(trees):
    return st.one_of(
        st.builds(Tree, st.sampled_from("+-"), st.tuples(trees, trees)),
        st.builds(Tree, st.just("*"), st.tuples(trees, factors)),
        st.builds(Tree, st.sampled_from(["//", "%"]), st.tuples(trees, divisors)),
    )


def _polynomial(trees):
    products = st.builds(Tree, st.sampled_from(["*", "//", "%"]), st.tuples(trees, trees))
    return st.one_of(_linear(trees), products)


quasi_affine = st.recursive(leaves, _linear, max_leaves=8)
"""What isl can express."""

polynomial = st.recursive(leaves, _polynomial, max_leaves=8)
"""Products of lengths, and division by lengths, as well."""

sizes = st.fixed_dictionaries({s: st.integers(1, 60) for s in SYMBOLS})
