"""What the user asked for: one frozen record, merged from layers.

A layer is a mapping from field names of :class:`Settings` to values that are already parsed: the
defaults, then the flags of the command line. A layer holds only what was said, so that the next one
does not undo it with defaults.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from shapelint.errors import UsageError, suggestion

if TYPE_CHECKING:
    from shapelint.lengths.conditions import Condition
    from shapelint.model import Input

__all__ = ["FailOn", "Output", "Settings", "merge"]

FailOn = Literal["error", "warning", "never"]
Color = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Output:
    """A report to write: ``--output json:report.json``."""

    format: str
    destination: str
    """A path, or ``-`` for standard output."""


@dataclass(frozen=True)
class Settings:
    """Everything that one run depends on apart from the files themselves."""

    paths: tuple[str, ...] = (".",)
    """Files, folders, ``FILE.py:Class``, ``FILE.py:factory`` or ``pkg.mod:object``."""

    select: tuple[str, ...] = ()
    """Run these rules instead of the default ones; see :mod:`shapelint.selection`."""
    ignore: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    """Rules whose diagnostics are errors."""
    warn: tuple[str, ...] = ()
    """Rules whose diagnostics are warnings."""

    lengths: tuple[Condition, ...] = ()
    """The sizes the user cares about: those where all conditions hold."""
    inputs: tuple[Input, ...] = ()
    """The tensors that ``forward`` takes; empty to find out."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the constructor."""

    python: str | None = None
    """The interpreter that runs the models, by path or command name; None to find one."""
    timeout: float = 60
    """Seconds that one target may take."""

    output_format: str = "full"
    outputs: tuple[Output, ...] = ()
    """Reports to write besides the one on standard output."""
    statistics: bool = False
    quiet: bool = False
    verbose: bool = False
    color: Color = "auto"

    fail_on: FailOn = "error"
    """The least severity that makes the exit code 1."""
    fail_on_skipped: bool = False
    """Whether a target that was not checked makes the exit code 1."""
    exit_zero: bool = False


def merge(*layers: Mapping[str, Any]) -> Settings:
    """The settings that the layers say, later ones winning key by key.

    Raises UsageError for an unknown key.
    """
    known = {f.name for f in dataclasses.fields(Settings)}
    said: dict[str, Any] = {}
    for layer in layers:
        for key in layer.keys() - known:
            raise UsageError(f"unknown setting {key!r}{suggestion(key, known)}")
        said.update(layer)
    return Settings(**said)
