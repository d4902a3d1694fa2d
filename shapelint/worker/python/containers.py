"""Looking up a length in a container, by index or as a key.

:mod:`.rewriting` makes code call these functions. A key is compared with those that
are there, each time a branch like any other; an index is within the sequence or not, and then it is
one of so many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, ItemsView, Iterable, KeysView
from types import MappingProxyType
from typing import Any

from torch import nn

from shapelint.trace import UNFOLLOWED
from shapelint.worker.nested import has_lengths
from shapelint.worker.python.escapes import became_key, became_text
from shapelint.worker.python.length import Length, LengthFloat, fixed
from shapelint.worker.python.rewriting import HOOKS
from shapelint.worker.recorder import note_lost

_HASHED = (dict, set, frozenset, KeysView, ItemsView, MappingProxyType)
_PLACED = (list, tuple, range, str, bytes, deque, nn.ModuleList, nn.Sequential, nn.ParameterList)
_CHOOSES = "a length chooses from a sequence"
_MOST = 64
"""Keys that a length is compared with one by one."""


def _item(container: Any, key: Any) -> Any:
    """``container[key]``."""
    return container[_asked(container, key)]


def _store(value: Any, container: Any, key: Any) -> None:
    """``container[key] = value``."""
    container[_asked(container, key)] = value


def _contains(container: Any, key: Any) -> bool:
    """``key in container``."""
    if isinstance(container, _HASHED):
        _compare(key, container)
    elif isinstance(container, (list, tuple)) and isinstance(key, Length):
        return any(key == member for member in container)
    return key in container


def _method(container: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """``container.get(key)`` and the like."""
    first, *rest = args
    if isinstance(container, _HASHED):
        _compare(first, container)
    elif isinstance(container, _PLACED) and name in ("insert", "pop"):
        first = _place(first, len(container))
    return getattr(container, name)(first, *rest, **kwargs)


def _count(values: Iterable[Any]) -> int:
    """``len({*values})``."""
    members = list(values)
    for i, member in enumerate(members):
        _compare(member, members[:i])
    return len(set(members))


def _same(one: Any, other: Any) -> bool:
    """``one is other``: CPython has each small int once, and may or may not have another again."""
    if one is other or not any(isinstance(n, Length) for n in (one, other)):
        return one is other
    if any(type(n) is int and -5 <= n <= 256 for n in (one, other)):
        return bool(one == other)
    note_lost(f"a size is asked whether it is an object, {UNFOLLOWED}")
    return isinstance(one, int) and isinstance(other, int) and bool(-5 <= one == other <= 256)


def _text(pattern: str, values: Any) -> Any:
    """``pattern % values``."""
    if has_lengths([values]):
        became_text()
    return pattern % values


CALLED: dict[str, Callable[..., Any]] = dict(
    zip(HOOKS, (_contains, _count, _item, _method, _same, _store, _text))
)
"""By the names that rewritten code knows them by."""


def _asked(container: Any, key: Any) -> Any:
    """The key, after branches have decided which key of the container it equals."""
    if isinstance(container, _HASHED):
        _compare(key, container)
    elif isinstance(container, _PLACED):
        return _place(key, len(container))
    return key


def _compare(key: Any, there: Collection[Any]) -> None:
    """Record branches that decide whether a key equals one of those in the container."""
    if type(key) is str or not (_has_length(key) or any(map(_has_length, there))):
        return
    if len(there) > _MOST:
        became_key()
    any(key == other for other in there)


def _has_length(key: Any) -> bool:
    """Whether a key is a length, or a tuple with one in it."""
    if isinstance(key, tuple):
        return any(map(_has_length, key))
    return isinstance(key, (Length, LengthFloat))


def _place(index: Any, count: int) -> Any:
    """An index into ``count`` members, or the bounds of a slice, as bare numbers."""
    if isinstance(index, slice):
        start, stop = (_bound(b, count) for b in (index.start, index.stop))
        step = index.step
        return slice(start, stop, fixed(step, _CHOOSES) if isinstance(step, Length) else step)
    if not isinstance(index, Length):
        return index
    return fixed(index, _CHOOSES) if -count <= index < count else int(index)


def _bound(bound: Any, count: int) -> Any:
    """A bound of a slice clamped to the ends of the sequence, beyond which all act alike."""
    if not isinstance(bound, Length):
        return bound
    if bound >= count:
        return count
    return fixed(bound, _CHOOSES) if bound >= -count else -count - 1
