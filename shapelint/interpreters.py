"""Which Python runs the models: the first one at hand that has torch.

In this order, as type checkers look for a Python environment: the one asked for,
``VIRTUAL_ENV``, ``CONDA_PREFIX``, the nearest ``.venv`` going up from the file, the Python that
runs shapelint, and those on the ``PATH``. The last are what is left of an active environment inside
a pre-commit hook, which sets ``VIRTUAL_ENV`` to an environment of its own.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shapelint.errors import NoInterpreter

_ASK = """
import importlib.util, json, sys
print(json.dumps({"torch": importlib.util.find_spec("torch") is not None, "path": sys.path}))
"""
_LONGEST_START = 10.0
"""Seconds in which an interpreter that is any good says where it looks for packages."""


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
        why = what_lacks(found) if found else "does not exist"
        if found and not why:
            return Interpreter(found, origin)
        searched[python] = f"{origin}: {python} ({why})"
    raise NoInterpreter(tuple(searched.values()))


def what_lacks(python: str) -> str:
    """Why torch cannot be imported there, empty if it can; it is looked for, not imported."""
    return "" if _holds_torch(_folders_of(python)) else _asked(python)[0]


def installed(python: str) -> list[str]:
    """What tells an environment from another one: the interpreter, and all names it can import.

    The names include versions, as in ``torch-2.13.0.dist-info``. Python is not started for it if
    torch lies where an environment has its packages.
    """
    folders = _folders_of(python)
    found = folders if _holds_torch(folders) else _packages_among(_asked(python)[1])
    with suppress(OSError):
        program = os.stat(os.path.realpath(python))
        names = [name for folder in found for name in sorted(os.listdir(folder))]
        return [os.path.abspath(python), f"{program.st_size} {program.st_mtime_ns}", *names]
    return [os.path.abspath(python)]


def _folders_of(python: str) -> list[str]:
    """Where the packages of an interpreter are, without asking it."""
    if python == sys.executable:
        return _packages_among(sys.path)
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    return sorted(glob.glob(os.path.join(glob.escape(prefix), "lib", "python3*", "site-packages")))


def _packages_among(path: Iterable[str]) -> list[str]:
    return [p for p in path if p.endswith(("site-packages", "dist-packages")) and os.path.isdir(p)]


def _holds_torch(folders: Iterable[str]) -> bool:
    return any(os.path.isfile(os.path.join(f, "torch", "__init__.py")) for f in folders)


@cache
def _asked(python: str) -> tuple[str, list[str]]:
    """Why an interpreter does not find torch, empty if it does, and where it looks."""
    import subprocess  # not before: an answer from the cache needs none

    try:
        done = subprocess.run(
            [python, "-c", _ASK], capture_output=True, timeout=_LONGEST_START, check=True
        )
        answer = json.loads(done.stdout)
        return "" if answer["torch"] else "has no torch", [str(folder) for folder in answer["path"]]
    except subprocess.TimeoutExpired:
        return f"does not start within {_LONGEST_START:g} s", []
    except OSError as exc:
        return f"cannot be run: {exc.strerror}", []
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return "is no Python that works", []


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
