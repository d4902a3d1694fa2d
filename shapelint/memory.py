"""How much memory a process may take on, and how much of it as a stack.

The limit is on data, not on address space: torch reserves far more of that than it uses. Where
there is no such limit, as on macOS, nothing is limited.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from shapelint.errors import UsageError

if sys.platform == "linux":
    import resource

MEGABYTES = 8192
"""What a model may take if nothing else is said."""

_STACK, _LEAST_STACK = 8 * 2**20, 2**20
"""What Linux gives if nothing else is said, and where deeply nested code may crash Python."""


def raise_stack() -> None:
    """Let the stacks of this process and of its children grow as usual, whatever was inherited.

    Raises UsageError where that is not allowed.
    """
    if sys.platform == "linux":
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        if soft == -1 or soft >= _STACK:  # RLIM_INFINITY
            return
        most = _STACK if hard == -1 else min(_STACK, hard)
        if most < _LEAST_STACK:
            small = f"a stack of {most >> 10} KiB is too small"
            raise UsageError(f"{small}: a higher limit is needed (ulimit -s)")
        resource.setrlimit(resource.RLIMIT_STACK, (most, hard))


@contextmanager
def at_most_megabytes(megabytes: int) -> Iterator[None]:
    """Raise MemoryError in the body where this process takes on more than that."""
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_with(megabytes, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def limit_data(megabytes: int) -> None:
    """Limit it for good: nothing in this process can lift the limit."""
    if sys.platform == "linux":
        limit = _with(megabytes, resource.getrlimit(resource.RLIMIT_DATA)[1])
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def lift_limit() -> None:
    """Allow as much as the system gives, whatever limit was inherited."""
    if sys.platform == "linux":
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _with(megabytes: int, most: int) -> int:
    """The bytes of data held now plus that much more, within any limit that holds already."""
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[5])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + megabytes * 2**20
    return limit if most == -1 else min(limit, most)  # RLIM_INFINITY
