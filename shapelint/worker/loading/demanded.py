"""Input sizes that a failed run shows to be required."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.lengths.conditions import Any, Compare, Condition
from shapelint.lengths.expr import Expr, Sym
from shapelint.trace import Trace


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
    names = [a.name for a in condition.expr.terms if isinstance(a, Sym) and a.name not in fixed]
    alike = tested or not stretches
    return {**_solution(condition.expr, names)} or (_same(condition.expr, names) if alike else {})


def _solution(expr: Expr, names: Sequence[str]) -> dict[str, int]:
    """``c·(C + C2 + …) + k == 0`` with equal shares; empty if that is not whole or not so."""
    slopes = set(expr.terms.values())
    if len(slopes) != 1 or len(names) != len(expr.terms):
        return {}
    share, rest = divmod(-expr.const, slopes.pop() * len(names))
    return dict.fromkeys(names, share) if rest == 0 and share > 0 else {}


def _same(expr: Expr, names: Sequence[str]) -> dict[str, int | str]:
    """``C - C2 == 0``: the second is to be the first; empty if that is not so."""
    alike = set(expr.terms.values()) == {1, -1} and len(names) == len(expr.terms) == 2
    return {max(names): min(names)} if alike and expr.const == 0 else {}
