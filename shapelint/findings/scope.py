"""What a run looked at: only there does the absence of a finding mean anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.findings.selection import ignored_in, selected_rules
from shapelint.project.discovery import Place, project_root
from shapelint.source.texts import Texts

if TYPE_CHECKING:
    from shapelint.config import Settings
    from shapelint.model import Report


@dataclass(frozen=True)
class Scope:
    """What a run looked at."""

    places: Sequence[Place]
    settings_for: Callable[[Path], Settings]
    files: Texts
    _whole: dict[Path, bool] = field(default_factory=dict)

    def rules_for(self, path: Path) -> set[str]:
        """The names of the rules that apply to a file."""
        settings = self.settings_for(path)
        silent = {rule.name for rule in ignored_in(settings, str(path))}
        return {rule.name for rule in selected_rules(settings)} - silent

    def is_whole(self, path: Path, report: Report) -> bool:
        """Whether all models that are made of the classes of a file were analysed."""
        if path not in self._whole:
            self._whole[path] = True  # ends the recursion for files that depend on themselves
            self._whole[path] = self._was_linted(path, report) and all(
                self.is_whole(owner.absolute(), report) for owner in self._owners(path)
            )
        return self._whole[path]

    def _was_linted(self, path: Path, report: Report) -> bool:
        files = {p.path.absolute() for p in self.places if not p.target}
        missed = (t.path for t in report.targets if t.evidence == "not-checked")
        return path in files and str(path) not in map(os.path.abspath, missed)

    def _owners(self, path: Path) -> Iterator[Path]:
        from shapelint.project.classes import project_at

        project = project_at(project_root(path), self.files)
        source = project.parse(path)
        for kind in source.classes if source else ():
            yield from (owner for owner, _ in project.owners(kind.name, path))
