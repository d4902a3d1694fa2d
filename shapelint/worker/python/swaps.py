"""Monkey patching for the time of a run: names bound to other values, and bound back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CellType
from typing import Any, NamedTuple

ABSENT = object()
"""In the place of a value that is not there."""


class Swap(NamedTuple):
    """A value bound to a name, and its replacement."""

    holder: Any
    """A namespace, or an object with attributes."""
    name: str
    old: Any
    new: Any

    def put(self, value: Any, instead_of: Any) -> None:
        """Bind the name to ``value``, unless user code has bound it to something else."""
        holder, name = self.holder, self.name
        if not isinstance(holder, dict):
            if self._held() is not instead_of:
                return
            if value is ABSENT:
                delattr(holder, name)
            else:
                setattr(holder, name, value)
        elif holder.get(name, ABSENT) is instead_of:
            if value is ABSENT:
                del holder[name]
            else:
                holder[name] = value

    def _held(self) -> Any:
        if isinstance(self.holder, type):  # what a descriptor holds, not what it gives
            return vars(self.holder).get(self.name, ABSENT)
        return getattr(self.holder, self.name, ABSENT)


class StandIn(type):
    """A metaclass: its classes answer ``isinstance``, ``issubclass`` and ``==`` as another type."""

    stands_for: Any

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.stands_for)

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return issubclass(subclass, cls.stands_for)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.stands_for

    def __hash__(cls) -> int:
        return hash(cls.stands_for)


def items_of(holder: Any) -> Iterable[tuple[str, Any]]:
    """The names and values in a namespace, a class or a cell of a closure."""
    if isinstance(holder, CellType):
        return [("cell_contents", holder.cell_contents)]
    space: Mapping[str, Any] = vars(holder) if isinstance(holder, type) else holder
    return space.items()


@contextmanager
def swapped(swaps: Iterable[Swap]) -> Iterator[None]:
    """While active, every name is bound to its replacement."""
    made = list(swaps)
    try:
        for swap in made:
            swap.put(swap.new, instead_of=swap.old)
        yield
    finally:
        for swap in reversed(made):
            swap.put(swap.old, instead_of=swap.new)


@contextmanager
def replaced(holder: Any, name: str, new: Any) -> Iterator[None]:
    """While active, an attribute of a class or module is ``new``."""
    old = vars(holder).get(name, ABSENT)
    setattr(holder, name, new)
    try:
        yield
    finally:
        if old is ABSENT:
            delattr(holder, name)
        else:
            setattr(holder, name, old)
