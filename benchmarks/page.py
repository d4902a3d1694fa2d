"""Tables in Markdown, and the page that shows them between marks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")


def head(*cells: str) -> str:
    """The names of the columns, and the line below them."""
    return f"{row(*cells)}\n|{'---|' * len(cells)}"


def row(*cells: object) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def write(name: str, lines: Iterable[str]) -> None:
    """Put lines between the marks of ``name`` on the page. Raises ValueError without marks."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{PAGE} lacks the marks of {name}")
    body = "\n".join(lines)
    PAGE.write_text(f"{before}{begin}\n{body}\n{end}{after}", encoding="utf-8")
