"""Several files at the same time: copies of this process, each with a worker of its own.

The copies (lanes) are forked before anything big is imported, so the imports of torch overlap with
each other and with those of the client. A lane gets a file when it has sent what it found out about
the one before. If it dies, that file alone is lost, and another lane is started in its place.

Lanes live as long as a pipe is open whose other end this process alone holds: they go when it has
what it wants, when it is interrupted, and when it is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from shapelint import stored
from shapelint.errors import UsageError
from shapelint.signals import OPEN, SIGNALS, blocked, leave

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

    from shapelint.model import Inspected
    from shapelint.process import Worker
    from shapelint.project.discovery import Place

_FEW = 4
"""Fewer files than that are done before a second import of torch."""
_MOST = 8
"""Lanes that are started unasked: each holds a copy of torch, some 300 MB."""
_GRACE = 15.0
"""Seconds that a lane has to end its worker."""

Look = Callable[["Worker", "Place"], "Inspected"]
Outcome = tuple["Place", "Inspected"]


def number_of_lanes(asked: int | None, files: int) -> int:
    """How many files to look at at the same time.

    Unasked it is 1 for few files, and in a process with threads: a copy of it may stand still for
    ever, see os.fork.
    """
    if asked is not None:
        return min(asked, files)
    if files < _FEW or _has_threads() or not hasattr(os, "fork"):
        return 1
    return min(_cores(), _MOST, files // 2)


def _has_threads() -> bool:
    tasks = "/proc/self/task"
    return threading.active_count() > 1 or (os.path.isdir(tasks) and len(os.listdir(tasks)) > 1)


def _cores() -> int:
    """The number of cores that this process may use, as far as the system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def inspected_in_lanes(
    start: Callable[[], Worker], places: Sequence[Place], look: Look, lanes: int
) -> Iterator[Outcome]:
    """What ``look`` finds out about each place, in the order in which they are done.

    Raises UsageError if ``look`` does: that of the first such place, however they were shared out.
    """
    with closing(_Lanes(start, look, lanes)) as running:
        yield from running.results(places)


class _Lanes:
    """Processes that wait for places, and what each of them is looking at."""

    def __init__(self, start: Callable[[], Worker], look: Look, lanes: int) -> None:
        self._start, self._look = start, look
        self._theirs, self._mine = os.pipe()
        self._processes: dict[Connection, ForkProcess] = {}
        self._busy: dict[Connection, int] = {}
        self._errors: dict[int, UsageError] = {}
        OPEN.append(self)
        try:
            for _ in range(lanes):
                self._add()
        except BaseException:  # no more processes are given: those that were are ended
            self.close()
            raise

    def results(self, places: Sequence[Place]) -> Iterator[Outcome]:
        """Hand out the places and take what comes."""
        waiting = iter(range(len(places)))
        for lane in list(self._processes):
            self._hand_out(lane, waiting, places)
        while self._busy:
            ready = wait(list(self._busy))
            for lane in [lane for lane in self._busy if lane in ready]:
                number = self._busy.pop(lane)
                answer = self._received(lane, places[number])
                if isinstance(answer, UsageError):
                    self._errors[number] = answer
                else:
                    yield places[number], answer
                if not self._errors:
                    alive = lane if lane in self._processes else self._add()
                    self._hand_out(alive, waiting, places)
        if self._errors:
            raise self._errors[min(self._errors)]

    def _hand_out(self, lane: Connection, waiting: Iterator[int], places: Sequence[Place]) -> None:
        for number in waiting:
            with suppress(BrokenPipeError):  # it died: that is seen when its answer is read
                lane.send(places[number])
            self._busy[lane] = number
            return

    def _received(self, lane: Connection, place: Place) -> Inspected | UsageError:
        """What a lane says about the place that it was given, or that it has died."""
        try:
            answer = lane.recv()
        except (EOFError, ConnectionResetError):
            return self._lost(lane, place)
        return answer if isinstance(answer, UsageError) else stored.decode(answer)

    def _lost(self, lane: Connection, place: Place) -> Inspected:
        from shapelint.inspection import lost

        process = self._processes.pop(lane)
        lane.close()
        process.join()
        return lost(place, f"a process of shapelint ended with status {process.exitcode}")

    def _add(self) -> Connection:
        """Start a lane; signals wait until it has installed its own handlers."""
        mine, its = multiprocessing.Pipe()
        with blocked():
            process = multiprocessing.get_context("fork").Process(
                target=self._run, args=(its,), daemon=True
            )
            process.start()
            self._processes[mine] = process
        its.close()
        return mine

    def _run(self, connection: Connection) -> None:
        """Runs in the lane: looks at the places that it is given until it is told to end."""
        OPEN.clear()  # those are the business of the process that started it
        os.close(self._mine)
        signal.signal(signal.SIGINT, lambda *_: None)  # that process is told as well
        signal.signal(signal.SIGTERM, lambda *_: leave(0))
        threading.Thread(target=_end_with, args=(self._theirs,), daemon=True).start()
        # the thread goes on without them: only where they are delivered can they be made to wait
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        with closing(self._start()) as worker:
            for place in _asked(connection):
                answer = _answer(self._look, worker, place)
                with suppress(BrokenPipeError):
                    connection.send(answer)

    def close(self) -> None:
        """End all lanes, and what they have started, once. Ctrl-C waits for that."""
        with blocked():
            if self in OPEN:
                OPEN.remove(self)
                self._close()

    def _close(self) -> None:
        os.close(self._mine)
        os.close(self._theirs)
        for lane, process in self._processes.items():
            process.join(_GRACE)
            process.kill()
            process.join()
            lane.close()


def _end_with(pipe: int) -> None:
    """End this process when the other end of a pipe is closed."""
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _asked(connection: Connection) -> Iterator[Place]:
    """What is to be looked at, until the process that asks is gone."""
    with suppress(EOFError, ConnectionResetError):
        while True:
            yield connection.recv()


def _answer(look: Look, worker: Worker, place: Place) -> dict[str, object] | UsageError:
    try:
        return stored.encode(look(worker, place))
    except UsageError as exc:
        return UsageError(str(exc))
