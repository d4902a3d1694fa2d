"""Signals that end a run, and where they have to wait.

Such a handler must not raise. Python drops what is raised in callbacks of weak references (locks of
imports have some), in ``__del__`` and in what C code calls, and the run goes on; where C++ calls,
as in the import of islpy, the process is aborted. So the handler itself ends what has been started,
and then the process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Open(Protocol):
    """Something outside this process that has to be ended with it."""

    def close(self) -> None: ...


OPEN: list[_Open] = []
"""What this process has started and not ended yet. It changes where signals are blocked."""


@contextmanager
def blocked() -> Iterator[None]:
    """Let signals wait until the body has ended, also in threads and processes it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_when_told() -> None:
    """From now on both signals end what is open, and this process; one that is ignored stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _told)


def _told(number: int, _: object) -> NoReturn:
    said = b"\ninterrupted\n" if number == signal.SIGINT else b""
    leave(128 + number, said)


def leave(code: int, said: bytes = b"") -> NoReturn:
    """End what is open, and this process. Told so again meanwhile, it does not stop half-way."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        while OPEN:
            OPEN[-1].close()
        with suppress(OSError):
            os.write(2, said)
    finally:
        os._exit(code)
