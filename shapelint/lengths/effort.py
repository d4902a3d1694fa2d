"""A budget for isl: some sets have so many pieces that nobody would wait for the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import islpy as isl

__all__ = ["TooHard", "at_most"]


class TooHard(Exception):
    """The budget is spent; nothing is known about the set that was asked for."""


@contextmanager
def at_most(operations: int) -> Iterator[None]:
    """Raises TooHard once isl has spent ``operations`` in the body; a million take a second.

    isl counts its own steps, so the same question is always too hard or never.
    """
    context = isl.DEFAULT_CONTEXT
    outer = context.get_max_operations()
    context.reset_operations()
    context.set_max_operations(operations)
    try:
        yield
    except isl.Error as exc:  # its text names the step that was under way, not always the reason
        raise TooHard(str(exc)) from exc
    finally:
        context.set_max_operations(outer)
        context.reset_operations()
