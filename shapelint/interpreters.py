"""Which Python runs the models: the first one at hand that has torch.

In this order, as type checkers look for a Python environment: the one asked for,
``VIRTUAL_ENV``, ``CONDA_PREFIX``, the nearest ``.venv`` going up from the file, the Python that
runs shapelint, and those on the ``PATH``. The last are what is left of an active environment inside
a pre-commit hook, which sets ``VIRTUAL_ENV`` to an environment of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shapelint.errors import NoInterpreter

__all__ = ["Interpreter", "NoInterpreter", "find_interpreter"]

_ASK = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
_LONGEST_START = 30.0


@dataclass(frozen=True)
class Interpreter:
    """A Python with torch."""

    python: str
    origin: str
    """Why this one, for example ``"VIRTUAL_ENV"``."""


def find_interpreter(near: Path, asked: str | None = None) -> Interpreter:
    """The Python for the file or folder ``near``. Raises NoInterpreter.

    If one is asked for, by path or command name, no other is considered.
    """
    searched: dict[str, str] = {}
    for origin, python in [("--python", asked)] if asked else _places(near):
        if python in searched:
            continue
        found = shutil.which(python)
        if found and has_torch(found):
            return Interpreter(found, origin)
        why = "has no torch" if found else "does not exist"
        searched[python] = f"{origin}: {python} ({why})"
    raise NoInterpreter(tuple(searched.values()))


@cache
def has_torch(python: str) -> bool:
    """Whether torch could be imported there; it is looked for, not imported."""
    if python == sys.executable:
        return importlib.util.find_spec("torch") is not None
    try:
        done = subprocess.run(
            [python, "-c", _ASK], capture_output=True, timeout=_LONGEST_START, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _places(near: Path) -> Iterator[tuple[str, str]]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = os.environ.get(variable)
        if prefix:
            yield variable, _python_in(Path(prefix))
    here = near.absolute()
    for folder in (here, *here.parents):
        if (folder / ".venv").is_dir():
            yield "nearest .venv", _python_in(folder / ".venv")
            break
    yield "the Python that runs shapelint", sys.executable
    for directory in os.get_exec_path():
        found = shutil.which("python", path=directory) or shutil.which("python3", path=directory)
        if found:
            yield "PATH", found


def _python_in(prefix: Path) -> str:
    if sys.platform == "win32":
        return str(prefix / "Scripts" / "python.exe")
    return str(prefix / "bin" / "python")
