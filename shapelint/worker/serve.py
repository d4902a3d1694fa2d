"""The request loop: one process with torch imported, one fork of it per file.

Requests and answers are lines of JSON on two descriptors that nothing else uses. The parent waits
for ``{"do": "open", …}``, forks, and lets the child read and write in its place until the child is
told to close. So nothing is relayed, and a child that crashes takes only its own file with it: the
parent says how it ended and reads on. The client sends a request only after the answer to the one
before, so no line can end up with the wrong reader.

Lines that are no answers: ``{"hello": …}`` when torch is there, ``{"child": pid}`` before a file is
loaded, so that the client can kill what hangs, and ``{"crash": …}`` when a child ended unasked.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torch.distributions import Distribution

from shapelint.model import Input
from shapelint.wire import WIRE_VERSION
from shapelint.worker.family import adopt_orphans, end, end_all, resident
from shapelint.worker.limits import limit_memory
from shapelint.worker.loading.build import Make, build
from shapelint.worker.loading.deferred import defer_compiler
from shapelint.worker.loading.weights import read_no_weights
from shapelint.worker.runs import Call, trace_run
from shapelint.worker.session import FileSession

_write = os.write  # user code may put something else in its place


class Wire:
    """Lines of JSON on two descriptors."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        for descriptor in (requests, answers):
            os.set_inheritable(descriptor, False)

    def receive(self) -> dict[str, Any] | None:
        """The next request, or None when there will be none. Reads no byte beyond its line.

        Lines before it, whole or not, are what a child was asked that was killed before it had read
        them.
        """
        lines = bytearray()
        while chunk := os.read(self.requests, 1 << 16):
            lines += chunk
            if lines.endswith(b"\n"):
                with suppress(ValueError):
                    request: dict[str, Any] = json.loads(lines.splitlines()[-1])
                    return request
        return None

    def send(self, answer: dict[str, Any]) -> None:
        """Write one line, whole."""
        rest = memoryview(json.dumps(answer).encode() + b"\n")
        while rest:
            rest = rest[_write(self.answers, rest) :]


def serve(requests: int, answers: int, temporary: str = "") -> None:
    """Answer until the client hangs up; leave no process behind, and no folder ``temporary``."""
    with suppress(BrokenPipeError):
        _serve(Wire(requests, answers))
    end_all()
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)


def _serve(wire: Wire) -> None:
    adopt_orphans()
    torch.set_num_threads(1)  # threads do not survive a fork
    sys.dont_write_bytecode = True  # what is imported from now on is the user's
    defer_compiler()
    read_no_weights()
    Distribution.set_default_validate_args(False)  # that would look at values
    _warm_up(lambda device: nn.Sequential(nn.Conv1d(1, 1, 3), nn.BatchNorm1d(1), nn.ReLU()))
    gc.freeze()  # else a child that looks for garbage in torch copies every page of it
    gc.enable()
    wire.send({"hello": WIRE_VERSION, "python": sys.version.split()[0], "torch": torch.__version__})
    while (request := wire.receive()) is not None:
        if request["do"] == "open":
            _in_child(wire, request)
        else:
            wire.send({"id": request["id"], "closed": True})


def _warm_up(make: Make) -> None:
    """Trace something, so that what torch imports late is imported once and not in every child.

    It runs on the meta device alone. Kernels of the CPU import nothing, and their code, of which
    there is much, would be read for models that no child runs there.
    """
    trace_run(build(make), Call([Input("input", ("N", 1, "L"))]), {"N": 2, "L": 16})


def _in_child(wire: Wire, request: dict[str, Any]) -> None:
    """Fork a child for one file and wait for its end."""
    alive, held = os.pipe()
    megabytes = request["memory"]
    pid = os.fork()
    if pid == 0:
        os.close(alive)
        try:
            _answer_file(wire, request)
        except BaseException:  # nothing of the parent may run in the child
            traceback.print_exc()
        os._exit(1)
    os.close(held)
    ending = _wait(pid, alive, wire.requests, resident(os.getpid()) + (megabytes << 20))
    os.close(alive)
    end_all()
    if ending:
        # the newline ends whatever the child was about to say
        os.write(wire.answers, b"\n")
        wire.send({"crash": ending})


_CLOSED = 86
"""Exit status of a child that was told to close; ``os._exit(0)`` in user code is not that."""

_INTERVAL = 200
"""Milliseconds between two looks at the memory of a child."""

_TOO_MUCH = "it took more memory than it may"


def _answer_file(wire: Wire, request: dict[str, Any]) -> None:
    """In the child: answer requests about one file, then end the process."""
    os.setpgid(0, 0)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    limit_memory(request.pop("memory"))
    session, this = FileSession(), os.getpid()
    wire.send({"child": this})
    following: dict[str, Any] | None = request
    while following is not None and following["do"] != "close":
        answer = session.answer(following)
        if os.getpid() != this:  # user code forked, and this is the copy
            os._exit(0)
        wire.send({"id": following["id"], **answer})
        gc.collect(1)  # the graph of a run holds itself; the client is thinking meanwhile
        following = wire.receive()
    if following is not None:
        wire.send({"id": following["id"], "closed": True})
    os._exit(_CLOSED)


def _wait(pid: int, alive: int, requests: int, most: int) -> str:
    """How the child ended; empty if it was told to.

    It is killed if the client hangs up while it is busy, and if it and the processes that it
    started hold more than ``most`` bytes.
    """
    poll = select.poll()
    poll.register(alive, 0)
    poll.register(requests, 0)
    too_much = False
    while True:
        gone = [descriptor for descriptor, _ in poll.poll(_INTERVAL)]
        too_much = too_much or (not gone and resident(pid) > most)
        if too_much or (requests in gone and alive not in gone):
            end(pid)
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            end(pid)
            return _TOO_MUCH if too_much else _ending(os.waitstatus_to_exitcode(status))


def _ending(code: int) -> str:
    if code == -signal.SIGKILL:
        return "killed by SIGKILL, as a process is that takes more memory than there is"
    if code < 0:
        known = {s.value: s.name for s in signal.Signals}
        return f"killed by {known.get(-code, f'signal {-code}')}"
    return "" if code == _CLOSED else f"the process ended with status {code}"
