"""The command line: parsing and exit codes, nothing else. Click is used here alone.

Each command is one module of this package that defines ``command``; modules whose name starts
with an underscore are shared between them. A command returns its exit code. What a command needs
besides click is imported when it runs, so that ``--help`` does not wait for it.

====  =========================================================================================
0     nothing at or above ``--fail-on``; what could not be checked is still printed
1     findings
2     the request cannot be carried out: usage, config, path not found, no interpreter with torch,
      a fix or a report that cannot be written
101   a bug in shapelint
130   interrupted; 143 terminated
====  =========================================================================================
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from shapelint import __version__
from shapelint.cli._commands import Commands
from shapelint.errors import NoInterpreter, UsageError
from shapelint.memory import raise_stack
from shapelint.signals import end_when_told

BUG, INTERRUPTED, USAGE = 101, 130, 2

_GARBAGE = 100_000
"""New objects between two searches for garbage: most of a run is imports, which leave none."""

_BUG = f"shapelint {__version__} crashed. This is a bug in shapelint, not in your model; \
please report it with the traceback above."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="shapelint")
def app() -> None:
    """Which sizes a PyTorch model runs at, which round-trip, and how to fix the rest.

    shapelint PATHS is short for shapelint check PATHS.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        raise_stack()
        return int(app.main(list(arguments), "shapelint", standalone_mode=False) or 0)
    except click.ClickException as exc:
        exc.show()
        return USAGE
    except (UsageError, NoInterpreter) as exc:
        click.echo(f"error: {exc}", err=True)
        return USAGE
    except click.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as exc:  # whatever it is, it must not look like a finding
        refused = _refused(exc)
        if refused:
            click.echo(f"error: {refused}", err=True)
            return USAGE
        import traceback

        traceback.print_exc()
        click.echo(_BUG, err=True)
        return BUG


def _refused(exc: Exception) -> str:
    """What no program can do here; empty where shapelint is to blame."""
    if not isinstance(exc, OSError):
        return ""
    if exc.errno in (errno.ENOSPC, errno.EIO):
        return f"cannot write to the terminal or file: {exc.strerror}"
    if exc.errno in (errno.EMFILE, errno.ENFILE):
        return f"{exc.strerror}: a higher limit is needed (ulimit -n)"
    try:
        os.getcwd()
    except FileNotFoundError:
        return "the working directory is gone"
    return ""


def main() -> NoReturn:
    """The ``shapelint`` command."""
    streams = [s for s in (sys.stdout, sys.stderr) if isinstance(s, io.TextIOWrapper)]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")  # a source line in any script
    end_when_told()
    warnings.simplefilter("ignore", SyntaxWarning)  # about the files that are linted
    gc.set_threshold(_GARBAGE)
    code = run(sys.argv[1:])
    for stream in streams:
        with suppress(OSError):  # what cannot be written has been said
            stream.flush()
    if _is_observed():
        sys.exit(code)
    os._exit(code)  # nothing is left to do, and to take all modules apart takes long


def _is_observed() -> bool:
    """Whether a profiler, a debugger or coverage is at work, which has its say at the end."""
    monitoring = getattr(sys, "monitoring", None)  # what those of Python 3.12 and later use
    tools = map(monitoring.get_tool, range(6)) if monitoring else ()
    return any((sys.getprofile(), sys.gettrace(), *tools))
