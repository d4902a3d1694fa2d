"""Lines of JSON to a process and from it, through two pipes, each within its time."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Sequence
from typing import Any

from shapelint.stopwatch import Stopwatch

Json = dict[str, Any]

_LONGEST = 256 * 2**20


class Lines:
    """The client's ends of the two pipes. Who has the other ends may hang, or say nonsense."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._buffer = bytearray()

    def send(self, request: Json, watch: Stopwatch) -> None:
        """Write one line.

        Raises TimeoutError if nobody reads it in time, BrokenPipeError if nobody is there.
        """
        rest = memoryview(json.dumps(request).encode() + b"\n")
        while rest:
            _wait(watch, writes=[self._requests])
            rest = rest[os.write(self._requests, rest[: select.PIPE_BUF]) :]

    def receive(self, watch: Stopwatch) -> Json:
        """The next line that is a JSON object.

        Raises TimeoutError if none comes in time, or one of more than 256 MiB; EOFError at the end.
        """
        searched = 0
        while True:
            end = self._buffer.find(b"\n", searched)
            if end < 0:
                searched = len(self._buffer)
                self._read_more(watch)
                continue
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            searched = 0
            if (found := _object(line)) is not None:
                return found

    def close(self) -> None:
        """Close both pipes."""
        for descriptor in (self._requests, self._answers):
            os.close(descriptor)

    def _read_more(self, watch: Stopwatch) -> None:
        _wait(watch, reads=[self._answers])
        chunk = os.read(self._answers, 1 << 20)
        if not chunk:
            raise EOFError
        self._buffer += chunk
        if len(self._buffer) > _LONGEST:
            self._buffer.clear()
            raise TimeoutError(f"an answer of more than {_LONGEST >> 20} MiB")


def _wait(watch: Stopwatch, reads: Sequence[int] = (), writes: Sequence[int] = ()) -> None:
    """Wait until one of the descriptors is ready. Raises TimeoutError when no time is left."""
    while True:
        seconds = watch.left()
        if any(select.select(reads, writes, [], seconds)):
            return
        if not seconds:
            raise TimeoutError


def _object(line: bytes) -> Json | None:
    """A JSON object; None for what a dying process left half written."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
