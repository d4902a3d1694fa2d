"""Whole numbers that rise evenly along the last dim, as ``torch.arange`` makes them.

Of such rows the first element, the last one and the difference are known at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from shapelint.worker.python.compared import expr_of
from shapelint.worker.python.contents import WHOLE, Cell, Contents, known
from shapelint.worker.python.values import followed
from shapelint.worker.python.values.call import Call, as_contents
from shapelint.worker.shapes import dim_index

Rule = Callable[[Call], Contents]


def shifting(rule: Rule) -> Rule:
    """A rule for sums: what is added to all elements alike leaves the step between them."""

    @wraps(rule)
    def stepping(call: Call) -> Contents:
        result, source = rule(call), as_contents(call.args[0])
        other = as_contents(call.argument(1, "other"))
        shifted = other.fill is not None and {source.dtype, other.dtype, call.dtype} <= WHOLE
        return replace(result, step=source.step) if shifted and _as_long(call) else result

    return stepping


def widened(rule: Rule) -> Rule:
    """A rule for views: more of the same rows."""

    @wraps(rule)
    def stepping(call: Call) -> Contents:
        result = rule(call)
        same = getattr(call.func, "__name__", "") in _WIDER and _as_long(call)
        return replace(result, step=call.args[0].step) if same else result

    return stepping


_WIDER = frozenset({"broadcast_to", "expand", "expand_as", "unsqueeze"})


def _as_long(call: Call) -> bool:
    """Whether the rows are as long as before."""
    before = as_contents(call.args[0]).lengths[-1:]
    return bool(before) and expr_of(before[0]) == expr_of(call.shape[-1])


def subscripted(call: Call, cells: Callable[[], list[Cell]]) -> Contents | None:
    """What a subscript makes of such rows: rows like them, or an end of each; None for others."""
    source, key = call.args[0], call.argument(1, "key")
    if source.step is None or getattr(call.func, "__name__", "") != "__getitem__":
        return None
    keys = list(key) if isinstance(key, tuple) else [key]
    *others, last = keys
    if not all(_takes_all(k) or type(k) is int for k in others):
        return None
    taken = sum(k is not None and k is not Ellipsis for k in keys)
    if not _takes_all(last) and (Ellipsis in others or taken == len(source.lengths)):
        return _end(call, last)
    if _takes_all(last) or type(last) is int:
        assert source.ends is not None
        low, high = source.ends
        kept = call.between(low, high, cells)
        return replace(kept, step=source.step) if _as_long(call) else None
    return None


def takes_everything(call: Call) -> bool:
    """Whether it is a subscript that leaves nothing out, as ``x[:, None]``."""
    keys = call.argument(1, "key")
    is_subscript = getattr(call.func, "__name__", "") == "__getitem__"
    return is_subscript and all(map(_takes_all, keys if isinstance(keys, tuple) else (keys,)))


def _takes_all(key: Any) -> bool:
    return key is None or key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def _end(call: Call, key: Any) -> Contents | None:
    """The first element of all rows, or the last one."""
    first, last = _ends(call.args[0])
    if (type(key) is int and key == 0) or (isinstance(key, slice) and _is_first(key)):
        return call.filled(first)
    return call.filled(last) if type(key) is int and key == -1 else None


def _is_first(key: slice) -> bool:
    return key.start in (None, 0) and type(key.stop) is int and key.stop == 1 and not key.step


def _ends(source: Contents) -> tuple[Cell, Cell]:
    assert source.ends is not None
    assert source.step is not None
    return source.ends if source.step > 0 else source.ends[::-1]


@followed("diff")
def diff(call: Call) -> Contents:
    """The step between neighbours; also from what stands in front of each row, if it fits."""
    source, before = call.args[0], call.argument(3, "prepend")
    rank = len(source.lengths)
    at_last = dim_index(call.argument(2, "dim", default=-1), rank) == rank - 1
    if source.step is None or not at_last or call.argument(1, "n", default=1) != 1:
        return call.unknown()
    if call.argument(4, "append") is not None or not _fits(before, source):
        return call.unknown()
    return call.filled(known(source.step))


def _fits(before: Any, source: Contents) -> bool:
    """Whether ``before`` stands one step below the first element."""
    if before is None:
        return True
    fill = before.fill if isinstance(before, Contents) and before.lengths[-1] == 1 else None
    if fill is None or before.measured or source.measured:
        return False
    assert source.step is not None
    return bool(_ends(source)[0].value - fill.value == source.step)
