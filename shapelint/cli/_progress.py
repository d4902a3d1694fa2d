"""How far a run is: one line on a terminal, and only once that takes a while."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

T = TypeVar("T")

_PATIENCE = 1.0
"""Seconds after which somebody wonders whether it still runs."""
_CLEAR = "\r\x1b[K"
"""Back to the start of the line, and nothing there: ECMA-48, CR and EL."""


def watched(found: Iterator[T], files: int) -> Iterator[T]:
    """The same, while standard error says how many of the ``files`` are done."""
    if not sys.stderr.isatty():
        yield from found
        return
    with _line(f"files linted: 0 of {files}") as line:
        for done, one in enumerate(found, 1):
            yield one
            line.say(f"files linted: {done} of {files}")


class _Line:
    """The last line of the terminal."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown = False

    def say(self, text: str) -> None:
        self.text = text
        if self.shown:
            self.show()

    def show(self, *_: object) -> None:
        """Without a line break, so that it can be taken back. Also a signal handler."""
        self.shown = True
        click.echo(f"{_CLEAR}{self.text}", nl=False, err=True)


@contextmanager
def _line(text: str) -> Iterator[_Line]:
    """A line that shows from a second later until the body has ended.

    An alarm instead of a thread: a process with threads cannot be forked.
    """
    line = _Line(text)
    before = signal.signal(signal.SIGALRM, line.show)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        yield line
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if line.shown:
            click.echo(_CLEAR, nl=False, err=True)
