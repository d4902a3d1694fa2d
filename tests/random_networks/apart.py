"""Networks tried in processes of their own: whatever one does there, the run goes on."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from dataclasses import replace
from multiprocessing.connection import Connection

from tests.random_networks.network import Network
from tests.random_networks.trial import SECONDS, Trial, late, tried

_FORK = multiprocessing.get_context("fork")
_MEMORY = 8 << 30
"""Bytes: what asks for more fails, instead of the machine."""
_GRACE = 10
"""Seconds beyond the deadline: a single step of isl or PyTorch that goes on is ended then."""


class Started:
    """A network that a process is trying."""

    def __init__(self, network: Network, seed: int) -> None:
        self.network, self.seed = network, seed
        self._reader, writer = _FORK.Pipe(duplex=False)
        self._child = _FORK.Process(target=_send, args=(writer, network, seed))
        self._child.start()
        writer.close()

    def outcome(self) -> Trial:
        """As of :func:`tried`; of a process that was ended, what it had found until then."""
        known = Trial("none")
        while (heard := _received(self._reader)) is not None:
            known = heard
        self._child.join()
        self._reader.close()
        return _ended(known, self._child.exitcode or 0)


def tried_apart(network: Network, seed: int) -> Trial:
    """A network tried in another process."""
    return Started(network, seed).outcome()


def _send(writer: Connection, network: Network, seed: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + _GRACE, resource.RLIM_INFINITY))
    writer.send(tried(network, seed, writer.send))


def _received(reader: Connection) -> Trial | None:
    try:
        trial: Trial = reader.recv()
    except EOFError:
        return None
    return trial


def _ended(known: Trial, code: int) -> Trial:
    """What is known of a network whose process left with ``code``: minus a signal, if by one."""
    if code == 0:
        return known
    if code == -signal.SIGXCPU:
        return late(known)
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    problem = "crash" if known.asked is None else "torch crash"
    return replace(known, problem=problem, detail=f"{name} at {known.asked}")
