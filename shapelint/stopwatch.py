"""How long something takes on a machine that others use as well.

A process that could go on but gets no processor is not slow. Linux says how long each thread waited
for one (the second number of ``/proc/PID/schedstat``, see its sched-stats.rst); elsewhere all time
counts.
"""

from __future__ import annotations

import time

SECONDS: float = 60
"""What a model may take if nothing else is said."""

_PATIENCE = 5
"""At least one second in so many counts, whatever the process waits for."""


class Stopwatch:
    """Counts the seconds of a process, asleep or at work, but not those without a processor."""

    def __init__(self, limit: float, pid: int = 0) -> None:
        self.limit = limit
        self._start = time.monotonic()
        self._waited = 0.0
        self.watch(pid)

    def watch(self, pid: int) -> None:
        """Watch this process from now on; 0 is none, and all time counts."""
        self._pid, self._before = pid, kept_waiting(pid)

    def seconds(self) -> float:
        """What counts, so far."""
        passed = time.monotonic() - self._start
        self._waited = max(self._waited, kept_waiting(self._pid) - self._before)
        return max(passed - self._waited, passed / _PATIENCE)

    def left(self) -> float:
        """Seconds up to the limit; 0 if that is reached."""
        return max(0.0, self.limit - self.seconds())


def kept_waiting(pid: int) -> float:
    """Seconds that the first thread of a process could have run and did not; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, LookupError, ValueError):
        return 0.0
