"""Bounds checks: indices in tensors and lists have to be inside of what they index.

The contents of an index tensor that is made of sizes are known, of others perhaps the range of its
values. Indices that the caller passes in are taken to be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import all_of
from shapelint.trace import UNKNOWN_INDEX
from shapelint.worker.nested import has_lengths, tensors_in
from shapelint.worker.python.contents import WHOLE, Contents, Unknown, contents_of, known
from shapelint.worker.python.ranges.interval import Range, origin_of, range_of
from shapelint.worker.recorder import NeedFailed, Recorder, current, recording
from shapelint.worker.shapes import Shape, either, eq, ge, need, numel, only_on_cpu, shape_of


def need_in_bounds(
    index: Any,
    n: int,
    why: Callable[[int], str],
    least: int = 0,
    error: type[Exception] = IndexError,
) -> None:
    """Need that ``least <= i < n`` for every ``i`` in ``index``; PyTorch raises ``error`` else.

    ``least`` is ``-n`` where negative indices count from the end. ``why`` words PyTorch's error for
    an index that is out of bounds. If the indices are not known the run is checked, not proven.
    """
    listed = _listed(index)
    contents = listed or contents_of(index)
    if contents is None:
        _may_be_inside(index, n, least, why, error)
        return
    none = eq(numel(contents.lengths), 0)
    only_on_cpu()

    def worded(number: int) -> Callable[[], str]:
        return lambda: why(_first_outside(listed, int(least), int(n), int(number)))

    try:
        for low, high in _extremes(contents):
            need(either(none, ge(low, least)), "fits", worded(low), low, n, error=error)
            first = high if low is high else n  # of numbers that rise one by one
            need(either(none, ge(n - 1, high)), "fits", worded(first), high, n, error=error)
    except Unknown:
        if not _is_inside(index, n, least, range_of(index)):
            _lost("lengths")


def _may_be_inside(
    index: torch.Tensor, n: int, least: int, why: Callable[[int], str], error: type[Exception]
) -> None:
    """The same for an index of which at most a range is known."""
    recorder, own = current(), range_of(index)
    if recorder is None:
        return
    recorder.notes.depends_on_ranges()
    if own is not None and own.given and origin_of(index) != "sizes":
        own = _chosen(own, least)
        if own is None or _counted(index, n, own, why, error):
            return
    if (own or origin_of(index) != "model") and not _is_inside(index, n, least, own):
        _lost("values" if origin_of(index) == "data" else "lengths")


def _chosen(own: Range, least: int) -> Range | None:
    """The range of indices from the caller, its low end taken to be right; None if unbounded."""
    own = replace(own, low=known(least))
    return own if _ends(own) else None


def _counted(
    index: torch.Tensor, n: int, own: Range, why: Callable[[int], str], error: type[Exception]
) -> bool:
    """Need bounds of indices from the caller that grow with a size, if ``n`` does not.

    Such indices are positions, and taken to be as large as they may be. Whether it is so.
    """
    _, high = _ends(own) or (0, 0)
    if type(n) is not int or type(high) is int:
        return False
    inside = either(eq(numel(shape_of(index)), 0), ge(n - 1, high))
    only_on_cpu()
    need(inside, "fits", _worded(why, high), high, n, error=error, certain=False)
    return True


def _is_inside(index: torch.Tensor, n: int, least: int, own: Range | None) -> bool:
    """Whether all numbers in a range are from ``least`` to below ``n``: a branch."""
    recorder, ends = current(), _ends(own)
    if recorder is None or ends is None:
        return False
    only_on_cpu()
    none, (low, high) = eq(numel(shape_of(index)), 0), ends
    return recorder.branch(either(none, all_of([ge(low, least), ge(n - 1, high)])))


def _ends(own: Range | None) -> tuple[int, int] | None:
    """The least and the greatest whole number; None if they are not known."""
    if own is None:
        return None
    with suppress(Unknown, ArithmeticError):
        low, high = own.low.value, own.high.value
        if isinstance(low, int) and isinstance(high, int):
            return low, high
    return None


def _lost(source: str) -> None:
    recorder = current()
    if recorder is not None:
        recorder.lost(f"{UNKNOWN_INDEX} {source}")


def _listed(index: Any) -> Contents | None:
    """What a list holds, or an array of NumPy; None for a tensor."""
    if isinstance(index, torch.Tensor):
        return None
    numbers = pytree.tree_leaves(index.tolist() if hasattr(index, "tolist") else [*index])
    cells = [known(number) for number in numbers]
    if not numbers or any(type(number) is not int for number in numbers):
        return Contents(Shape([len(cells)]), torch.int64, lambda: cells)
    ends = (known(min(numbers)), known(max(numbers)))
    return Contents(Shape([len(cells)]), torch.int64, lambda: cells, ends)


def _first_outside(listed: Contents | None, least: int, n: int, otherwise: int) -> int:
    """Which index PyTorch names: of a list the first that is out of bounds."""
    numbers = [int(cell.value) for cell in listed.cells()] if listed else []
    return next((i for i in numbers if not least <= i < n), otherwise)


def _extremes(contents: Contents) -> Iterator[tuple[Any, Any]]:
    """Intervals ``(low, high)`` that together contain every element."""
    if contents.ends is not None:
        yield contents.ends[0].value, contents.ends[1].value
    elif has_lengths(contents.lengths):
        raise Unknown
    else:
        yield from ((cell.value, cell.value) for cell in contents.cells())


def picks_outside(name: str, transfer: Any, args: Any, kwargs: Any) -> bool:
    """Whether a call without lengths picks by known numbers what is not there.

    The meta kernels that make such calls do not look.
    """
    if transfer is None or not _has_known_index(name, args, kwargs):
        return False
    with recording(Recorder({})), suppress(Exception):  # what else is wrong PyTorch says itself
        try:
            transfer(*args, **kwargs)
        except NeedFailed:
            return True
    return False


def _has_known_index(name: str, args: Any, kwargs: Any) -> bool:
    key = args[1] if name == "__getitem__" else ()
    if any(isinstance(part, list) for part in (key if isinstance(key, tuple) else (key,))):
        return True
    held = map(contents_of, tensors_in((args, kwargs)))
    return any(contents is not None and contents.dtype in WHOLE for contents in held)


def _worded(why: Callable[[int], str], number: int) -> Callable[[], str]:
    return lambda: why(int(number))
