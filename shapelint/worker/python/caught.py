"""Whether the model catches what an operation raises: then it asks, and demands nothing."""

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

from shapelint.worker.frames import is_user_frame
from shapelint.worker.gathered import gathered


def called(root: nn.Module, tensors: Mapping[str, Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a model; whoever catches outside of this call is none of its code.

    Arguments named by a number are positions. What runs only when somebody asks for it is asked
    for: a generator yields all its items, a coroutine is awaited.
    """
    given = gathered(root, tensors)
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
        first <= frame.f_lineno <= last and _is_one_of(error, names, frame)
        for frame in _that_catch()
        for first, last, names in _tries("".join(linecache.getlines(frame.f_code.co_filename)))
    )


def _is_one_of(error: type[Exception], names: Sequence[str], frame: FrameType) -> bool:
    known = ChainMap(frame.f_locals, frame.f_globals, vars(builtins))
    kinds = pytree.tree_leaves([known.get(name) for name in names])
    return any(isinstance(kind, type) and issubclass(error, kind) for kind in kinds)


def _that_catch() -> Iterator[FrameType]:
    """The model's functions under way that may have a ``try``, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not called.__code__:
        if getattr(frame.f_code, "co_exceptiontable", True) and is_user_frame(frame):
            yield frame  # Python 3.10 has no such table
        frame = frame.f_back


@lru_cache(maxsize=256)
def _tries(source: str) -> list[tuple[int, int, list[str]]]:
    """For every ``try`` of a file the first and the last line of its body, and what it catches.

    ``with suppress(…)`` is one.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # a notebook, or no Python
        return []
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.Try, ast.With))]
    return [(t.body[0].lineno, t.body[-1].end_lineno or 0, [*_names(t)]) for t in found]


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
