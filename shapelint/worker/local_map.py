"""What one call does to a length, apart from how the length came about: the map ``n -> n'``."""

from __future__ import annotations

from typing import Any

from shapelint.lengths.expr import Expr, symbol
from shapelint.worker.nested import shapes_in
from shapelint.worker.python.length import Length, expr_of, length
from shapelint.worker.recorder import Recorder, recording
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor


class _StandIn:
    """A tensor reduced to its lengths, for asking a transfer function about other lengths."""

    def __init__(self, lengths: Shape) -> None:
        self.lengths = lengths


def local_map(
    transfer: Any, args: Any, kwargs: Any, shapes: tuple[Shape, ...]
) -> tuple[Expr | None, ...]:
    """For each dim whose length changed, the new length in terms of ``n``, the old one; else None.

    Found by calling the transfer function with ``n`` for the lengths that changed. Empty where
    there is no such map.
    """
    if transfer is None or not shapes or not args or type(args[0]) is not ShapeTensor:
        return ()
    before, after = args[0].lengths, shapes[0]
    changed = _changed(before, after) if len(before) == len(after) else []
    if not changed:
        return ()
    asked = Shape(length(int(a), symbol("n")) if i in changed else a for i, a in enumerate(before))
    try:
        with recording(Recorder({"n": int(before[changed[0]])})):
            answer = transfer(_StandIn(asked), *args[1:], **kwargs)
    except Exception:  # an op that looks at more of its argument than the lengths has no map
        return ()
    first = next(shapes_in(answer), None)
    if first is None or len(first) != len(after):
        return ()
    return tuple(expr_of(n) if i in changed else None for i, n in enumerate(first))


def _changed(before: Shape, after: Shape) -> list[int]:
    return [
        i
        for i, (a, b) in enumerate(zip(before, after))
        if isinstance(a, Length) and a is not b and a.expr != expr_of(b)
    ]
