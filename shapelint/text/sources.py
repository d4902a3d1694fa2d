"""Lines of source files, and what is needed to point at a place in them."""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping
from pathlib import Path, PurePath


class Sources(dict[str, tuple[str, ...]]):
    """The lines of each file by its path; read when first asked for.

    A file that cannot be read has no lines. ``texts`` are files that are not on the disk; ``root``
    is the folder that paths are relative to and shown relative to.
    """

    def __init__(self, texts: Mapping[str, str] | None = None, root: Path | None = None) -> None:
        super().__init__({path: tuple(t.split("\n")) for path, t in (texts or {}).items()})
        self.root = root or Path.cwd()

    def __missing__(self, path: str) -> tuple[str, ...]:
        name = path if path.startswith("<") else os.path.join(self.root, path)
        linecache.checkcache(name)
        try:
            lines = linecache.getlines(name)
        except LookupError:  # it declares an encoding that is none of text
            lines = []
        self[path] = tuple(line.rstrip("\r\n") for line in lines)
        return self[path]

    def line(self, path: str, number: int) -> str:
        """Line ``number``, from 1; empty if there is none."""
        lines = self[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def column(self, path: str, number: int, byte: int) -> int:
        """The column, in characters, of a column that counts bytes of UTF-8; both from 1.

        Python counts bytes in the positions of syntax trees and of code objects.
        """
        before = self.line(path, number).encode("utf-8", "surrogatepass")[: byte - 1]
        return len(before.decode("utf-8", "ignore")) + 1

    def shown(self, path: str) -> str:
        """The path relative to the root if it is below it, with forward slashes."""
        if path.startswith("<"):
            return path
        absolute = PurePath(os.path.abspath(os.path.join(self.root, path)))
        below = absolute.is_relative_to(self.root)
        return (absolute.relative_to(self.root) if below else absolute).as_posix()
