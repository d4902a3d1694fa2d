"""``shapelint doctor``: what would be used here, and why."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from shapelint import __version__
from shapelint.config import Settings
from shapelint.errors import NoInterpreter
from shapelint.interpreters import find_interpreter

_COLUMN = 13

TIMEOUT = 120
"""Seconds that importing torch may take on a cold disk."""

_QUESTION = "import sys, torch; print(sys.version.split()[0], torch.__version__)"


@click.command("doctor")
@click.option("--python", metavar="PATH", help="The interpreter to look at.")
def command(python: str | None) -> int:
    """Show which interpreter, torch and versions are used here. Exit code 2 if torch is missing."""
    lines, usable = _interpreter(python)
    for name, value in (*_versions(), *lines):
        click.echo(f"{name:<{_COLUMN}}{value}")
    return 0 if usable else 2


def _versions() -> Iterator[tuple[str, str]]:
    yield "shapelint", f"{__version__} on Python {platform.python_version()} ({sys.executable})"
    yield "platform", platform.platform()
    for package in ("click", "islpy", "networkx"):
        yield package, _version(package)
    yield "config", _config()
    yield "cache", _cache()


def _config() -> str:
    from shapelint.configfile import nearest

    found = nearest(Path.cwd())
    return str(found) if found else "none: defaults and flags"


def _cache() -> str:
    from shapelint.cache import number_of_entries
    from shapelint.engine import cache_folder
    from shapelint.text.summary import count

    folder = cache_folder(Settings())
    return f"{folder} ({count(number_of_entries(folder), 'file')})"


def _version(package: str) -> str:
    from importlib import metadata  # not before: --help would wait for it

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _interpreter(asked: str | None) -> tuple[list[tuple[str, str]], bool]:
    """What is known about the interpreter that runs the models, and whether torch works there."""
    try:
        found = find_interpreter(Path.cwd(), asked)
    except NoInterpreter as exc:
        places = "".join(f"\n{'':<{_COLUMN}}{place}" for place in exc.searched)
        return [("interpreter", f"none with torch; searched{places}")], False
    told, works = _torch(found.python)
    return [("interpreter", f"{found.python} ({found.origin})"), ("torch", told)], works


def _torch(python: str) -> tuple[str, bool]:
    try:
        answer = subprocess.run(
            [python, "-c", _QUESTION], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"cannot be asked: {exc}", False
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:]
        return f"cannot be imported: {''.join(last)}", False
    version, torch = answer.stdout.split()[-2:]
    return f"{torch} on Python {version}", True
