"""Budgets for solving: some sets have so many pieces that nobody would wait for the answer.

isl stops when it is told to after a number of steps, but does not say how many it took. So every
operation is tried with a small limit first, and again with a greater one where that is not enough:
what it costs is then known within a small factor, and is charged to all budgets that are open. A
step takes about a microsecond; where it takes far more, there is no further try.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time
from types import FrameType
from typing import Any, NoReturn, TypeVar

import islpy as isl

T = TypeVar("T")

_FIRST = 1_000
_GROWTH = 8
_HEAVY = 50e-6
"""Seconds per step, fifty times the usual: the numbers in a set have grown, and go on growing."""
_PATIENCE = 0.5
"""Seconds of processor time before that is looked at."""
_AGAIN = 1.0
"""Seconds until who has not stopped is interrupted once more."""
_KEPT = 2**14
"""Answers that are remembered at once."""

Memory = dict[Any, Any]
"""Questions that were asked, and their answers."""


class TooHard(Exception):
    """The budget is spent; nothing is known about the set that was asked for."""


class Effort:
    """Steps of isl that may be taken for one purpose; a million take about a second.

    The same question always costs the same, on every machine.
    """

    def __init__(self, steps: int, purpose: str) -> None:
        self.left = steps
        self.purpose = purpose
        self.memory: Memory = {}

    def spend(self, steps: int) -> None:
        """Raises TooHard if that is more than what is left."""
        self.left -= steps
        if self.left < 0:
            raise TooHard(f"the budget of steps for {self.purpose} is spent")

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Whatever isl does in the body is charged to this budget, and to those around it."""
        _OPEN.append(self)
        try:
            yield
        finally:
            _OPEN.remove(self)


class Deadline(Effort):
    """A time, on a clock that counts seconds, after which nothing more is worked out."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        super().__init__(0, f"--timeout ({seconds:g} s)")
        self._clock = clock
        self._seconds = seconds
        self._end = clock() + seconds

    def spend(self, steps: int) -> None:
        """Raises TooHard once the time has come."""
        if self._clock() > self._end:
            self._over()

    def _over(self) -> NoReturn:
        raise TooHard(f"the time of {self.purpose} is over")

    @contextmanager
    def spent(self) -> Iterator[None]:
        """As for any budget; in addition a loop that charges nothing is interrupted."""
        with super().spent(), self._interrupting():
            yield

    @contextmanager
    def _interrupting(self) -> Iterator[None]:
        """Interrupt by a signal; only the main thread receives signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        imports = _imports(sys._getframe())

        def interrupt(_: int, frame: FrameType | None) -> None:
            """Not while a budget is opened or closed, or a module imported: the next time does."""
            if frame and frame.f_code.co_filename not in _ORDERLY and _imports(frame) == imports:
                self._over()

        before = signal.signal(signal.SIGPROF, interrupt)
        signal.setitimer(signal.ITIMER_PROF, self._seconds, _AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


_OPEN: list[Effort] = []
_ORDERLY = (__file__, contextlib.__file__)
"""Where it is opened and closed."""


def _imports(frame: FrameType | None) -> int:
    """How many frames of the import system are around a frame."""
    number = 0
    while frame:
        number += frame.f_code.co_filename == "<frozen importlib._bootstrap>"
        frame = frame.f_back
    return number


@contextmanager
def at_most(steps: int, purpose: str = "one question") -> Iterator[Effort]:
    """Raises TooHard once isl has spent ``steps`` in the body."""
    effort = Effort(steps, purpose)
    with effort.spent():
        yield effort


def memory() -> Memory:
    """What was found out under the outermost open budget: later questions are much like these.

    New for each of these, as a question may not cost less because another model asked it.
    """
    if not _OPEN:
        return {}
    known = _OPEN[0].memory
    if len(known) > _KEPT:
        known.clear()
    return known


def charge(steps: int) -> None:
    """Charge steps that were taken without isl. Raises TooHard if a budget is spent."""
    for effort in _OPEN:
        effort.spend(steps)


def charged(work: Callable[[], T]) -> T:
    """What ``work``, one operation of isl, returns; its steps are charged to all open budgets.

    Raises TooHard if one of them is spent, or the next try, which nothing can end, would take
    minutes.
    """
    if not _OPEN:
        return work()
    context, limit = isl.DEFAULT_CONTEXT, _FIRST
    try:
        while True:
            charge(limit)
            context.reset_operations()
            context.set_max_operations(limit)
            start = process_time()
            try:
                return work()
            except (isl.Error, TypeError):  # says what was under way; or a value has no text
                _go_on(limit, process_time() - start)
                limit *= _GROWTH
    finally:
        context.set_max_operations(0)
        context.reset_operations()


def _go_on(steps: int, seconds: float) -> None:
    """Raises TooHard if so many steps took so long that more of them are not worth it."""
    if seconds > _PATIENCE and seconds > steps * _HEAVY:
        raise TooHard("the numbers in a set of sizes grow too large")
