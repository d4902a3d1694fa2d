"""``--fix``, ``--unsafe-fixes`` and ``--diff``: what becomes of the fixes in a report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import click

from shapelint.config import Settings
from shapelint.fixing import Fixed, Lint, fixed, for_display
from shapelint.model import Report
from shapelint.source.replacing import CHANGED, NotReplaced, replace_text
from shapelint.source.texts import Texts
from shapelint.text.diff import unified
from shapelint.text.summary import count, fixable


def apply(report: Report, lint: Lint, asked: Settings, since: float) -> tuple[Report, bool]:
    """Write the fixes that may be applied: the report on what is then there, and if all were.

    The report is on what the files held at the time ``since``.
    """
    done = fixed(report, lint, asked.unsafe_fixes)
    failures = list(_failures(done.texts, since))
    for failure in failures:
        click.echo(f"error: {failure}", err=True)
    if failures:
        return lint(Texts(), None), False
    if done.findings:
        click.echo(f"Fixed {_extent(done)}", err=True)
    return done.report, True


def show_diff(report: Report, lint: Lint, asked: Settings) -> int:
    """Print what ``apply`` would write; 1 if that is anything.

    What only a person can apply is shown on standard error, so that standard output can be piped to
    ``git apply``.
    """
    done = fixed(report, lint, asked.unsafe_fixes)
    click.echo(_diff(done.texts), nl=False)
    if done.findings:
        click.echo(f"Would fix {_extent(done)}", err=True)
    if left := fixable(done.report):
        click.echo(left, err=True)
    _show_the_rest(done)
    return int(bool(done.texts))


def _extent(done: Fixed) -> str:
    return f"{count(done.findings, 'finding')} in {count(len(done.texts), 'file')}"


def _show_the_rest(done: Fixed) -> None:
    texts = Texts(dict(done.texts.items()))
    for title, edited in for_display(done.report, texts):
        click.echo(f"\nfor display, not applied: {title}", err=True)
        for path, after in edited.items():
            click.echo(unified(shown(path), texts.read(path), after), nl=False, err=True)


def _failures(texts: Mapping[str, bytes], since: float) -> Iterator[str]:
    """Write the files; what kept some of them from being written."""
    for path, after in texts.items():
        try:
            _write(path, after, since)
        except NotReplaced as exc:
            yield f"{shown(path)}: {exc}"
        except OSError as exc:
            yield f"{shown(path)}: not written: {exc.strerror}"


def _write(path: str, after: bytes, since: float) -> None:
    """Raises NotReplaced, also for a file that was written since then, and OSError."""
    before = Texts().read(path)
    if before == after:  # another run came to the same
        return
    if os.path.getmtime(path) > since:
        raise NotReplaced(CHANGED)
    replace_text(path, before, after)


def _diff(texts: Mapping[str, bytes]) -> str:
    disk = Texts()
    return "".join(unified(shown(p), disk.read(p), after) for p, after in texts.items())


def shown(path: str) -> str:
    """A path as it is written in a diff: relative where it is below the working directory."""
    relative = os.path.relpath(path)
    return (path if relative.startswith("..") else relative).replace(os.sep, "/")
