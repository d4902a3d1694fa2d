"""Pieces of a tensor whose number a length decides: ``x.split(4)``, ``for row in x``.

A run has as many pieces as its own size gives. One piece at a fixed place is a statement about all
sizes that have it; to count them, or to go through all of them, is a statement about the sizes that
have as many, so it is a branch. Names to unpack them into ask for one piece more than they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch.utils import _pytree as pytree

from shapelint.worker.frames import is_unpacking
from shapelint.worker.shapes import Shape


@dataclass(frozen=True)
class Cut:
    """``n`` elements in pieces of ``size``, the last one shorter; at least ``least`` pieces."""

    n: int
    size: int
    least: int = 1

    @property
    def count(self) -> int:
        """How many pieces there are."""
        count = (self.n + self.size - 1) // self.size
        return count if count > self.least else self.least

    @property
    def last(self) -> int:
        """The length of the last piece."""
        return self.n - self.size * (self.count - 1)

    def has(self, place: int) -> bool:
        """Whether there is a piece at ``place``; whole or last is a branch."""
        if self.n >= self.size * (place + 1):
            return True
        return place < self.least or self.n > self.size * place


class PieceShapes(list[Shape]):
    """What a transfer function returns for pieces: their shapes in this run, and the cut."""

    def __init__(self, shapes: Iterable[Shape], cut: Cut) -> None:
        super().__init__(shapes)
        self.cut = cut


class Pieces(tuple[Any, ...]):
    """The tensors. Whatever depends on their number is a branch."""

    cut: Cut

    @staticmethod
    def of(tensors: Iterable[Any], cut: Cut) -> Pieces:
        """``tensors``, with how they were cut."""
        self = Pieces(tensors)
        self.cut = cut
        return self

    def __len__(self) -> int:
        count = super().__len__()
        if self.cut.count != count:  # never: asked to make it a branch
            raise AssertionError(f"{count} pieces of {self.cut}")
        return count

    def __iter__(self) -> Iterator[Any]:
        if is_unpacking():
            return self._as_asked()
        len(self)
        return super().__iter__()

    def _as_asked(self) -> Iterator[Any]:
        """Piece by piece, each a branch: ``a, b = x`` asks for a third one, and must not get it."""
        for place in range(super().__len__()):
            if self.cut.has(place):
                yield super().__getitem__(place)
        if self.cut.has(super().__len__()):  # never: asked to make it a branch
            raise AssertionError(f"more pieces of {self.cut}")

    def unasked(self) -> Iterator[Any]:
        """All of them without a branch, for code that does not show the model their number."""
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __getitem__(self, place: Any) -> Any:
        fixed = type(place) is int and place >= -1
        if not fixed:
            len(self)
        elif place >= 0 and not self.cut.has(place):
            raise IndexError("tuple index out of range")
        return super().__getitem__(place)


def _flatten(pieces: Pieces) -> tuple[list[Any], None]:
    return list(pieces), None


def _unflatten(tensors: Iterable[Any], _: None) -> tuple[Any, ...]:
    return tuple(tensors)


pytree.register_pytree_node(Pieces, _flatten, _unflatten)
