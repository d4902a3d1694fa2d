"""Tests of the values of a tensor whose answer is known, or makes no difference.

Values do not follow from sizes, so a run on the meta device cannot answer. It need not where the
answer follows from the code around the question:

* an ``assert`` is taken to hold, and the run says so;
* ``if (x == pad).any(): warnings.warn(…)`` only tells people something. Whichever way it goes, the
  model does the same, so the run goes past it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType, FrameType

from shapelint.worker.frames import is_user_frame
from shapelint.worker.python.escapes import is_called, statement_at
from shapelint.worker.python.rewriting import definition_of
from shapelint.worker.recorder import Recorder, current

_HELD = "an assert on values is taken to hold"
_TELLS = ("critical", "debug", "info", "log", "print", "warn")
"""How the names of functions begin that tell people something, and return."""
_WRITES = frozenset({"format", "getattr", "item", "join", "repr", "str", "tolist"})
"""Names of functions that only make what is told."""


def assumed() -> bool | None:
    """The truth of a tensor that the code may be taken to find; None if there is none."""
    recorder, frame = current(), _asking()
    if recorder is None or frame is None:
        return None
    statement, _ = statement_at(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    if isinstance(statement, ast.Assert):
        return _asserted(statement, recorder)
    passes = _only_tells(frame.f_code, frame.f_code.co_filename, frame.f_lineno)
    return False if passes else None


def _asking() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_user_frame(frame):
        frame = frame.f_back
    return frame


def _asserted(statement: ast.Assert, recorder: Recorder) -> bool | None:
    """With which ``assert x.all()`` and ``assert not x.any()`` hold."""
    test = statement.test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    test = test.operand if isinstance(test, ast.UnaryOp) and negated else test
    called = test.func if isinstance(test, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr not in ("all", "any"):
        return None
    recorder.lost(_HELD)
    return not negated


@lru_cache(maxsize=1024)
def _only_tells(code: CodeType, path: str, line: int) -> bool:
    """Whether the ``if`` at a line leaves nothing behind, whichever way it goes.

    Code of two files may be equal, so ``path`` is part of the key.
    """
    nodes = [*ast.walk(definition_of(code, path) or ast.Module([], []))]
    tests = [n for n in nodes if isinstance(n, ast.If)]
    at = [t for t in tests if t.test.lineno <= line <= (t.test.end_lineno or line)]
    if not at or any(isinstance(n, (ast.Global, ast.Nonlocal)) for n in nodes):
        return False
    inside = {*ast.walk(at[-1])}
    made = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    outside = {n.id for n in nodes if isinstance(n, ast.Name) and n not in inside}
    tells = _tells(at[-1].body) and _tells(at[-1].orelse)
    return tells and _is_plain(at[-1].test) and made.isdisjoint(outside)


def _tells(body: Sequence[ast.stmt]) -> bool:
    return all(map(_tells_or_writes, body))


def _tells_or_writes(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return _writes(statement.test) and _tells(statement.body) and _tells(statement.orelse)
    if isinstance(statement, ast.Expr):
        return is_called(statement, _TELLS) and not _is_own_method(statement.value)
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(isinstance(t, ast.Name) for t in targets) and _writes(statement.value)
    return isinstance(statement, ast.Pass)


def _is_own_method(value: ast.expr) -> bool:
    """``self.log_mask(mask)``, which may keep what it is given; ``self.log`` is Lightning's."""
    called = value.func if isinstance(value, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "self" and called.attr != "log"


def _writes(value: ast.expr) -> bool:
    """Whether it makes text or numbers, and does nothing else."""
    calls = (n.func for n in ast.walk(value) if isinstance(n, ast.Call))
    names = (f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls)
    return _is_plain(value) and _WRITES.issuperset(names)


def _is_plain(value: ast.expr) -> bool:
    """Whether no name gets a value in it."""
    kinds = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return not any(isinstance(n, kinds) for n in ast.walk(value))
