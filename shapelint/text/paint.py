"""Colour, as in rustc and ruff: the severity, the frame, the help.

Text is painted where it is made, and :func:`plain` removes the paint again where no colour is
wanted, so that no function has to know whether it is.
"""

from __future__ import annotations

import re
from typing import Literal

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

_CSS = {
    "1;31": "color: #c62828; font-weight: bold",
    "1;33": "color: #b26a00; font-weight: bold",
    "1;36": "color: #00838f; font-weight: bold",
    "1;34": "color: #3b6fb6; font-weight: bold",
    "1": "font-weight: bold",
    "2": "opacity: 0.6",
}
"""Readable on light and on dark pages."""

_PAINT = re.compile(r"\x1b\[[\d;]*m")
_PAINTED = re.compile(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m", re.DOTALL)


def paint(text: str, style: Style) -> str:
    """``text`` in a style of the terminal (ECMA-48, Select Graphic Rendition)."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else ""


def plain(text: str) -> str:
    """``text`` without paint."""
    return _PAINT.sub("", text)


def as_html(text: str) -> str:
    """Painted text as HTML that looks like it."""
    from html import escape

    return _PAINTED.sub(
        lambda m: f'<span style="{_CSS[m[1]]}">{m[2]}</span>', escape(text, quote=False)
    )
