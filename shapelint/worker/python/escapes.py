"""Lengths that escape: they become keys, text or doubles, in which they cannot be followed.

A dict compares a key only with those that have the same hash, and text does not remember what it
was made of. A run in which this happens is checked, not proven. Text that is only shown to people
(messages, logs) is harmless.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from types import CodeType, FrameType

from shapelint.trace import UNFOLLOWED
from shapelint.worker.frames import OURS, is_user_frame
from shapelint.worker.python.rewriting import definition_of
from shapelint.worker.recorder import current

_KEY = f"a size is used as a key of a dict or set, {UNFOLLOWED}"
_TEXT = f"a size becomes text, {UNFOLLOWED}"
_BARE = f"a size becomes an ordinary float, {UNFOLLOWED}"
_PLAIN = (ast.AnnAssign, ast.Assign, ast.AugAssign, ast.Expr, ast.Raise)
"""Statements after which the next one of their block runs, unless they raise."""
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
_SHOWS = ("assert", "critical", "debug", "error", "exception", "info", "log", "print", "warn")
"""Prefixes of the names of functions that show text to people; ``torch._assert`` is one."""

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ASKING = frozenset(f"{_HERE}{name}.py" for name in ("builtins", "double", "escapes", "length"))
_WRITING = _ASKING | {"<string>", f"{_HERE}containers.py", f"{_HERE}size.py"}


def became_key() -> None:
    """Called when a length is hashed; harmless if shapelint or torch does so."""
    recorder = current()
    if recorder is not None and _asked_by(_ASKING) is not None:
        recorder.lost(_KEY)


def became_float() -> None:
    """Called when code in C converts a length to a double."""
    recorder = current()
    if recorder is not None and _asked_by(_ASKING) is not None:
        recorder.lost(_BARE)


def became_text() -> None:
    """Called when a length is formatted; harmless in messages, and text of torch is one."""
    recorder, frame = current(), _asked_by(_WRITING)
    while frame is not None and not is_user_frame(frame):
        frame = frame.f_back
    if recorder is None or frame is None:
        return
    statement, raises = statement_at(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    if raises or _is_message(statement, frame):
        recorder.lost_if_it_runs(_TEXT)
    elif not _is_shown(statement):
        recorder.lost(_TEXT)


def _asked_by(between: frozenset[str]) -> FrameType | None:
    """The nearest frame whose file is not in ``between``; None if it is torch's or shapelint's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in between:
        frame = frame.f_back
    ours = frame is None or frame.f_code.co_filename.startswith(OURS)
    return None if ours else frame


@lru_cache(maxsize=1024)
def statement_at(code: CodeType, path: str, line: int) -> tuple[ast.stmt | None, bool]:
    """The innermost statement at a line, and whether an exception is raised after it for sure."""
    found = definition_of(code, path)
    blocks = [b for node in ast.walk(found) for b in _blocks(node)] if found else []
    at = [(s, b) for b in blocks for s in b if s.lineno <= line <= (s.end_lineno or s.lineno)]
    if not at:
        return None, False
    statement = at[-1][0]
    raises = isinstance(statement, ast.Raise) or _raises_behind(reversed(at))
    return statement, isinstance(statement, _PLAIN) and raises


def _raises_behind(around: Iterable[tuple[ast.stmt, list[ast.stmt]]]) -> bool:
    """Whether the code after a statement raises before it can leave the function or a loop.

    ``around`` are the statement and those that enclose it, innermost first, with their blocks.
    """
    for statement, block in around:
        for later in block[block.index(statement) + 1 :]:
            if isinstance(later, ast.Raise):
                return True
            if any(isinstance(node, _LEAVING) for node in ast.walk(later)):
                return False
    return False


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value


def _is_message(statement: ast.stmt | None, frame: FrameType) -> bool:
    """Whether the frame is at the message of an ``assert``, not at its test."""
    if not isinstance(statement, ast.Assert) or statement.msg is None:
        return False
    if not hasattr(frame.f_code, "co_positions"):  # Python 3.10 knows no columns
        return not any(isinstance(n, (ast.JoinedStr, ast.Call)) for n in ast.walk(statement.test))
    line, _, column, _ = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    start = statement.msg.lineno, statement.msg.col_offset
    return line is not None and column is not None and (line, column) >= start


def _is_shown(statement: ast.stmt | None) -> bool:
    """``print(…)``, ``logger.info(…)``, ``warnings.warn(…)``."""
    return is_called(statement, _SHOWS)


def is_called(statement: ast.stmt | None, names: tuple[str, ...]) -> bool:
    """Whether a statement calls a function whose name begins like one of these."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = statement.value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.lstrip("_").startswith(names)
