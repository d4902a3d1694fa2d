"""The client's end: starts workers, asks them, and outlives them.

A :class:`Worker` is a process with torch imported; it is started early, so that its import of torch
overlaps with whatever the client does next. A :class:`WorkerSession` asks it about one file. A file
that hangs is killed, a file that crashes is reported; the worker goes on with the next one.
torch is never imported here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from shapelint import facts, trace
from shapelint.facts import Built, Facts, InputGuess, Problem
from shapelint.lengths.expr import Bounds
from shapelint.model import Input
from shapelint.session import Patch, Run
from shapelint.trace import WIRE_VERSION, Trace

__all__ = ["Limits", "Unanswered", "Worker", "WorkerSession"]

Json = dict[str, Any]
T = TypeVar("T")

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


class Worker:
    """A process of the project's Python. Starting it does not wait for it."""

    def __init__(self, python: str, limits: Limits | None = None) -> None:
        self.python = python
        self.limits = limits or Limits()
        self.hello: Json | None = None
        """Versions of Python and torch, once the worker has said them."""
        self.serves: WorkerSession | None = None
        """The session whose file is open."""
        self._start()

    def _start(self) -> None:
        their_requests, self._requests = os.pipe()
        self._answers, their_answers = os.pipe()
        theirs = (their_requests, their_answers)
        self._process = subprocess.Popen(
            [self.python, "-B", str(_START), *map(str, theirs)],
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
            except TimeoutError:
                self._end_child()
                raise Unanswered(_problem("timeout", f"no answer within {seconds:g} s")) from None
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
            raise TimeoutError


class WorkerSession:
    """One file in a worker; a :class:`shapelint.session.Session` once a model is built.

    A worker serves one file at a time. If it went on to another one, or this file's process was
    killed or crashed, the next request opens the file and builds the model again.
    """

    def __init__(self, worker: Worker, path: Path, root: Path) -> None:
        self.worker = worker
        self.path = path
        self.root = root
        self._number = 0
        self._facts: Facts | None = None
        self._state: dict[str, Json] = {}
        """The ``build`` and ``use`` requests to repeat after a restart, in that order."""

    def facts(self) -> Facts:
        """What the file holds. Raises Unanswered."""
        self._ensure()
        assert self._facts is not None
        return self._facts

    def build(
        self, target: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Built:
        """Build a class, factory, instance, or ``"encoder -> decoder"``. Raises Unanswered.

        Arguments must be Python literals.
        """
        self._state = {}
        request = {"do": "build", "target": target, "arguments": repr((args, dict(kwargs or {})))}
        answer = self._ask(request)
        self._state["build"] = request
        return facts.read(Built, answer["built"])

    def inputs(self) -> InputGuess:
        """What ``forward`` of the built model takes; used from now on. Raises Unanswered."""
        guess = facts.read(InputGuess, self._ask({"do": "inputs"})["inputs"])
        self.use(guess.inputs)
        return guess

    def use(
        self,
        inputs: Sequence[Input],
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Run the model on these inputs from now on; ``kwargs`` are literals that stay the same."""
        described = [dataclasses.asdict(i) for i in inputs]
        request = {"do": "use", "inputs": described, "kwargs": repr(dict(kwargs or {}))}
        self._ask(request)
        self._state["use"] = request

    def trace(
        self, sizes: Mapping[str, int], known: Bounds | None = None, patches: Sequence[Patch] = ()
    ) -> Trace:
        """Run with lengths riding along. Raises Unanswered."""
        request = {"do": "trace", "sizes": dict(sizes), "known": known and dict(known)}
        answer = self._ask({**request, "patches": list(map(dict, patches))})
        return trace.decode(answer["trace"])

    def run(
        self, sizes: Mapping[str, int], device: str = "meta", patches: Sequence[Patch] = ()
    ) -> Run:
        """Run the model as it is. Raises Unanswered."""
        request = {"do": "run", "sizes": dict(sizes), "device": device}
        run = self._ask({**request, "patches": list(map(dict, patches))})["run"]
        return facts.read(Run, run)

    def close(self) -> None:
        """Let the worker go on to another file."""
        if self.worker.serves is self:
            with suppress(Unanswered):  # closed is closed
                self._request({"do": "close"})
            self.worker.serves = None

    def _ask(self, request: Json) -> Json:
        self._ensure()
        return self._request(request)

    def _ensure(self) -> None:
        """Open the file, and repeat what was asked of it, if no process has it open."""
        if self.worker.serves is self:
            return
        if self.worker.serves is not None:
            self.worker.serves.close()
        opening = {"do": "open", "path": str(self.path), "root": str(self.root)}
        self.worker.serves = self
        limits = self.worker.limits
        answer = self._request({**opening, "memory": limits.megabytes, "seconds": limits.seconds})
        self._facts = facts.read(Facts, answer["facts"])
        for request in list(self._state.values()):
            self._request(request)

    def _request(self, request: Json) -> Json:
        self._number += 1
        numbered = {**request, "id": f"{id(self)}.{self._number}"}
        try:
            answer = self.worker.ask(numbered, self.worker.limits.seconds)
        except Unanswered:
            self.worker.serves = None
            raise
        if "problem" in answer:
            raise Unanswered(facts.read(Problem, answer["problem"]))
        return answer


def _problem(kind: Any, text: str, details: str = "") -> Problem:
    return Problem(kind, text, details=details)


def _object(line: bytes) -> Json | None:
    """A JSON object; None for what a dying process left half written."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
