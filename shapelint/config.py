"""What the user asked for: one frozen record, merged from layers.

A layer is a mapping from field names of :class:`Settings` to values that are already parsed: the
config file (:mod:`shapelint.configfile`), then the flags of the command line. A layer holds only
what was said, so that the next one does not undo it with defaults.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from shapelint.errors import UsageError, suggestion
from shapelint.memory import MEGABYTES
from shapelint.stopwatch import SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from shapelint.lengths.conditions import Condition
    from shapelint.model import Input

FailOn = Literal["error", "warning", "never"]
Color = Literal["auto", "always", "never"]
Level = Literal["error", "warning", "info", "off"]


@dataclass(frozen=True)
class Output:
    """A report to write: ``--output json:report.json``."""

    format: str
    destination: str
    """A path, or ``-`` for standard output."""


@dataclass(frozen=True)
class Globs:
    """Patterns as in ``.gitignore``, relative to a folder."""

    folder: Path
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """What one layer says about rules; each word is a selector (``findings.selection``)."""

    select: tuple[str, ...] | None = None
    """Run these rules instead of those of the layers before; None to start from there."""
    ignore: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    """Rules whose diagnostics are errors."""
    warn: tuple[str, ...] = ()
    """Rules whose diagnostics are warnings."""
    rules: Mapping[str, Level] = field(default_factory=dict)
    """Rules that run too, with their severity, and rules that are ``off``."""
    origin: str = ""
    """The config file, for messages; empty for the command line."""


@dataclass(frozen=True)
class Declared:
    """A model that the config file describes: ``[[tool.shapelint.models]]``."""

    path: Path
    """The file, absolute."""
    name: str
    """The class, factory or instance in it."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the constructor or factory."""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of ``forward`` that stay the same."""
    inputs: tuple[Input, ...] = ()
    """The tensors that ``forward`` takes; empty to find out."""
    lengths: tuple[Condition, ...] = ()
    roundtrip: bool | None = None
    """Whether the output must be as long as the input on every declared size; None: look and see.
    """
    train: bool = False
    """Whether it runs in training mode."""


@dataclass(frozen=True)
class Settings:
    """Everything that one run depends on apart from the files themselves."""

    paths: tuple[str, ...] = (".",)
    """Files, folders, ``FILE.py:Class``, ``FILE.py:factory`` or ``pkg.mod:object``."""

    config: Path | None = None
    """The config file that was read."""
    selections: tuple[Selection, ...] = ()
    """Which rules run, and how severe they are: one entry a layer, the last has the last word."""
    preview: bool = False
    """Whether rules that may still change can run."""
    per_file_ignores: tuple[tuple[Globs, tuple[str, ...]], ...] = ()
    """Rules that say nothing about the files that match; ``!`` in front means all other files."""

    include: Globs | None = None
    """The files of a folder that are linted; None for all that Python calls its own."""
    exclude: Globs | None = None
    """Files and folders that are passed over, beside those that git ignores."""
    respect_gitignore: bool = True
    force_exclude: bool = False
    """Whether a file that is named is passed over where one of a folder would be."""
    models: tuple[Declared, ...] = ()
    """Models that nobody could build or describe but the user."""

    lengths: tuple[Condition, ...] = ()
    """The sizes the user cares about in this run: those where all conditions hold."""
    usual_lengths: tuple[Condition, ...] = ()
    """Those of the config file: they hold where nothing else is said and a model has the sizes."""
    inputs: tuple[Input, ...] = ()
    """The tensors that ``forward`` takes; empty to find out."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the constructor."""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of ``forward`` that stay the same."""
    train: bool = False
    """Whether models run in training mode: ``BatchNorm`` needs more than one value there."""

    python: str | None = None
    """The interpreter that runs the models, by path or command name; None to find one."""
    timeout: float = SECONDS
    """Seconds (of :mod:`shapelint.stopwatch`) for opening a file, and for each model in it."""
    memory: int = MEGABYTES
    """Megabytes that a file may take, beyond what torch itself takes."""
    jobs: int | None = None
    """Files that are linted at the same time, at most; None for one, or for many files as many as
    there are cores."""
    cache: bool = True
    """Whether answers of earlier runs are used and kept."""
    cache_dir: Path | None = None
    """Where answers of earlier runs are kept; None for a folder in the root of the project."""

    output_format: str = "full"
    outputs: tuple[Output, ...] = ()
    """Reports to write besides the one on standard output."""
    statistics: bool = False
    quiet: bool = False
    verbose: bool = False
    color: Color = "auto"

    fix: bool = False
    """Whether to write the fixes that are safe."""
    unsafe_fixes: bool = False
    """Whether fixes that are not safe count as well."""
    diff: bool = False
    """Whether to print what would be written, and write nothing."""

    baseline: Path | None = None
    """The file of findings that are known and pass."""
    update_baseline: bool = False
    """Whether to write what is found into that file."""

    fail_on: FailOn = "error"
    """The least severity that makes the exit code 1."""
    fail_on_skipped: bool = False
    """Whether a target that was not checked makes the exit code 1."""
    exit_zero: bool = False


_ABOUT_RULES = frozenset(f.name for f in dataclasses.fields(Selection))
_OTHER = frozenset(f.name for f in dataclasses.fields(Settings)) - {"selections"}


def merge(*layers: Mapping[str, Any]) -> Settings:
    """The settings that the layers say, later ones winning key by key.

    What a layer says about rules becomes its :class:`Selection`. Raises UsageError for an unknown
    key.
    """
    said: dict[str, Any] = {}
    selections = []
    for layer in layers:
        for key in layer.keys() - _OTHER - _ABOUT_RULES:
            raise UsageError(f"unknown setting {key!r}{suggestion(key, _OTHER | _ABOUT_RULES)}")
        said.update({k: v for k, v in layer.items() if k in _OTHER})
        about_rules = {k: v for k, v in layer.items() if k in _ABOUT_RULES}
        if about_rules:
            selections.append(Selection(**about_rules))
    return Settings(**said, selections=tuple(selections))
