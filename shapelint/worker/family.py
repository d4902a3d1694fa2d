"""The processes that user code starts: how much memory they hold, and their end.

On Linux the worker adopts the orphans among its descendants (prctl(2), PR_SET_CHILD_SUBREAPER), so
a process in a session of its own is found as well. Elsewhere only the group of a child is known.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_END = 5.0
"""Seconds that killed processes have to go away."""


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(pid: int) -> None:
    """Kill a child and its group."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):  # it ended, or has no group yet
            kill(pid, signal.SIGKILL)


def end_all() -> None:
    """Kill and reap every descendant of this process."""
    deadline = time.monotonic() + _LONGEST_END
    while (left := list(_descendants(os.getpid()))) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)


def resident(pid: int) -> int:
    """Bytes of memory that a process and its descendants hold; 0 where that cannot be told."""
    pages = sum(map(_pages, (pid, *_descendants(pid))))
    return pages * os.sysconf("SC_PAGE_SIZE")


def _pages(pid: int) -> int:
    sizes = _read(f"/proc/{pid}/statm").split()
    return int(sizes[1]) if sizes else 0


def _descendants(pid: int) -> Iterator[int]:
    """Children of any thread of a process, and theirs; see proc_pid_task(5)."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in map(int, _read(f"/proc/{pid}/task/{thread}/children").split()):
                yield child
                yield from _descendants(child)


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:  # the process ended meanwhile
        return ""
