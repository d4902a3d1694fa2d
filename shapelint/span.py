"""A place in a source file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A range in a source file, end exclusive.

    Lines and columns count from 1; columns in bytes of UTF-8, as in syntax trees and code objects.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def at_line(cls, path: str, line: int) -> Span:
        """The beginning of a line."""
        return cls(path, line, 1, line, 1)
