"""Which files the code of a project reads: what its answers depend on.

Watched with an audit hook (PEP 578), which sees modules and data files alike. Such a hook cannot be
taken back, so it is set in the process of one file.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from typing import Any

_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_ELSEWHERE = (_STDLIB, _OURS, "/proc/", "/sys/", "/dev/")
"""Left out: the versions of Python and shapelint stand for these, or they are no real files."""


class Reads:
    """The files opened for reading since :meth:`start`, also those that do not exist."""

    def __init__(self) -> None:
        self._paths: dict[str, None] = {}

    def start(self) -> None:
        """Watch from now on."""
        sys.addaudithook(self._audit)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], (str, bytes)) and _is_read(args[1], args[2]):
            self._paths.setdefault(os.path.abspath(os.fsdecode(args[0])))

    def paths(self) -> list[str]:
        """The files, without those that belong to Python or to installed packages."""
        return sorted(set(_sources(self._paths)))


def _is_read(mode: str | None, flags: int) -> bool:
    if mode is not None:
        return "r" in mode
    return flags & (os.O_WRONLY | os.O_RDWR) == 0


def _sources(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        source = _source_of(path)
        if not any(part in source for part in _INSTALLED) and not source.startswith(_ELSEWHERE):
            yield source


def _source_of(path: str) -> str:
    """The source of what Python compiled before, else the path itself."""
    if not path.endswith(".pyc"):
        return path
    try:
        return importlib.util.source_from_cache(path)
    except ValueError:  # compiled by somebody else
        return path
