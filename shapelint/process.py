"""A process of the project's Python, with torch imported, and the lines it answers.

It is started early, so that its import of torch overlaps with whatever the client does next. A file
that hangs is killed, a file that crashes is reported; the worker goes on with the next one.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shapelint.facts import Problem
from shapelint.wire import WIRE_VERSION

__all__ = ["Json", "Limits", "Unanswered", "Worker"]

Json = dict[str, Any]

_START = Path(__file__).parent / "worker" / "__main__.py"
_LONGEST_START = 120.0
_LONGEST_ANSWER = 256 * 2**20
_KEPT_OUTPUT = 200
_GRACE = 5.0
"""Seconds that a killed process has to go away."""


@dataclass(frozen=True)
class Limits:
    """What one request may cost."""

    seconds: float = 60.0
    megabytes: int = 8192
    """What a file may allocate, beyond what torch itself takes."""


class Unanswered(Exception):
    """A request has no answer. ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


class Tenant(Protocol):
    """Who has a file open in a worker."""

    def close(self) -> None:
        """Let the worker go on to another file."""


class Worker:
    """A process of the project's Python. Starting it does not wait for it."""

    def __init__(self, python: str, limits: Limits | None = None) -> None:
        self.python = python
        self.limits = limits or Limits()
        self.hello: Json | None = None
        """Versions of Python and torch, once the worker has said them."""
        self.serves: Tenant | None = None
        """Whose file is open."""
        self._start()

    def _start(self) -> None:
        their_requests, self._requests = os.pipe()
        self._answers, their_answers = os.pipe()
        theirs = (their_requests, their_answers)
        self._process = subprocess.Popen(
            [self.python, str(_START), *map(str, theirs)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=theirs,
        )
        for descriptor in theirs:
            os.close(descriptor)
        self._buffer = bytearray()
        self._child = 0
        self.hello = None
        self._output: deque[str] = deque(maxlen=_KEPT_OUTPUT)
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        """Keep the last of what user code prints; the rest is dropped."""
        stream, output = self._process.stdout, self._output
        while stream is not None and (line := stream.readline(4096)):
            output.append(line.decode(errors="replace"))

    @property
    def output(self) -> str:
        """The last lines that the worker, or user code in it, printed."""
        return "".join(self._output)

    def close(self) -> None:
        """End the process and everything it started."""
        self._kill_child()
        self._process.kill()
        self._process.wait()
        for descriptor in (self._requests, self._answers):
            os.close(descriptor)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def ask(self, request: Json, seconds: float) -> Json:
        """Send one request and wait for its answer. Raises Unanswered.

        After a time-out or a crash the file has to be opened again.
        """
        self._greet()
        self._send(request)
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._receive(deadline)
            except TimeoutError as exc:
                self._end_child()
                reason = str(exc) or f"no answer within {seconds:g} s"
                raise Unanswered(_problem("timeout", reason)) from None
            if "child" in line:
                self._child = line["child"]
            elif "crash" in line:
                self._child = 0
                raise Unanswered(_problem("crash", line["crash"], self.output[-2000:]))
            elif line.get("id") == request["id"]:
                return line

    def _greet(self) -> None:
        """Wait for torch to be imported, or start again if the process is gone."""
        if self._process.poll() is not None and self.hello is not None:
            self.close()
            self._start()
        if self.hello is None:
            try:
                self.hello = self._receive(time.monotonic() + _LONGEST_START)
            except TimeoutError:
                raise Unanswered(_problem("timeout", "the worker did not start")) from None
            if self.hello.get("hello") != WIRE_VERSION:
                raise Unanswered(_problem("crash", f"another version answers: {self.hello}"))

    def _send(self, request: Json) -> None:
        try:
            os.write(self._requests, json.dumps(request).encode() + b"\n")
        except BrokenPipeError:
            raise Unanswered(_problem("crash", "the worker is gone", self.output[-2000:])) from None

    def _end_child(self) -> None:
        """Kill the child and read on until the parent has noticed."""
        self._kill_child()
        deadline = time.monotonic() + _GRACE
        try:
            while "crash" not in self._receive(deadline):
                pass
        except (TimeoutError, Unanswered):
            self._process.kill()
            self._process.wait()

    def _kill_child(self) -> None:
        if self._child:
            with suppress(ProcessLookupError, PermissionError):  # it went by itself
                os.killpg(self._child, signal.SIGKILL)
            self._child = 0

    def _receive(self, deadline: float) -> Json:
        """The next line that is a JSON object. Raises TimeoutError, or Unanswered at the end."""
        while True:
            end = self._buffer.find(b"\n")
            if end < 0:
                self._read_more(deadline)
                continue
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            found = _object(line)
            if found is not None:
                return found

    def _read_more(self, deadline: float) -> None:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self._answers], [], [], left)[0]:
            raise TimeoutError
        chunk = os.read(self._answers, 1 << 20)
        if not chunk:
            raise Unanswered(_problem("crash", "the worker is gone", self.output[-2000:]))
        self._buffer += chunk
        if len(self._buffer) > _LONGEST_ANSWER:
            self._buffer.clear()
            raise TimeoutError(f"an answer of more than {_LONGEST_ANSWER >> 20} MiB")


def _problem(kind: Any, text: str, details: str = "") -> Problem:
    return Problem(kind, text, details=details)


def _object(line: bytes) -> Json | None:
    """A JSON object; None for what a dying process left half written."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
