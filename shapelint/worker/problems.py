"""Exceptions of user code as problems, with the lines of that code."""

from __future__ import annotations

import traceback
from types import TracebackType
from typing import Literal

from shapelint.facts import Problem
from shapelint.worker.claim import ShapeMismatch
from shapelint.worker.frames import is_user_frame
from shapelint.worker.loading.left_out import LeftOut
from shapelint.worker.loading.stubs import StubUsed
from shapelint.worker.messages import error_text


def problem_of(exc: BaseException) -> Problem:
    """The text of an exception, where in the user's code it arose, and the traceback there."""
    frames = _user_frames(exc.__traceback__)
    path, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
    if isinstance(exc, SyntaxError):
        path, line = exc.filename or path, exc.lineno or line
    details = "".join(traceback.format_list(frames[-8:]))
    return Problem(_kind(exc), _text(exc), path, line, details)


def _kind(exc: BaseException) -> Literal["error", "missing", "timeout", "bug"]:
    if isinstance(exc, StubUsed):
        return "missing"
    if isinstance(exc, TimeoutError):
        return "timeout"
    return "bug" if isinstance(exc, ShapeMismatch) else "error"


def _text(exc: BaseException) -> str:
    if isinstance(exc, SystemExit):
        return f"exits with status {exc.code or 0}"
    if isinstance(exc, (StubUsed, LeftOut, TimeoutError)):
        return str(exc)
    return error_text(exc).strip().removesuffix(":")


def _user_frames(start: TracebackType | None) -> list[traceback.FrameSummary]:
    walked = [(f, n) for f, n in traceback.walk_tb(start) if is_user_frame(f)]
    return list(traceback.StackSummary.extract(iter(walked), lookup_lines=True))
