"""Which files of a folder are meant: ``include``, ``exclude``, and what git ignores.

Patterns are those of ``.gitignore`` (https://git-scm.com/docs/gitignore), read by pathspec.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.config import Globs, Settings

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def matches(globs: Globs, path: Path, is_folder: bool = False) -> bool:
    """Whether a path is below the folder of the patterns, and one of them means it."""
    found = _verdict(_spec(globs.patterns), globs.folder, _absolute(path), is_folder)
    return bool(found)


class Wanted:
    """Asked about every file and folder while a folder is walked."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.top = _repository(_absolute(folder)) or _absolute(folder)

    def __call__(self, path: Path, is_folder: bool) -> bool:
        """Whether it is to be looked at."""
        include, exclude = self.settings.include, self.settings.exclude
        if exclude is not None and matches(exclude, path, is_folder):
            return False
        if include is not None and not is_folder and not matches(include, path):
            return False
        return not (self.settings.respect_gitignore and self._is_ignored(path, is_folder))

    def _is_ignored(self, path: Path, is_folder: bool) -> bool:
        """What git says: the file nearest to the path has the last word."""
        absolute, ignored = _absolute(path), False
        for folder, spec in _ignore_files(absolute.parent, self.top):
            found = _verdict(spec, folder, absolute, is_folder)
            ignored = ignored if found is None else found
        return ignored


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _repository(folder: Path) -> Path | None:
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)


@cache
def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # not before there are patterns

    return GitIgnoreSpec.from_lines(lines)


@cache
def _ignore_files(folder: Path, top: Path) -> tuple[tuple[Path, GitIgnoreSpec], ...]:
    """What the folders from ``top`` to this one say is to be ignored in them, the weakest first."""
    if not folder.is_relative_to(top):
        return ()
    above = () if folder == top else _ignore_files(folder.parent, top)
    files = (folder / ".git" / "info" / "exclude", folder / ".gitignore")
    texts = (f.read_text(errors="replace") for f in files if f.is_file())
    return (*above, *((folder, _spec(tuple(text.splitlines()))) for text in texts))


def _verdict(spec: GitIgnoreSpec, folder: Path, path: Path, is_folder: bool) -> bool | None:
    """Whether the patterns mean a path; None if they say nothing about it."""
    if not path.is_relative_to(folder):
        return None
    relative = path.relative_to(folder).as_posix()
    return spec.check_file(f"{relative}/" if is_folder else relative).include
