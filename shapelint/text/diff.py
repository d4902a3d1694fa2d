"""Unified diffs, as ``patch`` and ``git apply`` read them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from shapelint.source.texts import decoded

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


def unified(path: str, before: bytes, after: bytes) -> str:
    """The difference of two texts of one file; empty if there is none.

    As in git, an absolute path is one below the root: ``a/tmp/model.py``.
    """
    return "".join(_lines(path, before, after))


def _lines(path: str, before: bytes, after: bytes) -> Iterator[str]:
    name = path.lstrip("/")
    old, new = (_LINE.findall(decoded(text)[0]) for text in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"
