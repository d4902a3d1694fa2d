"""How models are spoken of that nothing in the project says how to build."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.model import Diagnostic, Report

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


def in_one_line(report: Report) -> Report:
    """The report where one of the models of a file that could not be built names the others.

    What somebody silenced is gone by then, so that a comment silences its own model alone.
    """
    others: dict[str, list[Diagnostic]] = {}
    for d in report.diagnostics:
        if d.name == _RULE:
            others.setdefault(d.span.path, []).append(d)
    firsts = {id(first): rest for first, *rest in others.values()}
    folded = {id(d) for rest in firsts.values() for d in rest}
    shown = [_naming(d, firsts.get(id(d), [])) for d in report.diagnostics if id(d) not in folded]
    return replace(report, diagnostics=tuple(shown))


def _naming(diagnostic: Diagnostic, others: Iterable[Diagnostic]) -> Diagnostic:
    notes = [f"not built either: {_name(d)} {d.message}" for d in others]
    return replace(diagnostic, notes=(*diagnostic.notes, *notes))


def _name(diagnostic: Diagnostic) -> str:
    return diagnostic.target.rpartition(":")[2]
