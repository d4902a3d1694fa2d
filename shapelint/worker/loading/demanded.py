"""Input sizes that a failed run shows to be required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapelint.lengths.conditions import Any, Compare, Condition, equal, holds
from shapelint.lengths.expr import Div, Expr, Sym, product, symbol
from shapelint.trace import Trace

_LARGEST_DIVIDED = 4096
"""How far a size is looked for that is divided before a layer gets it."""


def asserted(trace: Trace) -> dict[str, int]:
    """The lengths that the model tests for, up to the test for which it raises.

    ``assert x.shape[1:] == (3, 64, 64)`` is three tests, two of them of lengths.
    """
    sizes: dict[str, int] = {}
    raises = trace.failure is not None and trace.failure.node < 0
    for event in trace.events:
        is_last = event is trace.events[-1]
        if event.kind == "branch" and (event.holds or (is_last and raises)):
            sizes |= _exact(event.condition)
    return sizes


def _exact(condition: Condition) -> dict[str, int]:
    """``H == 64``."""
    if not isinstance(condition, Compare) or condition.op != "==":
        return {}
    names = [a.name for a in condition.expr.terms if isinstance(a, Sym) and a.name in "DHWL"]
    return _solution(condition.expr, names) if len(names) == 1 else {}


def demanded(trace: Trace, fixed: str) -> dict[str, int | str]:
    """Sizes that a failed channel or feature need forces on symbols, those ``fixed`` excepted.

    What must have so many channels is the dim of channels, whatever it was taken for. What a model
    tests before it raises is a need as well: ``assert a.shape == b.shape``.
    """
    last = trace.events[-1] if trace.events else None
    if last is None or last.holds:
        return {}
    tested = last.kind == "branch" and trace.failure is not None and trace.failure.node < 0
    if not tested and last.need not in ("channels", "features", "match"):
        return {}
    condition, fixed = last.condition, "N" if last.need == "channels" else fixed
    stretches = isinstance(condition, Any)  # broadcasting: equal, or one of the two is 1
    if isinstance(condition, Any):
        condition = condition.parts[0]
    if not isinstance(condition, Compare) or condition.op != "==":
        return {}
    names = [name for name in sorted(condition.symbols) if name[0] not in fixed]
    alike = tested or not stretches
    return {**_solution(condition.expr, names)} or (_same(condition.expr, names) if alike else {})


def needed(trace: Trace) -> dict[str, int]:
    """Sizes above 1, that of the batch excepted, at which the need that failed would hold.

    They are one choice among many: lengths that are alike, as long as they can be.
    """
    last = trace.events[-1] if trace.events else None
    if last is None or last.holds or last.need not in ("match", "view", "features"):
        return {}
    condition = last.condition
    if not isinstance(condition, Compare) or condition.op != "==" or "N" in condition.symbols:
        return {}
    expr = condition.expr
    found = _solution(expr, sorted(expr.symbols)) or _alike(expr) or _last(expr, trace.hints)
    return found if min(found.values(), default=0) > 1 else {}


def _solution(expr: Expr, names: Sequence[str]) -> dict[str, int]:
    """``c·(C + C2 + …) + k == 0`` with equal shares, as far as that is whole; else empty.

    Of one size that is divided, ``floor((C + 1)/2) == 3``, it is the value that leaves no rest.
    """
    if len(names) != len(expr.symbols):
        return {}
    slopes = set(expr.terms.values())
    if len(slopes) == 1 and all(isinstance(atom, Sym) for atom in expr.terms):
        whole, rest = divmod(-expr.const, slopes.pop())
        share, more = divmod(whole, len(names))
        shares = {name: share + (i < more) for i, name in enumerate(names)}
        return shares if rest == 0 and share > 0 else {}
    divisors = [atom.den for atom in expr.terms if isinstance(atom, Div)]
    if len(names) != 1 or not divisors:
        return {}
    roots = (n for n in range(1, _LARGEST_DIVIDED) if holds(equal(expr, 0), {names[0]: n}))
    wholes = [n for n in roots if all(isinstance(d, int) and n % d == 0 for d in divisors)]
    return {names[0]: wholes[0]} if wholes else {}


def _alike(expr: Expr) -> dict[str, int]:
    """``c·C·H·W + k == 0`` with ``H == W`` as long as that can be; empty if it is not so."""
    if len(expr.terms) != 1:
        return {}
    (slope,) = expr.terms.values()
    whole, rest = divmod(-expr.const, slope)
    if rest or whole < 1 or expr != product(map(symbol, expr.symbols)) * slope + expr.const:
        return {}
    lengths = [name for name in expr.symbols if name in "DHWL"]
    others = [name for name in expr.symbols if name not in "DHWL"]
    if not lengths or len(others) > 1:
        return {}
    for length in range(round(whole ** (1 / len(lengths))), 1, -1):
        other, rest = divmod(whole, length ** len(lengths))
        if rest == 0 and (other == 1 or others):
            return {**dict.fromkeys(lengths, length), **dict.fromkeys(others, other)}
    return {}


def _last(expr: Expr, hints: Mapping[str, int]) -> dict[str, int]:
    """``H2 - 2·H == 0``: the last size of its own, given the others; empty if there is none."""
    for name in sorted(expr.symbols, reverse=True):
        slope = expr.terms.get(Sym(name), 0)
        rest = expr - symbol(name) * slope
        if slope in (1, -1) and name not in rest.symbols:
            return {name: -slope * rest.at(hints)}
    return {}


def _same(expr: Expr, names: Sequence[str]) -> dict[str, int | str]:
    """``C - C2 == 0``: the second is to be the first; empty if that is not so."""
    alike = set(expr.terms.values()) == {1, -1} and len(names) == len(expr.terms) == 2
    return {max(names): min(names)} if alike and expr.const == 0 else {}
