"""Reporting models that cannot be built because their arguments are not known."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.model import Diagnostic, Report
from shapelint.project.discovery import project_root

if TYPE_CHECKING:
    from shapelint.config import Settings

_RULE = "cannot-construct"


def block_to_paste(name: str, missing: Sequence[str], path: Path, settings: Settings) -> str:
    """A block for the config file about the class ``name``: the values are to be filled in."""
    config = settings.config or _config_to_be(project_root(path))
    shown = Path(os.path.relpath(path, config.parent)).as_posix()
    shared = config.name == "pyproject.toml"
    values = ", ".join(f"{name} = ..." for name in missing)
    lines = (
        f"to lint it, fill this in and add it to {_near(config)}:",
        f"[[{'tool.shapelint.' if shared else ''}models]]",
        f'target = "{shown}:{name}"',
        f"args = {{ {values} }}",
    )
    return "\n".join(lines)


def _config_to_be(root: Path) -> Path:
    """The file of the project that is there already, else one that no other tool reads."""
    shared = root / "pyproject.toml"
    return shared if shared.is_file() else root / "shapelint.toml"


def _near(path: Path) -> Path:
    """As seen from the working directory, if that is above it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def arguments_missing(error: str) -> list[str]:
    """The parameters that a TypeError of Python says were not given."""
    _, said, names = error.partition("missing ")
    return re.findall(r"'(\w+)'", names) if said and "required" in names else []


def as_info(found: Iterable[Diagnostic], note: str) -> tuple[Diagnostic, ...]:
    """Findings that depend on a guess, which ``note`` states: info only, and no fix is applied."""
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

    Silenced findings are gone by then, so that a comment silences its own model alone.
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
