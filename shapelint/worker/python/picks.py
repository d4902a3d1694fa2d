"""Index tensors that are made of sizes, and lists of indices: what they pick has to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import all_of
from shapelint.trace import UNKNOWN_INDEX
from shapelint.worker.nested import has_lengths
from shapelint.worker.python.contents import Contents, Unknown, contents_of, known
from shapelint.worker.python.ranges.interval import Range, is_from_data, range_of
from shapelint.worker.recorder import current
from shapelint.worker.shapes import Shape, either, eq, ge, need, numel, only_on_cpu, shape_of


def needs_to_be_inside(
    index: Any,
    n: int,
    why: Callable[[int], str],
    least: int = 0,
    error: type[Exception] = IndexError,
) -> None:
    """Every number in ``index`` is from ``least`` to below ``n``.

    Where -1 is the last place, ``least`` is ``-n``. Numbers that the caller gives are taken to be
    right. ``why`` gives PyTorch's text about a number that is not inside.
    """
    contents = _listed(index) or contents_of(index)
    if contents is None:
        _may_be_inside(index, n, least, why, error)
        return
    none = eq(numel(contents.lengths), 0)
    only_on_cpu()
    try:
        for low, high in _extremes(contents):
            need(either(none, ge(low, least)), "fits", _worded(why, low), low, n, error=error)
            first = high if low is high else n  # of numbers that rise one by one
            need(either(none, ge(n - 1, high)), "fits", _worded(why, first), high, n, error=error)
    except Unknown:
        if not _is_inside(index, n, least, range_of(index)):
            _lost("lengths")


def _may_be_inside(
    index: torch.Tensor, n: int, least: int, why: Callable[[int], str], error: type[Exception]
) -> None:
    """Numbers that the caller gives are inside, unless it is known how large they may be."""
    recorder, own = current(), range_of(index)
    if recorder is None:
        return
    recorder.depends_on_more()
    if own is not None and own.given:
        own = _chosen(own, least)
        if own is None or _counted(index, n, own, why, error):
            return
    if (own or is_from_data(index)) and not _is_inside(index, n, least, own):
        _lost("values")


def _chosen(own: Range, least: int) -> Range | None:
    """What the caller gives is not too small; None if it is up to the caller how large it is."""
    own = replace(own, low=known(least))
    return own if _ends(own) else None


def _counted(
    index: torch.Tensor, n: int, own: Range, why: Callable[[int], str], error: type[Exception]
) -> bool:
    """Whether the caller's numbers grow with a size, and what they pick from does not.

    They are positions then, and taken to be as large as they may be.
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


def _extremes(contents: Contents) -> Iterator[tuple[Any, Any]]:
    """Pairs of a least and a greatest number, which together cover all."""
    if contents.ends is not None:
        yield contents.ends[0].value, contents.ends[1].value
    elif has_lengths(contents.lengths):
        raise Unknown
    else:
        yield from ((cell.value, cell.value) for cell in contents.cells())


def _worded(why: Callable[[int], str], number: int) -> Callable[[], str]:
    return lambda: why(int(number))
