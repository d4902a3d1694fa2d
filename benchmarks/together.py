"""The memory of a process and of all that it has started, each page counted once."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

from benchmarks.timing import ROOT, Process

_INTERVAL = 0.02


def most_held(process: Process) -> int:
    """Kilobytes that all of them held at once, at most: the sum of their PSS, see proc(5).

    A page that several processes share counts in parts, those of strangers included: on a machine
    where others run torch, files of torch count less here and in what this is measured against.

    What is read while a process forks counts shared pages once for the parent alone and once more
    for the child. So a sum counts as far as the next one confirms it.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    most = before = 0
    with subprocess.Popen(
        process.arguments,
        cwd=process.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        while running.poll() is None:
            now = sum(map(_share, _family(running.pid)))
            most, before = max(most, min(before, now)), now
            time.sleep(_INTERVAL)
    return most


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    with suppress(OSError):  # it ends meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as children:
                for child in map(int, children.read().split()):
                    yield from _family(child)


def _share(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return 0
