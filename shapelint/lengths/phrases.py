"""The phrases that :mod:`.words` puts together: remainders, ranges, lists, comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from shapelint.lengths.expr import Expr, Sizes
from shapelint.lengths.formulas import formula

if TYPE_CHECKING:
    from shapelint.lengths.conditions import Compare
    from shapelint.lengths.patterns import Stretch

MAX_LISTED = 8
"""So many sizes are listed rather than described."""

_SHOWN_RUNS = 4


def size_text(sizes: Sizes) -> str:
    """``H = 12, W = 32``."""
    return ", ".join(f"{name} = {n}" for name, n in sizes.items())


def remainder(name: str, period: int, residues: Sequence[int]) -> str:
    """``H % 16 == 0``, ``H % 8 in (0, 7)``, ``H % 16 >= 4``; empty for all remainders."""
    if len(residues) == period:
        return ""
    return min(_remainders(f"{name} % {period}", name, period, residues), key=_effort)


def _others(period: int, residues: Iterable[int]) -> list[int]:
    return sorted(set(range(period)).difference(residues))


def _effort(text: str) -> int:
    """How hard a text is to read: its length, and a moved remainder takes some arithmetic."""
    return len(text) + 12 * text.startswith("(")


def _remainders(x: str, name: str, period: int, residues: Sequence[int]) -> Iterator[str]:
    missing = _others(period, residues)
    if len(residues) == 1:
        yield f"{x} == {residues[0]}"
        return
    if len(missing) == 1:
        yield f"{x} != {missing[0]}"
    yield f"{x} in ({', '.join(map(str, residues))})"
    yield f"{x} not in ({', '.join(map(str, missing))})"
    first, last = residues[0], residues[-1]
    if last - first + 1 == len(residues):
        yield between(x, first if first else None, last if last < period - 1 else None)
    if missing[-1] - missing[0] + 1 == len(missing):
        # members wrap around: moved so that they begin at 0
        yield f"({name} + {period - missing[-1] - 1}) % {period} <= {len(residues) - 1}"


def between(x: str, low: int | None, high: int | None) -> str:
    """``4 <= H % 16 <= 11``; an end that is None is left out."""
    if low is not None and high is not None:
        return f"{x} == {low}" if low == high else f"{low} <= {x} <= {high}"
    if low is not None:
        return f"{x} >= {low}"
    return "" if high is None else f"{x} <= {high}"


def stretch_text(name: str, stretch: Stretch, lowest: int = 1, *, anywhere: bool = False) -> str:
    """``H % 32 == 0 and 256 <= H <= 1024``; empty if it is every size from ``lowest`` up.

    A least size that follows from the remainders is left out. With ``anywhere`` there is no least
    size at all.
    """
    low = None if anywhere or stretch.low == stretch.first(lowest) else stretch.low
    residues = remainder(name, stretch.period, stretch.residues)
    return " and ".join(filter(None, [residues, between(name, low, stretch.high)]))


def union(name: str, found: Iterable[Stretch], lowest: int = 1, neighbours: int = 1) -> str:
    """``H in {1, 4} or H % 8 in (0, 7)``: scattered sizes are listed together.

    So are up to so many ``neighbours``; longer runs are given by their ends.
    """
    points: list[int] = []
    stretches: list[Stretch] = []
    for stretch in found:
        few = stretch.points(MAX_LISTED)
        if few is not None and (len(few) <= neighbours or stretch.period > 1):
            points += few
        else:
            stretches.append(stretch)
    listed = _listed(name, points)
    texts = [stretch_text(name, stretch, lowest) for stretch in stretches]
    behind = points and stretches and min(points) > stretches[0].low
    return " or ".join([*texts, *listed] if behind else [*listed, *texts])


def _listed(name: str, points: Sequence[int]) -> list[str]:
    if len(points) < 2:
        return [f"{name} == {x}" for x in points]
    return [f"{name} in {{{', '.join(map(str, sorted(points)))}}}"]


def excluded(name: str, found: Iterable[Stretch], lowest: int = 1) -> list[str]:
    """What remains without some stretches: ``H != 5``, ``H % 3 != 0``, ``H >= 16``."""
    points: list[int] = []
    texts = []
    for stretch in found:
        few = stretch.points(MAX_LISTED)
        if few is not None:
            points += few
        else:
            texts.append(_outside(name, stretch, lowest))
    if len(points) == 1:
        texts.append(f"{name} != {points[0]}")
    elif points:
        texts.append(f"{name} not in {{{', '.join(map(str, sorted(points)))}}}")
    return texts


def _outside(name: str, stretch: Stretch, lowest: int) -> str:
    starts = stretch.low == stretch.first(lowest)
    if stretch.period == 1 and starts and stretch.high is not None:
        return f"{name} >= {stretch.high + 1}"
    if stretch.period == 1 and stretch.high is None:
        return f"{name} <= {stretch.low - 1}"
    if starts and stretch.high is None:
        return remainder(name, stretch.period, _others(stretch.period, stretch.residues))
    return f"not ({stretch_text(name, stretch, lowest)})"


def scattered(name: str, members: Sequence[int]) -> str:
    """``H in 7..48, 50..60, 62..106, ... (922 sizes)``: listed sizes without a pattern."""
    runs: list[list[int]] = []
    for n in members:
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    shown = ", ".join(str(a) if a == b else f"{a}..{b}" for a, b in runs[:_SHOWN_RUNS])
    return f"{name} in {shown}, ... ({len(members)} sizes)"


# -- comparisons of several symbols ---------------------------------------------------------------

_FLIPPED = {">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


def comparison(test: Compare, op: str = "") -> str:
    """``H == W``, ``H + W <= 100``, ``(H - W) % 2 == 0``; ``op`` replaces the comparison."""
    return min(_comparisons(test.expr, op or test.op), key=len)


def _comparisons(expr: Expr, op: str) -> Iterator[str]:
    """Positive terms on the left, the first one alone if that is enough; or all terms.

    Or those with the symbols of the first: ``H % 2 == W % 2``.
    """
    if next(iter(expr.terms.values())) < 0:
        expr, op = -expr, _FLIPPED[op]
    positive = {a: c for a, c in expr.terms.items() if c > 0}
    if len(positive) == 1:
        yield _sides(Expr(0, positive), op, Expr(0, positive) - expr)
    left = Expr(max(expr.const, 0), positive)
    yield _sides(left, op, left - expr)
    yield _sides(expr - expr.const, op, Expr(-expr.const))
    yield _sides(expr.const - expr, _FLIPPED[op], Expr(expr.const))
    first = next(iter(expr.terms)).symbols
    alike = Expr(0, {a: c for a, c in expr.terms.items() if a.symbols == first})
    yield _sides(alike, op, alike - expr)


def _sides(left: Expr, op: str, right: Expr) -> str:
    return f"{formula(left)} {op} {formula(right)}"
