"""The layers of settings, put together for a run and for each file of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from shapelint.config import Settings, merge
from shapelint.configfile import nearest
from shapelint.errors import UsageError

Layer = Mapping[str, Any]


@dataclass(frozen=True)
class Layers:
    """What the command line says, and how the config file is to be found."""

    said: Layer
    isolated: bool = False
    """Whether no config file is read."""
    given: Sequence[str] = ()
    """``--config``: the path of a file to read instead of the nearest, or lines of TOML."""
    _known: dict[Path, Layer] = field(default_factory=dict)
    _in_folder: dict[Path, Settings] = field(default_factory=dict)

    def of_run(self) -> Settings:
        """The settings of the run as a whole. Raises UsageError.

        The config file is the nearest to all paths: what is in the folder they share or above.
        """
        paths = [_place(path) for path in self.said.get("paths", (".",))]
        if len(paths) == 1:
            return self.of(paths[0])
        return self.of(Path(os.path.commonpath([path.absolute() for path in paths])))

    def of(self, path: Path) -> Settings:
        """The settings for one file or folder. Raises UsageError."""
        folder = path if path.is_dir() else path.parent
        if folder not in self._in_folder:
            layers = (*self._configured(folder), *self._inline[1], self.said)
            self._in_folder[folder] = merge(*layers)
        return self._in_folder[folder]

    def _configured(self, folder: Path) -> list[Layer]:
        file = self._inline[0]
        if file is None and not self.isolated:
            file = nearest(folder)
        if file is None:
            return []
        if file not in self._known:
            from shapelint.configfile.reading import read

            self._known[file] = read(file)
        return [self._known[file]]

    @cached_property
    def _inline(self) -> tuple[Path | None, tuple[Layer, ...]]:
        """The file among what was given, and the layers that were written out."""
        files = [Path(text) for text in self.given if Path(text).is_file()]
        texts = [text for text in self.given if not Path(text).is_file()]
        for text in texts:
            if "=" not in text:
                raise UsageError(f"--config {text}: no such file")
        if len(files) > 1:
            raise UsageError(f"--config: one file at most, got {' and '.join(map(str, files))}")
        return files[0] if files else None, _written_out(texts)


def _written_out(texts: Sequence[str]) -> tuple[Layer, ...]:
    if not texts:
        return ()
    from shapelint.configfile.reading import inline

    return tuple(map(inline, texts))


def _place(argument: str) -> Path:
    """The file or folder of an argument such as ``FILE.py:Class``; modules are found from here."""
    whole, part = Path(argument), Path(argument.rpartition(":")[0] or ".")
    return next((path for path in (whole, part) if os.path.exists(path)), Path())
