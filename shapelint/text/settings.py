"""The settings as ``--show-settings`` prints them: TOML, as far as TOML has a word for it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapelint.config import Globs, Selection, Settings
from shapelint.lengths.conditions import All, Any, Compare
from shapelint.lengths.sets import SizeSet


def lines(settings: Settings) -> Iterator[str]:
    """The config file, the rules layer by layer, and every other setting: ``key = value``."""
    yield f"# config file: {settings.config or 'none'}"
    for layer in settings.selections:
        yield from (f"{line}  # {layer.origin or 'command line'}" for line in _said(layer))
    for field in dataclasses.fields(settings):
        if field.name not in ("config", "selections"):
            value = getattr(settings, field.name)
            head = "" if value is not None else "# "
            yield f"{head}{field.name.replace('_', '-')} = {_written(value)}"


def _said(layer: Selection) -> Iterator[str]:
    for flag in ("select", "ignore", "error", "warn"):
        if getattr(layer, flag):
            yield f"{flag} = {_written(getattr(layer, flag))}"
    yield from (f"rules.{name} = {_written(level)}" for name, level in layer.rules.items())


def _written(value: object) -> str:
    """A value in the syntax of TOML; ``unset`` for None."""
    if value is None:
        return "unset"
    if isinstance(value, Globs):
        return _written([str(value.folder / pattern) for pattern in value.patterns])
    if isinstance(value, (Compare, All, Any)):
        return json.dumps(SizeSet.of(value, sorted(value.symbols)).text)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_written, value))}]"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        inside = ", ".join(f"{k} = {_written(v)}" for k, v in value.items() if v is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Path):
        return json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False, default=str)
