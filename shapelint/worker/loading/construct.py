"""Which calls in the user's code built each layer.

While user code is loaded and built, ``nn.Module.__init__`` looks at who called it. The innermost
span is the call that made the module, ``nn.Conv1d(1, 8, 3)``, or that told it so,
``super().__init__(1, 8, 3)`` in a class derived from the layer; then come the calls of the factory
functions it was made in, up to and including the line in the constructor of the enclosing module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

from torch import nn

from shapelint.trace import Span
from shapelint.worker.frames import frame_span, is_user_frame
from shapelint.worker.python.swaps import replaced

_KEY = "_shapelint_built_by"
"""Kept in the module itself, so that ``copy.deepcopy`` copies it and no id is ever reused."""


def watching_constructors() -> AbstractContextManager[None]:
    """Note for each module built in the body which calls built it."""
    original = nn.Module.__init__

    def init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        vars(self)[_KEY] = tuple(_builders(self, sys._getframe(1)))

    return replaced(nn.Module, "__init__", init)


def constructed(root: nn.Module) -> dict[int, tuple[Span, ...]]:
    """The calls that built each module below ``root``, innermost first, by ``id(module)``."""
    return {id(m): vars(m)[_KEY] for m in root.modules() if _KEY in vars(m)}


def _builders(module: nn.Module, start: FrameType | None) -> Iterator[Span]:
    at, last = start, None
    while at is not None and constructor_of(at) is module:
        if at is not start and is_user_frame(at):
            yield frame_span(at)
        at = at.f_back
    while at is not None:
        if is_user_frame(at):
            span = frame_span(at)
            if last is None or not _contains(span, last):
                yield span
            if constructor_of(at) is not None:
                return
            last = span
        at = at.f_back


def constructor_of(frame: FrameType) -> nn.Module | None:
    """The module whose ``__init__`` (or that of a base class) runs in this frame."""
    code = frame.f_code
    if code.co_name != "__init__" or not code.co_argcount:
        return None
    self = frame.f_locals.get(code.co_varnames[0])
    return self if isinstance(self, nn.Module) else None


def _contains(outer: Span, inner: Span) -> bool:
    """Whether the outer call is written around the inner one, as with a comprehension."""
    return (
        outer.path == inner.path
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    )
