"""Where in the user's code something happens."""

from __future__ import annotations

import dis
import os
import sys
from traceback import walk_tb
from types import FrameType

import torch

from shapelint.trace import Span

_TORCH = os.path.dirname(torch.__file__)
_WRAPPERS = ("_pytest", "beartype", "jaxtyping", "typeguard", "wadler_lindig")
"""Packages that wrap the user's functions, so that their frames are on the stack."""
OURS = (
    _TORCH + os.sep,
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    *(os.path.join(os.path.dirname(_TORCH), name) + os.sep for name in _WRAPPERS),
    "<@beartype(",
)
"""Prefixes of the paths of code that is torch's, shapelint's, or wraps the user's."""
_NOT_USER = (*OURS, "<frozen ", "<string>")
_STDLIB = os.path.dirname(os.__file__) + os.sep
_PACKAGES = ("site-packages" + os.sep, "dist-packages" + os.sep)  # may lie below it


def is_user_frame(frame: FrameType) -> bool:
    """Whether it belongs to none of torch, shapelint, a type checker, the standard library."""
    return _USER[frame.f_code.co_filename]


def is_user_path(path: str) -> bool:
    """Whether code from there is the user's."""
    return _USER[path]


class _UserFiles(dict[str, bool]):
    """By path, whether code is the user's."""

    def __missing__(self, path: str) -> bool:
        inside = path.removeprefix(_STDLIB)
        is_stdlib = inside != path and not inside.startswith(_PACKAGES)
        self[path] = not is_stdlib and not path.startswith(_NOT_USER)
        return self[path]


_USER = _UserFiles()


def user_span() -> Span | None:
    """What the innermost frame of the user's code is executing; None if there is none."""
    at = _innermost(sys._getframe(1))
    return None if at is None else frame_span(at)


def is_unpacking() -> bool:
    """Whether the innermost frame of the user's code is at ``a, b = …``."""
    at = _innermost(sys._getframe(1))
    return at is not None and dis.opname[at.f_code.co_code[at.f_lasti]] == "UNPACK_SEQUENCE"


def _innermost(frame: FrameType) -> FrameType | None:
    at: FrameType | None = frame
    while at is not None and not _USER[at.f_code.co_filename]:
        at = at.f_back
    return at


def raised_at(exc: BaseException) -> Span | None:
    """The innermost line of the user's code in the traceback of an exception."""
    frames = [frame for frame, _ in walk_tb(exc.__traceback__) if is_user_frame(frame)]
    return frame_span(frames[-1]) if frames else None


_spans: dict[tuple[object, int], Span] = {}


def frame_span(frame: FrameType) -> Span:
    """The call that a frame is executing."""
    key = (frame.f_code, frame.f_lasti)
    if key not in _spans:
        _spans[key] = _position(frame)
    return _spans[key]


def _position(frame: FrameType) -> Span:
    code, line = frame.f_code, frame.f_lineno
    if sys.version_info >= (3, 11):
        positions = list(code.co_positions())[frame.f_lasti // 2]
        start, end, column, end_column = positions
        if None not in positions:
            return Span(code.co_filename, start, column + 1, end, end_column + 1)  # type: ignore[operator,arg-type]
    return Span.at_line(code.co_filename, line)
