"""Lengths as formulas for people: the shortest of several ways to write the same number.

Laws, for integers and ``k > 0``:

* ``floor((a + k - 1) / k) = ceil(a / k)``
* ``floor((a + k) / k) = floor(a / k) + 1``
* ``k * floor(a / k) = a - a % k``

What is written can be read back by :func:`shapelint.lengths.domain.expression_of`, except for
float computations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapelint.lengths.expr import Atom, Div, Expr, Prod, Sym, as_expr
from shapelint.lengths.real import Operand, Real

Term = tuple[int, str]
"""A coefficient and the text of what it multiplies."""

_MAX_REWRITTEN = 3
"""With more floor divisions than this in one sum only the first are tried in all their forms."""


def formula(expr: Expr) -> str:
    """``ceil(L/2)``, ``2*ceil(L/2) - 1``, ``L - L % 16``, ``128*H*W``."""
    return _shortest(expr)


def map_text(expr: Expr) -> str:
    """A map of one length as in ``n -> 2n - 1``: whole multiples of ``n`` without ``*``."""
    return _shortest(expr, "n")


def _shortest(expr: Expr, near: str = "") -> str:
    return min((_sum(const, terms, near) for const, terms in _forms(expr)), key=len)


def _forms(expr: Expr) -> Iterator[tuple[int, list[Term]]]:
    """Ways to write a sum; the first ones are preferred where lengths are equal."""
    divs = [a for a in expr.terms if isinstance(a, Div)][:_MAX_REWRITTEN]
    rest = Expr(expr.const, {a: c for a, c in expr.terms.items() if a not in divs})
    for chosen in _choices(expr, divs):
        const, terms, linear = rest.const, [], rest
        for more, shift, term in chosen:
            linear = linear + more
            const += shift
            terms.append(term)
        plain = [(c, _atom(a)) for a, c in linear.terms.items()]
        yield const + linear.const - rest.const, [*plain, *terms]


def _choices(expr: Expr, divs: Sequence[Div]) -> Iterator[list[tuple[Expr, int, Term]]]:
    """One form for every floor division: what it adds to the sum, a constant, and a term."""
    if not divs:
        yield []
        return
    first, *others = divs
    for form in _division(first, expr.terms[first]):
        for rest in _choices(expr, others):
            yield [form, *rest]


def _division(div: Div, c: int) -> Iterator[tuple[Expr, int, Term]]:
    """``c*floor(num/den)`` with floor, with ceil and with a remainder."""
    nothing, den = Expr(), div.den
    if isinstance(den, Expr):
        yield nothing, 0, (c, f"floor({_grouped(div.num)}/{_grouped(den)})")
        return
    for name, offset in (("floor", 0), ("ceil", 1 - den)):
        for shift in (0, 1):
            num = div.num + (offset - shift * den)
            yield nothing, c * shift, (c, f"{name}({_grouped(num)}/{den})")
    if c % den == 0:
        m = c // den
        residue = _nearest_to_zero(div.num, den)
        yield div.num.scaled(m), 0, (-m, f"{_grouped(residue)} % {den}")


def _nearest_to_zero(num: Expr, den: int) -> Expr:
    """A number with the same remainder and a small constant."""
    constant = num.const % den
    return num - num.const + (constant if 2 * constant < den else constant - den)


def _sum(const: int, terms: Sequence[Term], near: str = "") -> str:
    """Positive terms, then the constant, then negative terms: ``n + 3 - n % 4``, ``4 - n``."""
    plus = [_times(c, text, near) for c, text in terms if c > 0]
    minus = [_times(-c, text, near) for c, text in terms if c < 0]
    (plus if const > 0 else minus).extend([str(abs(const))] if const else [])
    if plus:
        return " - ".join([" + ".join(plus), *minus])
    if not minus:
        return "0"
    first = f"({minus[0]})" if _REMAINDER.search(minus[0]) else minus[0]
    return " - ".join([f"-{first}", *minus[1:]])


_REMAINDER = re.compile(r" % \d+$")
"""Binds as loosely as a product from the left, so that a factor or sign before it needs ()."""


def _times(c: int, text: str, near: str) -> str:
    if c == 1:
        return text
    if text == near:
        return f"{c}{text}"
    return f"{c}*({text})" if _REMAINDER.search(text) else f"{c}*{text}"


def _atom(atom: Atom) -> str:
    if isinstance(atom, Sym):
        return atom.name
    if isinstance(atom, Div):
        return f"floor({_grouped(atom.num)}/{_grouped(as_expr(atom.den))})"
    if isinstance(atom, Prod):
        return "*".join(_grouped(f) for f in atom.factors)
    return f"{atom.mode}({_real(atom.real) if isinstance(atom.real, Real) else atom.real})"


def _grouped(expr: Expr) -> str:
    """As an operand: in parentheses unless it is a number, a name or a call."""
    text = _shortest(expr)
    simple = text.isidentifier() or text.isdecimal() or _is_call(text)
    return text if simple else f"({text})"


def _is_call(text: str) -> bool:
    """Whether the first parenthesis of ``name(...)`` closes at the very end."""
    name, opened, _ = text.partition("(")
    if not opened or not name.isidentifier():
        return False
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and i >= len(name):
            return i == len(text) - 1
    return False


_TIGHTNESS = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "neg": 3, "**": 4}


def _real(value: Operand, tightness: int = 0) -> str:
    """A float computation as Python spells it, without the conversions.

    In parentheses if it binds less tightly than its surroundings.
    """
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, Expr):
        return _grouped(value)
    if value.op == "float":
        return _real(value.args[0], tightness)
    own = _TIGHTNESS.get(value.op, 5)
    if value.op == "neg":
        text = f"-{_real(value.args[0], own)}"
    elif value.op.isidentifier():
        text = f"{value.op}({', '.join(map(_real, value.args))})"
    else:
        left, right = value.args
        sign = value.op if value.op in "*/" else f" {value.op} "
        text = f"{_real(left, own)}{sign}{_real(right, own + 1)}"
    return f"({text})" if own < tightness else text
