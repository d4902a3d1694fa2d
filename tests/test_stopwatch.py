"""What counts as time where others use the processors as well."""

from __future__ import annotations

import os
import sys
import time

import pytest

from shapelint import stopwatch
from shapelint.stopwatch import Stopwatch, kept_waiting
from shapelint.worker.limits import time_limit

WAITS = {
    "nobody else is there": (0, 4, 6),
    "half of the time": (4, 8, 6),
    "nearly all of it": (99, 100, 0),
    "at least a fifth counts": (10**6, 10, 8),
    "the process ended": (-3, 4, 6),
}
"""Seconds without a processor, seconds that passed, and how many of ten are left."""


@pytest.mark.parametrize(("waited", "passed", "left"), WAITS.values(), ids=WAITS)
def test_what_counts(monkeypatch, waited, passed, left):
    clock, waits = [100.0], [7.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(stopwatch, "kept_waiting", lambda pid: waits[0])
    watch = Stopwatch(10, 1)
    clock[0], waits[0] = 100.0 + passed, 7.0 + waited
    assert watch.left() == left


def test_nothing_is_known_of_no_process():
    assert kept_waiting(0) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="not told elsewhere")
def test_processes_that_share_a_processor_wait_for_each_other():
    one = min(os.sched_getaffinity(0))
    pids = [_busy(one) for _ in range(3)]
    try:
        end = time.monotonic() + 20
        while min(map(kept_waiting, pids)) < 0.05 and time.monotonic() < end:
            time.sleep(0.01)
        assert min(map(kept_waiting, pids)) >= 0.05
    finally:
        for pid in pids:
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def _busy(processor: int) -> int:
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {processor})
        while True:
            pass
    return pid


def test_a_statement_has_more_time_where_it_is_kept_waiting(monkeypatch):
    """Of each second it gets a fifth: the limit comes later, but it comes."""
    monkeypatch.setattr(stopwatch, "kept_waiting", lambda pid: time.monotonic() * 0.8)
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"took longer than 0\.1 s"), time_limit(0.1):
        time.sleep(20)
    assert time.monotonic() - started > 0.4
