"""Lengths that become keys or text in the code of a model, where nobody can follow them.

Of a key only those with the same hash are compared, and text has forgotten what it was made of: the
run is checked then, not proven. Text that is only shown to people is harmless.
"""

from __future__ import annotations

import ast
import os
import sys
from functools import lru_cache
from types import CodeType, FrameType

from shapelint.worker.recorder import OURS, current, is_user_frame
from shapelint.worker.rewriting import definition_of

__all__ = ["hashed", "made_bare", "written"]

_KEY = "a size is used as a key of a dict or set, where shapelint cannot follow"
_TEXT = "a size becomes text, where shapelint cannot follow"
_BARE = "a size becomes an ordinary float, where shapelint cannot follow"
_SHOWS = ("assert", "critical", "debug", "error", "exception", "info", "log", "print", "warn")
"""How the names of functions begin that tell people something; ``torch._assert`` is one."""

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ASKING = frozenset(
    f"{_HERE}{name}.py" for name in ("builtins_seen", "double", "length", "noticed")
)
_WRITING = _ASKING | {"<string>", f"{_HERE}containers_seen.py", f"{_HERE}size.py"}


def hashed() -> None:
    """A length is hashed. Where shapelint or torch does so, it is known what for."""
    recorder = current()
    if recorder is not None and _asked_by(_ASKING) is not None:
        recorder.lost(_KEY)


def made_bare() -> None:
    """Code in C takes a length as a double."""
    recorder = current()
    if recorder is not None and _asked_by(_ASKING) is not None:
        recorder.lost(_BARE)


def written() -> None:
    """A length becomes text. What torch writes is a message."""
    recorder, frame = current(), _asked_by(_WRITING)
    while frame is not None and not is_user_frame(frame):
        frame = frame.f_back
    if recorder is None or frame is None:
        return
    statement = _statement(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    if isinstance(statement, ast.Raise) or _is_assert(statement):
        recorder.lost_if_it_runs(_TEXT)
    elif not _is_shown(statement):
        recorder.lost(_TEXT)


def _asked_by(between: frozenset[str]) -> FrameType | None:
    """The frame that asks, if it belongs to neither torch nor shapelint."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in between:
        frame = frame.f_back
    ours = frame is None or frame.f_code.co_filename.startswith(OURS)
    return None if ours else frame


@lru_cache(maxsize=1024)
def _statement(code: CodeType, path: str, line: int) -> ast.stmt | None:
    """The innermost statement at a line."""
    found = definition_of(code, path)
    around = [n for n in ast.walk(found) if isinstance(n, ast.stmt)] if found else []
    at = [s for s in around if s.lineno <= line <= (s.end_lineno or s.lineno)]
    return max(reversed(at), key=lambda s: s.lineno, default=None)


def _is_assert(statement: ast.stmt | None) -> bool:
    """Whether text in it is what it says when it fails: the test makes none."""
    if not isinstance(statement, ast.Assert):
        return False
    return not any(isinstance(n, (ast.JoinedStr, ast.Call)) for n in ast.walk(statement.test))


def _is_shown(statement: ast.stmt | None) -> bool:
    """``print(…)``, ``logger.info(…)``, ``warnings.warn(…)``."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = statement.value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.lstrip("_").startswith(_SHOWS)
