"""Times and memory side by side: what is compared is measured in turns in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

Work = Callable[[], object]


def medians(works: Sequence[Work], rounds: int) -> list[float]:
    """Median seconds of each, after a first try of all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds + 1):
        for work, taken in zip(works, times):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken[1:]) for taken in times]


class Process(NamedTuple):
    """A whole process, from its start to its end."""

    arguments: tuple[str, ...]
    folder: Path
    path: str = ""
    """Of packages beside those of this Python."""


def python(*arguments: str, folder: Path = ROOT, path: str = "") -> Process:
    """This Python."""
    return Process((sys.executable, *arguments), folder, path)


class Cost(NamedTuple):
    """What a process costs, with all the processes that it waits for."""

    clock: float
    """Seconds that pass; on a busy machine this says as much about the others."""
    processors: float
    """Seconds of processors, those of the system included."""
    memory: float
    """What the largest of them held at once."""
    output: str


def cost(process: Process) -> Cost:
    """Of one run. The package has compiled files beside its sources, as pip installs them."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(filter(None, (process.path, str(ROOT))))
    start = time.perf_counter()
    with subprocess.Popen(
        process.arguments,
        cwd=process.folder,
        env={**environment, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        output = running.stdout.read()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    clock = time.perf_counter() - start
    return Cost(clock, used.ru_utime + used.ru_stime, used.ru_maxrss, output)


def cost_ratio(process: Process, unit: Process, rounds: int) -> Cost:
    """Least cost over least cost of the unit, measured in turns after a first try.

    Without rounds the first try counts: what takes minutes needs no second one.
    """
    pairs = [(cost(process), cost(unit)) for _ in range(rounds + 1)][-rounds:]
    clock, processors, memory = (
        min(p[i] for p, _ in pairs) / min(u[i] for _, u in pairs) for i in range(3)
    )
    return Cost(clock, processors, memory, pairs[-1][0].output)
