"""Index tensors that are made of sizes, and lists of indices: what they pick has to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.trace import UNKNOWN_INDEX
from shapelint.worker.nested import has_lengths
from shapelint.worker.python.contents import Contents, Unknown, contents_of, known
from shapelint.worker.recorder import current
from shapelint.worker.shapes import Shape, either, eq, ge, need, numel, only_on_cpu


def needs_to_be_inside(
    index: Any, n: int, why: Callable[[int], str], from_end: bool = False
) -> None:
    """Every number in ``index`` is below ``n``; with ``from_end``, -1 is the last place.

    Nothing is said of numbers that do not follow from sizes. ``why`` gives PyTorch's text about a
    number that is not inside.
    """
    contents = _listed(index) or contents_of(index)
    if contents is None:
        return
    least, none = -n if from_end else 0, eq(numel(contents.lengths), 0)
    only_on_cpu()
    try:
        for low, high in _extremes(contents):
            need(either(none, ge(low, least)), "fits", _worded(why, low), low, n, error=IndexError)
            first = high if low is high else n  # of numbers that rise one by one
            need(
                either(none, ge(n - 1, high)),
                "fits",
                _worded(why, first),
                high,
                n,
                error=IndexError,
            )
    except Unknown:
        _lost()


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


def _lost() -> None:
    recorder = current()
    if recorder is not None:
        recorder.lost(UNKNOWN_INDEX)
