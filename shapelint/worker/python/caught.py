"""Whether the model catches what an operation raises: then a need is a branch instead."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import sys
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

from torch import nn
from torch.utils import _pytree as pytree

from shapelint.worker.frames import is_user_frame, is_user_path
from shapelint.worker.packing import packed


def called(root: nn.Module, tensors: Mapping[str, Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a model. The frame of this function bounds the search for ``try`` statements.

    Arguments named by a number are positional. A generator is exhausted, a coroutine awaited.
    """
    given = packed(root, tensors)
    args = [value for name, value in given.items() if name.isdigit()]
    named = {name: value for name, value in given.items() if not name.isdigit()}
    result = root(*args, **named, **kwargs)
    if inspect.iscoroutine(result):
        import asyncio  # few models need it

        return asyncio.run(result)
    return list(result) if inspect.isgenerator(result) else result


def is_caught(error: type[Exception]) -> bool:
    """Whether a ``try`` of the model, around what runs right now, catches ``error``."""
    return any(
        first <= frame.f_lineno <= last and _is_one_of(error, names, managers, frame)
        for frame in _that_catch()
        for first, last, names, managers in _tries_of(frame.f_code.co_filename)
    )


def _is_one_of(
    error: type[Exception], names: Sequence[str], managers: Sequence[str], frame: FrameType
) -> bool:
    known = ChainMap(frame.f_locals, frame.f_globals, vars(builtins))
    kinds = pytree.tree_leaves([known.get(name) for name in names])
    kinds += [kind for text in managers for kind in _swallowed(_named(text, known))]
    return any(isinstance(kind, type) and issubclass(error, kind) for kind in kinds)


def _named(text: str, known: Mapping[str, Any]) -> Any:
    """The object that ``self.quiet`` names, found without running any code."""
    first, *rest = text.split(".")
    found = known.get(first)
    for name in rest:
        found = inspect.getattr_static(found, name, None)
    return found


def _swallowed(manager: Any) -> Sequence[Any]:
    """The exceptions that a context manager of the user may catch.

    It is a class, an object, or a generator function.
    """
    body = inspect.unwrap(manager) if inspect.isfunction(manager) else None
    if inspect.isgeneratorfunction(body):
        names = _around_yields(*_place(body))
        return [{**vars(builtins), **body.__globals__}.get(name) for name in names]
    leave = getattr(manager if isinstance(manager, type) else type(manager), "__exit__", None)
    is_written = inspect.isfunction(leave) and _returns_something(*_place(leave))
    return [BaseException] if is_written else []


def _place(function: Any) -> tuple[str, int]:
    return function.__code__.co_filename, function.__code__.co_firstlineno


@lru_cache(maxsize=256)
def _around_yields(path: str, line: int) -> Sequence[str]:
    """The names of exceptions that a generator catches around a ``yield``."""
    tries = (node for node in ast.walk(_definition(path, line)) if isinstance(node, ast.Try))
    return [
        n for t in tries if any(isinstance(p, ast.Yield) for p in ast.walk(t)) for n in _names(t)
    ]


@lru_cache(maxsize=256)
def _returns_something(path: str, line: int) -> bool:
    """Whether an ``__exit__`` may return a true value, and so swallow the exception."""
    returns = (node for node in ast.walk(_definition(path, line)) if isinstance(node, ast.Return))
    return any(r.value and ast.unparse(r.value) not in ("None", "False") for r in returns)


def _definition(path: str, line: int) -> ast.AST:
    """The function of the user that begins at a line; else an empty module."""
    nodes = ast.walk(_parsed("".join(linecache.getlines(path)))) if is_user_path(path) else ()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = (n for n in nodes if isinstance(n, kinds) and _first_line(n) == line)
    return next(found, ast.Module([], []))


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _that_catch() -> Iterator[FrameType]:
    """The model's functions under way that may have a ``try``, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not called.__code__:
        if getattr(frame.f_code, "co_exceptiontable", True) and is_user_frame(frame):
            yield frame  # Python 3.10 has no such table
        frame = frame.f_back


def _tries_of(path: str) -> list[tuple[int, int, list[str], list[str]]]:
    return _tries("".join(linecache.getlines(path)))


@lru_cache(maxsize=256)
def _tries(source: str) -> list[tuple[int, int, list[str], list[str]]]:
    """For every ``try`` of a file the first and the last line of its body, and what it catches.

    ``with suppress(…)`` is one; of other context managers the names are given.
    """
    found = [n for n in ast.walk(_parsed(source)) if isinstance(n, (ast.Try, ast.With))]
    return [
        (t.body[0].lineno, t.body[-1].end_lineno or 0, [*_names(t)], _managers(t)) for t in found
    ]


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # a notebook, or no Python
        return ast.Module([], [])


def _managers(node: ast.Try | ast.With) -> list[str]:
    """``self.quiet`` of ``with self.quiet(…)``."""
    items = node.items if isinstance(node, ast.With) else ()
    made = (i.context_expr for i in items)
    return [ast.unparse(m.func if isinstance(m, ast.Call) else m) for m in made]


def _names(node: ast.Try | ast.With) -> Iterator[str]:
    """The names that stand in its handlers; one without names catches everything."""
    kinds = _suppressed(node) if isinstance(node, ast.With) else [h.type for h in node.handlers]
    for kind in kinds:
        if kind is None:
            yield "BaseException"
        else:
            yield from (n.id for n in ast.walk(kind) if isinstance(n, ast.Name))


def _suppressed(node: ast.With) -> Iterator[ast.expr]:
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("suppress"):
            yield from call.args
