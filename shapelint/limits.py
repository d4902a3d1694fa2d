"""Sizes that are too small or too large, as every deep network and every table of positions has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapelint.lengths.conditions import all_of, at_least
from shapelint.lengths.expr import constant, symbol
from shapelint.lengths.sets import SizeSet

if TYPE_CHECKING:
    from shapelint.explore.paths import Failing
    from shapelint.subject import Subject


def ends(subject: Subject) -> dict[str, int]:
    """The last length of each axis whose sizes that run have an end."""
    if subject.valid.window is not None or not subject.valid:
        return {}
    ranges = subject.valid.bounds()
    return {s: high for s, (low, high) in ranges.items() if high is not None and high != low}


def small_and_large(
    subject: Subject, failures: list[Failing]
) -> tuple[list[Failing], list[Failing]]:
    """Those with sizes that are, along an axis, below all that run; and those without."""
    symbols = subject.domain.symbols
    least = {s: subject.accepted.project((s,)).lexmin() for s in symbols if failures}
    if None in least.values():
        return failures, []
    corner = all_of(at_least(symbol(s), v[s]) for s, v in least.items() if v is not None)
    from_there_on = SizeSet.of(corner, symbols)
    small: list[Failing] = []
    large: list[Failing] = []
    for failing in failures:
        beyond = failing.sizes.over(symbols) & subject.domain <= from_there_on
        (large if beyond else small).append(failing)
    return small, large


def only_limits(subject: Subject, sizes: SizeSet) -> bool:
    """Whether what fails is beyond an end, or just too small.

    In some dim it is below all sizes that run, or below two steps of the deepest level.
    """
    symbols, last = subject.domain.symbols, ends(subject)
    inside = all_of(at_least(constant(n), symbol(s)) for s, n in last.items())
    failing = sizes.over(symbols) & subject.domain & SizeSet.of(inside, symbols)
    works = subject.valid or subject.domain - failing
    least = {s: works.project((s,)).lexmin() for s in symbols}
    if any(v is None for v in least.values()):
        return False
    deep = {s: max(v[s], 2 * subject.granularity(s)) for s, v in least.items() if v is not None}
    corner = (at_least(symbol(s), n) for s, n in deep.items())
    rest = failing & SizeSet.of(all_of(corner), symbols)
    return not rest or (not last and rest.lexmax() is not None)
