"""What a run relies on: which branches it took and which needs it met, and what follows from that.

"Path condition" is the term of symbolic execution: King, *Symbolic execution and program testing*,
CACM 19(7), 1976.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.lengths.conditions import All, Any, Compare, Condition, exact_floors, factored
from shapelint.lengths.expr import Bounds, Expr, Interval
from shapelint.trace import Event


class PathCondition:
    """The events of a run at ``sizes`` so far, as facts about other sizes that take its path.

    ``known`` holds an interval for each symbol: the domain at first, narrowed by the events.
    """

    def __init__(
        self, sizes: Mapping[str, int], domain: Bounds | None = None, events: Iterable[Event] = ()
    ) -> None:
        self._sizes = sizes
        self.events: list[Event] = []
        self.known: dict[str, Interval] = dict(domain or {})
        self._stated: set[Condition] = set()
        self._follows: set[Condition] = set()
        for event in events:
            self.add(event)

    def copy(self) -> PathCondition:
        """The same path, to be continued in another way."""
        other = PathCondition(self._sizes, self.known)
        other.events = list(self.events)
        other._stated, other._follows = set(self._stated), set(self._follows)
        return other

    def add(self, event: Event) -> None:
        """Rely on one more event."""
        relied = event.relied
        self.events.append(event)
        self._stated.add(relied)
        if isinstance(relied, Compare) and relied.op == ">=":
            self._tighten(relied.expr)

    def implies(self, condition: Condition) -> bool:
        """Whether the condition follows from what the run relies on already."""
        if condition in self._stated or condition in self._follows:
            return True
        if not condition.decide(self.known) and not self._parts_follow(condition):
            return False
        self._follows.add(condition)
        return True

    def simplified(self, condition: Condition) -> Condition:
        """A simpler condition, equivalent given what the run relies on."""
        return factored(exact_floors(condition, (e.relied for e in self.events)), self.known)

    def _parts_follow(self, condition: Condition) -> bool:
        if isinstance(condition, All):
            return all(map(self.implies, condition.parts))
        return isinstance(condition, Any) and any(map(self.implies, condition.parts))

    def _tighten(self, expr: Expr) -> None:
        """A lower bound for the symbol of a non-decreasing ``expr >= 0`` that holds here."""
        if len(expr.symbols) != 1 or len(expr.terms) != 1 or min(expr.terms.values()) < 0:
            return
        (name,) = expr.symbols
        if not expr.is_quasi_affine or (expr.slope(name) or 0) <= 0:
            return
        low = self.known.get(name, (1, None))
        below, holds_at = (low[0] or 1) - 1, self._sizes[name]
        while holds_at - below > 1:
            middle = (below + holds_at) // 2
            if expr.at({name: middle}) >= 0:
                holds_at = middle
            else:
                below = middle
        self.known[name] = (holds_at, low[1])
