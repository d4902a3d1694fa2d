"""How models are spoken of that nothing in the project says how to build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.model import Diagnostic

if TYPE_CHECKING:
    from shapelint.config import Settings
    from shapelint.targets import Plan

__all__ = ["as_guess", "block_to_paste", "in_one_line"]

_RULE = "cannot-construct"


def block_to_paste(plan: Plan, path: Path, settings: Settings) -> str:
    """A block for the config file, to be filled in."""
    folder = settings.config.parent if settings.config else Path.cwd()
    shown = Path(os.path.relpath(path, folder)).as_posix()
    own = settings.config is not None and settings.config.name != "pyproject.toml"
    values = ", ".join(f"{name} = ..." for name in plan.missing)
    lines = (
        f"to lint it, fill this in and add it to {settings.config or 'pyproject.toml'}:",
        f"[[{'' if own else 'tool.shapelint.'}models]]",
        f'target = "{shown}:{plan.name}"',
        f"args = {{ {values} }}",
    )
    return "\n".join(lines)


def as_guess(found: Iterable[Diagnostic], assumed: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Findings that hang on guessed arguments: info, and no fix is applied for them."""
    note = f"assumed {', '.join(assumed)}: a guess by name, so this is info only"
    return tuple(
        replace(
            d,
            severity="info",
            notes=(*d.notes, note),
            fixes=tuple(replace(f, applicability="display") for f in d.fixes),
        )
        for d in found
    )


def in_one_line(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings about one file; of the models that could not be built, one names the others."""
    unbuilt = [d for d in found if d.name == _RULE]
    others = [f"not built either: {_name(d)} {d.message}" for d in unbuilt[1:]]
    return tuple(
        replace(d, notes=(*d.notes, *others)) if d in unbuilt else d
        for d in found
        if d not in unbuilt[1:]
    )


def _name(diagnostic: Diagnostic) -> str:
    return diagnostic.target.rpartition(":")[2]
