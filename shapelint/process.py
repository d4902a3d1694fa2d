"""A process of the project's Python, with torch imported, and what it answers.

It is started early, so that its import of torch overlaps with whatever the client does next. A file
that hangs is killed, a file that crashes is reported; the worker goes on with the next one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from shapelint.errors import UsageError
from shapelint.facts import Problem
from shapelint.lines import Json, Lines
from shapelint.memory import MEGABYTES
from shapelint.signals import OPEN, blocked
from shapelint.stopwatch import SECONDS, Stopwatch
from shapelint.wire import WIRE_VERSION

_START = Path(__file__).parent / "worker" / "__main__.py"
_LONGEST_START = 120.0
_KEPT_OUTPUT = 200
_GRACE = 5.0
"""Seconds that a killed process has to go away."""


@dataclass(frozen=True)
class Limits:
    """The time and memory that one request may take."""

    seconds: float = SECONDS
    """For opening the file, and for each model in it; not those without a processor."""
    megabytes: int = MEGABYTES
    """What a file may take, with the processes it starts, beyond what torch itself takes."""


class Unanswered(Exception):
    """A request has no answer. ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class NotStarted(UsageError):
    """The Python that was chosen does not get as far as having torch imported."""


class Tenant(Protocol):
    """The session that has a file open in a worker."""

    def close(self) -> None:
        """Let the worker go on to another file."""


class Worker:
    """A process of the project's Python. Starting it does not wait for it.

    Raises NotStarted where there is no ``fork``.
    """

    def __init__(self, python: str, limits: Limits | None = None) -> None:
        if not hasattr(os, "fork"):
            raise NotStarted("shapelint does not run on Windows; it does in WSL or a container")
        self.python = python
        self.limits = limits or Limits()
        self.hello: Json | None = None
        """Versions of Python and torch, once the worker has said them."""
        self.serves: Tenant | None = None
        """Whose file is open."""
        self.spent = 0.0
        """Seconds that all answers took, as a :class:`Stopwatch` counts them."""
        self._start()

    def _start(self) -> None:
        with blocked():  # else nobody would know of the process, and end it
            self._open()
            OPEN.append(self)

    def _open(self) -> None:
        their_requests, requests = os.pipe()
        answers, their_answers = os.pipe()
        theirs = (their_requests, their_answers)
        self._lines = Lines(requests, answers)
        self._temporary = _temporary_folder()
        try:
            self._process = self._run(theirs)
        except OSError:  # the system gives no more processes or descriptors
            self._lines.close()
            shutil.rmtree(self._temporary, ignore_errors=True)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self._child = 0
        self.hello = None
        self._output: deque[bytes] = deque(maxlen=_KEPT_OUTPUT)
        what = (self._process.stdout, self._output)
        self._drain = threading.Thread(target=_drain, args=what, daemon=True)
        self._drain.start()

    def _run(self, theirs: tuple[int, int]) -> subprocess.Popen[bytes]:
        folder = {"TMPDIR": self._temporary} if self._temporary else {}
        return subprocess.Popen(
            [self.python, str(_START), *map(str, theirs), *folder.values()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            pass_fds=theirs,
            env={**os.environ, **folder},
            start_new_session=True,  # Ctrl-C is for the client, which ends the worker
        )

    @property
    def output(self) -> str:
        """The last of what the worker, or user code in it, printed."""
        return b"".join(self._output).decode(errors="replace")

    def close(self) -> None:
        """End the process and everything it started, once. Ctrl-C waits for that."""
        with blocked():
            if self in OPEN:
                OPEN.remove(self)
                self._close()

    def _close(self) -> None:
        self._kill_child()
        self._lines.close()
        try:
            if self.hello is not None:  # it runs user code, and ends all that this has started
                self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._kill()
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _ending(self) -> str:
        """How the process ends, which has closed its pipe."""
        with blocked(), suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_GRACE)
            return f"it is killed by signal {-code}" if code < 0 else f"it ends with status {code}"
        self._kill()
        return "it goes on"

    def _kill(self) -> None:
        with blocked():  # who waits holds a lock, and ending the run waits as well
            self._process.kill()
            self._process.wait()

    def _has_ended(self) -> bool:
        with blocked():  # as above
            return self._process.poll() is not None

    def ask(self, request: Json, seconds: float) -> Json:
        """Send one request and wait for its answer. Raises Unanswered, or NotStarted.

        After a time-out, a crash or an interrupt the file has to be opened again.
        """
        self.greet(request)
        watch = Stopwatch(seconds, self._child)
        try:
            self._lines.send(request, watch)
            return self._answer(request, watch)
        except BrokenPipeError:
            raise self._crashed("the worker is gone") from None
        except TimeoutError as exc:
            self._end_child()
            reason = str(exc) or f"took longer than {self.limits.seconds:g} s"
            raise Unanswered(Problem("timeout", reason)) from None
        except Unanswered:
            raise
        except BaseException:  # interrupted, and what is answered next has no reader
            self._end_child()
            raise
        finally:
            self.spent += watch.seconds()

    def _answer(self, request: Json, watch: Stopwatch) -> Json:
        while True:
            line = self._receive(watch)
            if "crash" in line:
                self._child = 0
                raise self._crashed(str(line["crash"]))
            if "child" in line and not self._child:  # it says so before any user code runs
                self._child = int(line["child"])
                watch.watch(self._child)
            elif line.get("id") == request["id"]:
                return line

    def _crashed(self, why: str) -> Unanswered:
        return Unanswered(Problem("crash", why, details=self.output[-2000:]))

    def greet(self, request: Json) -> None:
        """Wait for torch to be imported; start again if user code ended the whole process.

        Raises NotStarted, or Unanswered where the file was open in that process.
        """
        if self.hello is not None and self._has_ended():
            self.close()
            self._start()
            if request["do"] != "open":
                raise Unanswered(Problem("crash", "the file ended the process that opened it"))
        if request["do"] == "open":
            self._child = 0
        if self.hello is None:
            self.hello = self._first_line()

    def _first_line(self) -> Json:
        try:
            hello = self._receive(Stopwatch(_LONGEST_START, self._process.pid))
        except TimeoutError:
            raise NotStarted(f"{self.python}: no sign of life in {_LONGEST_START:g} s") from None
        except Unanswered:
            how = self._ending()
            self._drain.join(_GRACE)
            why = self.output.strip() or f"{how} and says nothing"
            tried = f"what says {shlex.quote(self.python)} -c 'import torch'?"
            raise NotStarted(f"{self.python} cannot import torch: {why}\n{tried}") from None
        if hello.get("hello") != WIRE_VERSION:
            raise NotStarted(f"{self.python} runs another version of shapelint: {hello}"[:200])
        return hello

    def _end_child(self) -> None:
        """Kill the child and read on until the parent has noticed."""
        self._kill_child()
        watch = Stopwatch(_GRACE)
        try:
            while "crash" not in self._receive(watch):
                pass
        except (TimeoutError, Unanswered):
            self._kill()

    def _kill_child(self) -> None:
        if self._child:
            with suppress(ProcessLookupError, PermissionError):  # it went by itself
                os.killpg(self._child, signal.SIGKILL)
            self._child = 0

    def _receive(self, watch: Stopwatch) -> Json:
        """The next line. Raises TimeoutError, or Unanswered at the end."""
        try:
            return self._lines.receive(watch)
        except EOFError:
            raise self._crashed("the worker is gone") from None


def _drain(stream: IO[bytes], kept: deque[bytes]) -> None:
    """Keep the last of what user code prints; the rest is dropped."""
    with stream:
        while chunk := stream.read(4096):
            kept.append(chunk)


def _temporary_folder() -> str:
    """A folder for what user code leaves behind; empty if the disk is full or read-only."""
    try:
        return tempfile.mkdtemp(prefix="shapelint-")
    except OSError:
        return ""
