"""One finding in words, as every format that people read has it."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.model import Diagnostic, Fix, Severity
from shapelint.text.layout import one_line, pad, visible, width
from shapelint.text.paint import paint
from shapelint.text.sources import Sources

RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
"""The worst first."""


def one_liner(found: Diagnostic, sources: Sources) -> str:
    """``path:line:col: error[name] message (CODE)``."""
    span = found.span
    column = sources.column(span.path, span.line, span.column)
    where = f"{one_line(sources.shown(span.path))}:{span.line}:{column}"
    kind = paint(f"{found.severity}[{found.name}]", found.severity)
    message = one_line(found.message)
    return f"{where}: {kind} {message} ({found.code})"


def notes(found: Diagnostic) -> Iterator[str]:
    """The notes below the headline; one may have several lines."""
    yield from found.notes
    if found.error:
        sizes = ", ".join(f"{name} = {size}" for name, size in found.witness.items())
        yield f"PyTorch{f' at {sizes}' if sizes else ''}: {found.error}"


def helps(fixes: tuple[Fix, ...]) -> Iterator[str]:
    """One line a fix, the notes below each other."""
    titles = [one_line(fix.title) for fix in fixes]
    columns = max(map(width, titles), default=0)
    for title, fix in zip(titles, fixes, strict=True):
        yield f"{pad(title, columns)}   {one_line(fix.note)}".rstrip()


def details(found: Diagnostic) -> Iterator[str]:
    """Notes and fixes without layout, a line each, for formats that have no code frames."""
    for note in notes(found):
        yield from visible(note).split("\n")
    yield from (f"help: {one_line(f'{fix.title}: {fix.note}')}" for fix in found.fixes)
