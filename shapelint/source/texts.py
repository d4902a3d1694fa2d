"""The project's files as they are, or as they would be.

A text may stand in for what is on the disk: an edit that is tried before it is written, or the
buffer of an editor. Both processes read through here; standard library only.
"""

from __future__ import annotations

import ast
import io
import linecache
import os
import tokenize
from collections.abc import Mapping
from pathlib import Path


class Texts:
    """Reads files; ``texts`` are read instead of the files at these paths."""

    def __init__(self, texts: Mapping[str | Path, bytes] | None = None) -> None:
        self.texts = {os.path.abspath(path): text for path, text in (texts or {}).items()}
        self._trees: dict[str, ast.Module] = {}
        self._nodes: dict[str, tuple[ast.AST, ...]] = {}

    def __eq__(self, other: object) -> bool:
        """Texts that stand in for the same files in the same way."""
        return isinstance(other, Texts) and self.texts == other.texts

    def __hash__(self) -> int:
        return hash(frozenset(self.texts.items()))

    def __bool__(self) -> bool:
        return bool(self.texts)

    def read(self, path: str | Path) -> bytes:
        """The text of a file. Raises OSError."""
        known = self.texts.get(os.path.abspath(path))
        return Path(path).read_bytes() if known is None else known

    def tree(self, path: str | Path) -> ast.Module:
        """The syntax tree of a file, parsed once; empty if it cannot be read or parsed."""
        name = os.path.abspath(path)
        if name not in self._trees:
            try:
                self._trees[name] = ast.parse(self.read(path))
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                self._trees[name] = ast.Module([], [])
        return self._trees[name]

    def nodes(self, path: str | Path) -> tuple[ast.AST, ...]:
        """The nodes of that tree in the order of :func:`ast.walk`, walked once."""
        name = os.path.abspath(path)
        if name not in self._nodes:
            self._nodes[name] = tuple(ast.walk(self.tree(path)))
        return self._nodes[name]

    def with_texts(self, texts: Mapping[str, bytes]) -> Texts:
        """The same files with further texts in place of what they hold."""
        changed: dict[str | Path, bytes] = dict(self.texts.items())
        changed.update((os.path.abspath(path), text) for path, text in texts.items())
        return Texts(changed)

    def show_to_inspect(self) -> None:
        """Let :mod:`inspect` and tracebacks find the lines of the texts, too."""
        for path, text in self.texts.items():
            try:
                lines = io.StringIO(decoded(text)[0]).readlines()
            except (SyntaxError, UnicodeDecodeError):
                continue
            linecache.cache[path] = (len(text), None, lines, path)

    def to_json(self) -> dict[str, str]:
        """The texts by path, a character for every byte."""
        return {path: text.decode("latin-1") for path, text in self.texts.items()}

    @classmethod
    def from_json(cls, texts: Mapping[str, str]) -> Texts:
        """The inverse of :meth:`to_json`."""
        return cls({path: text.encode("latin-1") for path, text in texts.items()})


def decoded(source: bytes) -> tuple[str, str]:
    """A Python source as text, and the encoding it declares (PEP 263).

    Line ends stay as they are. Raises SyntaxError for an encoding that Python does not read source
    in (rot13 is a codec, but not of text), UnicodeDecodeError.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    try:
        return source.decode(encoding), encoding
    except LookupError as exc:
        raise SyntaxError(str(exc)) from exc
