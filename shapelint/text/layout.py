"""How wide text is in a terminal: tabs, wide characters, and characters that must not get there."""

from __future__ import annotations

TAB = 4


def expand(text: str) -> tuple[str, list[int]]:
    """A line as it is shown, and the terminal column (from 0) where each character starts.

    The list has one more entry, the column behind the last character. Tabs become spaces.
    """
    shown: list[str] = []
    starts = [0]
    for char in text:
        at = starts[-1]
        piece = " " * (TAB - at % TAB) if char == "\t" else visible(char)
        shown.append(piece)
        starts.append(at + width(piece))
    return "".join(shown), starts


def visible(text: str) -> str:
    """Replace what moves the cursor, paints or reorders text (CVE-2021-42574), except newlines."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """``text`` without line breaks and without what :func:`visible` replaces."""
    return visible(" ".join(text.splitlines()))


def width(text: str) -> int:
    """Terminal columns that ``text`` takes: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if char.isascii():
        return 1
    import unicodedata  # a table of a megabyte

    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, columns: int) -> str:
    """``text`` with spaces behind it up to a width."""
    return text + " " * (columns - width(text))
