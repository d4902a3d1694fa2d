"""Python in Markdown: how the authors of a project say that it is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

__all__ = ["code_blocks"]

_FENCE = re.compile(r"^```[ ]*(?:python|py|python3)[ ]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def code_blocks(text: str) -> Iterator[ast.Module]:
    """The fenced Python blocks of a Markdown text that parse; lines count from its beginning."""
    for block in _FENCE.finditer(text):
        before = text.count("\n", 0, block.start(1))
        try:
            yield ast.parse("\n" * before + block[1])
        except (
            SyntaxError,
            ValueError,
            RecursionError,
            MemoryError,
        ):  # an excerpt, with an ellipsis or a shell prompt
            continue
