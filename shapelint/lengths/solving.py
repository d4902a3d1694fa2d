"""Conditions as sets: comparisons by isl, their combinations as diagrams.

Conditions on products are rewritten by :mod:`.products` first.
"""

from __future__ import annotations

from functools import lru_cache, reduce

from shapelint.lengths.conditions import All, Any, Compare, Condition, negate
from shapelint.lengths.diagrams import order_of
from shapelint.lengths.nodes import Diagram
from shapelint.lengths.points import compared
from shapelint.lengths.presburger import NotPresburger
from shapelint.lengths.products import without_products


def solved(condition: Condition, base: Diagram, symbols: tuple[str, ...]) -> Diagram:
    """The members of ``base`` at which ``condition`` holds. Raises NotPresburger."""
    order = order_of(symbols)
    if base is False:
        return False
    if _is_linear(condition):
        return order.meet(base, _anywhere(condition, symbols))
    if isinstance(condition, All):
        for part in condition.parts:
            base = solved(part, base, symbols)
        return base
    if isinstance(condition, Any):
        return order.union([solved(part, base, symbols) for part in condition.parts])
    if isinstance(condition, Compare):
        return _products(condition, base, symbols)
    raise NotPresburger(condition)


def _is_linear(condition: Condition) -> bool:
    """Whether it is made of comparisons that isl can take as they are."""
    if isinstance(condition, Compare):
        return condition.expr.is_quasi_affine
    return isinstance(condition, (All, Any)) and all(map(_is_linear, condition.parts))


@lru_cache(maxsize=4096)
def _anywhere(condition: Condition, symbols: tuple[str, ...]) -> Diagram:
    """The sizes at which a linear condition holds."""
    if isinstance(condition, Compare):
        return _compared(condition, symbols)
    assert isinstance(condition, (All, Any))
    parts = [_anywhere(part, symbols) for part in condition.parts]
    order = order_of(symbols)
    if isinstance(condition, Any):
        return order.union(parts)
    everywhere: Diagram = True
    return reduce(order.meet, parts, everywhere)


def _compared(test: Compare, symbols: tuple[str, ...]) -> Diagram:
    decided = test.decide({})
    if decided is not None:
        return decided
    group = tuple(s for s in symbols if s in test.symbols)
    return order_of(symbols).product({group: compared(test, group)})


def _products(test: Compare, base: Diagram, symbols: tuple[str, ...]) -> Diagram:
    """A comparison with products in it, or else the complement of its opposite."""

    def proves(condition: Condition) -> bool:
        return _holds(condition, base, symbols)

    opposite = negate(test)
    if test.op != "!=":
        try:
            return solved(without_products(test, proves), base, symbols)
        except NotPresburger:
            if test.op == "==":
                raise
    assert isinstance(opposite, Compare)
    try:
        there = solved(without_products(opposite, proves), base, symbols)
    except NotPresburger:
        raise NotPresburger(test.expr) from None
    return order_of(symbols).less(base, there)


def _holds(condition: Condition, base: Diagram, symbols: tuple[str, ...]) -> bool:
    decided = condition.decide({})
    if decided is not None:
        return decided
    if not isinstance(condition, Compare) or not condition.expr.is_quasi_affine:
        return False
    return order_of(symbols).less(base, _compared(condition, symbols)) is False
