"""One call, with the contents of tensors in their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from shapelint.worker.python.contents import Cell, Contents
from shapelint.worker.shapes import Shape


@dataclass(frozen=True)
class Call:
    """What was called, and one of the tensors that came out."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shape: Shape
    dtype: torch.dtype
    place: int = 0
    """Which of several results it is."""
    puts_lengths: bool = False
    """Whether lengths among the arguments become elements."""

    @property
    def measured(self) -> bool:
        """As :attr:`Contents.measured`."""
        return self.puts_lengths or _is_measured((self.args, self.kwargs))

    def argument(self, position: int, *names: str, default: Any = None) -> Any:
        """An argument by its place or one of its names."""
        if position < len(self.args):
            return self.args[position]
        return next((self.kwargs[name] for name in names if name in self.kwargs), default)

    def unknown(self) -> Contents:
        """Made of sizes alone, but in a way that is not known here."""
        return Contents(self.shape, self.dtype, measured=self.measured)

    def listed(self, cells: Callable[[], list[Cell]]) -> Contents:
        """The result holds these cells, in row-major order."""
        held = Contents(self.shape, self.dtype, cells, measured=self.measured)
        return held.cast(self.dtype, self.shape)

    def between(self, low: Cell, high: Cell, cells: Callable[[], list[Cell]]) -> Contents:
        """The result holds these cells, of which ``low`` is the least and ``high`` the greatest."""
        held = Contents(self.shape, self.dtype, cells, (low, high), measured=self.measured)
        return held.cast(self.dtype, self.shape)

    def filled(self, cell: Cell) -> Contents:
        """Every element of the result is this one."""
        held = Contents(self.shape, self.dtype, ends=(cell, cell), measured=self.measured)
        return held.cast(self.dtype, self.shape)


def _is_measured(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_is_measured, value))
    if isinstance(value, dict):
        return any(map(_is_measured, value.values()))
    return isinstance(value, Contents) and value.measured


def as_contents(value: Any) -> Contents:
    """A number beside tensors, as if it were one of them."""
    if isinstance(value, Contents):
        return value
    cell = Cell(lambda: value)
    return Contents(Shape(()), torch.int64, lambda: [cell], (cell, cell))
