"""Python in Markdown and in notebooks: how the authors of a project say that it is used."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

_FENCE = re.compile(r"^```[ ]*(?:python|py|python3)[ ]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


_NOT_PYTHON = re.compile(r"^\s*[%!?].*$", re.MULTILINE)
"""Magics, and commands of a shell."""


def notebook(text: str) -> Iterator[ast.Module]:
    """The code cells of a Jupyter notebook as one module, if they parse."""
    try:
        cells = json.loads(text)["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        yield ast.parse(_NOT_PYTHON.sub("", "\n".join(code)))
    except (LookupError, TypeError, SyntaxError, ValueError, RecursionError, MemoryError):
        return


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
