"""What user code may use up: time, memory."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from shapelint.facts import TOOK_LONGER
from shapelint.memory import limit_data
from shapelint.stopwatch import Stopwatch

if sys.platform != "win32":
    import resource

_MOMENT = 0.01


@contextmanager
def time_limit(
    seconds: float, raised: Callable[[str], BaseException] = TimeoutError
) -> Iterator[None]:
    """Raise TimeoutError, or what is to be ``raised``, after ``seconds``, see :class:`Stopwatch`.

    Works between Python instructions of the main thread only; a call that hangs inside C is ended
    by the client, which kills the process. Limits may be nested: the inner one ends first.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    watch = Stopwatch(seconds, os.getpid())

    def expire(number: int, frame: FrameType | None) -> None:
        if (left := watch.left()) > _MOMENT:
            signal.setitimer(signal.ITIMER_REAL, left)
            return
        raise raised(f"{TOOK_LONGER} {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)


def limit_memory(megabytes: int) -> None:
    """Let this process allocate ``megabytes`` more than it has; then it gets a MemoryError.

    Where the system runs short before that, it ends this process first, and no crash leaves a core
    file. Does nothing where there are no such limits.
    """
    if sys.platform != "linux":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    limit_data(megabytes)
