"""Lengths that become keys or text in the code of a model, where nobody can follow them.

Of a key only those with the same hash are compared, and text has forgotten what it was made of: the
run is checked then, not proven. Text that is only shown to people is harmless.
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
_HELD = "an assert on values is taken to hold"
_PLAIN = (ast.AnnAssign, ast.Assign, ast.AugAssign, ast.Expr, ast.Raise)
"""Statements behind which the next one of their block is executed, or none."""
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
_SHOWS = ("assert", "critical", "debug", "error", "exception", "info", "log", "print", "warn")
"""How the names of functions begin that tell people something; ``torch._assert`` is one."""

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ASKING = frozenset(f"{_HERE}{name}.py" for name in ("builtins", "double", "length", "noticed"))
_WRITING = _ASKING | {"<string>", f"{_HERE}containers.py", f"{_HERE}size.py"}


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
    statement, raises = _statement(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    if raises or _is_message(statement, frame):
        recorder.lost_if_it_runs(_TEXT)
    elif not _is_shown(statement):
        recorder.lost(_TEXT)


def asserted() -> bool | None:
    """The truth with which ``assert x.all()`` and ``assert not x.any()`` hold; None elsewhere."""
    recorder, frame = current(), sys._getframe(1)
    while not is_user_frame(frame):
        if frame.f_back is None:
            return None
        frame = frame.f_back
    statement, _ = _statement(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    if recorder is None or not isinstance(statement, ast.Assert):
        return None
    test = statement.test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    test = test.operand if isinstance(test, ast.UnaryOp) and negated else test
    called = test.func if isinstance(test, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr not in ("all", "any"):
        return None
    recorder.lost(_HELD)
    return not negated


def _asked_by(between: frozenset[str]) -> FrameType | None:
    """The frame that asks, if it belongs to neither torch nor shapelint."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in between:
        frame = frame.f_back
    ours = frame is None or frame.f_code.co_filename.startswith(OURS)
    return None if ours else frame


@lru_cache(maxsize=1024)
def _statement(code: CodeType, path: str, line: int) -> tuple[ast.stmt | None, bool]:
    """The innermost statement at a line, and whether it only makes what is raised behind it."""
    found = definition_of(code, path)
    blocks = [b for node in ast.walk(found) for b in _blocks(node)] if found else []
    at = [(s, b) for b in blocks for s in b if s.lineno <= line <= (s.end_lineno or s.lineno)]
    if not at:
        return None, False
    statement = at[-1][0]
    raises = isinstance(statement, ast.Raise) or _raises_behind(reversed(at))
    return statement, isinstance(statement, _PLAIN) and raises


def _raises_behind(around: Iterable[tuple[ast.stmt, list[ast.stmt]]]) -> bool:
    """Whether the code behind a statement, block around block, raises before it can leave."""
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
    """Whether text is what an ``assert`` says when it fails, and not in its test."""
    if not isinstance(statement, ast.Assert) or statement.msg is None:
        return False
    if not hasattr(frame.f_code, "co_positions"):  # Python 3.10 knows no columns
        return not any(isinstance(n, (ast.JoinedStr, ast.Call)) for n in ast.walk(statement.test))
    line, _, column, _ = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    start = statement.msg.lineno, statement.msg.col_offset
    return line is not None and column is not None and (line, column) >= start


def _is_shown(statement: ast.stmt | None) -> bool:
    """``print(…)``, ``logger.info(…)``, ``warnings.warn(…)``."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = statement.value.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.lstrip("_").startswith(_SHOWS)
