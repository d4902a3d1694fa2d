"""A config file, read and judged."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapelint.configfile import SHARED
from shapelint.configfile.keys import root
from shapelint.configfile.kinds import Where
from shapelint.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Layer = dict[str, Any]


def read(path: Path) -> Layer:
    """What a config file says: a layer for :func:`shapelint.config.merge`.

    Raises UsageError for a file that cannot be read, unknown keys, and values of the wrong kind,
    with the file and the path of the key.
    """
    table = table_in(path)
    if table is None:
        raise UsageError(f"{_shown(path)}: there is no table [tool.shapelint]")
    at = Where(_shown(path), _absolute(path).parent, _prefix(path))
    return {**_layer(table, at), "config": _absolute(path)}


def inline(text: str) -> Layer:
    """What ``--config 'fail-on = "warning"'`` says; paths are relative to the working directory.

    Raises UsageError.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise UsageError(f"--config {text!r}: neither a file nor TOML: {exc}") from exc
    return _layer(table, Where("--config", Path.cwd()))


def _layer(table: Mapping[str, Any], at: Where) -> Layer:
    said: Layer = root().read(table, at)
    about_rules = {"select", "ignore", "rules"} & said.keys()
    return {**said, "origin": at.file} if about_rules else said


def _prefix(path: Path) -> str:
    return "tool.shapelint" if path.name == SHARED else ""


def table_in(path: Path) -> Mapping[str, Any] | None:
    """The table of shapelint in a file; None if it has none. Raises UsageError."""
    try:
        document: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"config: cannot read {_shown(path)}: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(f"{_shown(path)}: {exc}") from exc
    if path.name != SHARED:
        found: Mapping[str, Any] = document
        return found
    tools = document.get("tool", {})
    return tools.get("shapelint") if isinstance(tools, Mapping) else None


def _absolute(path: Path) -> Path:
    """Without ``..``, which would hide what is below what."""
    return Path(os.path.abspath(path))


def _shown(path: Path) -> str:
    """Relative to the working directory if it is below it."""
    absolute, here = _absolute(path), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
