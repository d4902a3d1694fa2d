"""Colour, as in rustc and ruff: the severity, the frame, the help.

Text is painted where it is made, and :func:`plain` removes the paint again where no colour is
wanted, so that no function has to know whether it is.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["Style", "paint", "plain"]

Style = Literal["error", "warning", "info", "frame", "help", "strong", "faint"]

_CODES: dict[Style, str] = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "frame": "1;34",
    "help": "1;36",
    "strong": "1",
    "faint": "2",
}

_PAINT = re.compile(r"\x1b\[[\d;]*m")


def paint(text: str, style: Style) -> str:
    """``text`` in a style of the terminal (ECMA-48, Select Graphic Rendition)."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else ""


def plain(text: str) -> str:
    """``text`` without paint."""
    return _PAINT.sub("", text)
