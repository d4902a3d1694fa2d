"""Where text goes, and whether in colour."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from typing import IO, Any

import click

from shapelint.config import Color, Settings
from shapelint.errors import UsageError
from shapelint.model import Report
from shapelint.reporters import render
from shapelint.text.details import details
from shapelint.text.paint import plain
from shapelint.text.sources import Sources
from shapelint.text.summary import fixable

_FOR_PEOPLE = ("full", "concise", "markdown", "statistics")


def write(report: Report, settings: Settings) -> None:
    """Print the report, and write it wherever else it was asked for."""
    sources = Sources()
    if settings.verbose:
        echo("".join(f"{line}\n" for line in details(report, sources)), settings.color, err=True)
    for output in settings.outputs:
        if output.destination != "-":
            save(output.destination, render(output.format, report, sources))
    name = "statistics" if settings.statistics else settings.output_format
    shown = report if settings.verbose or name not in _FOR_PEOPLE else _findings(report)
    if not settings.quiet or _has_news(shown):
        echo(render(name, shown, sources, color=True), settings.color)
        if name in ("full", "concise") and fixable(shown):
            echo(f"{fixable(shown)}\n", settings.color, err=True)
    for output in settings.outputs:
        if output.destination == "-":
            echo(render(output.format, report, sources, color=True), settings.color)
    if "github" in (settings.output_format, *(output.format for output in settings.outputs)):
        _summarize(report, sources, os.environ.get("GITHUB_STEP_SUMMARY"))


def _summarize(report: Report, sources: Sources, page: str | None) -> None:
    """Add the tables to the page that GitHub shows for a job; each of its steps may add to it."""
    if page:
        save(page, render("markdown", _findings(report), sources), "a")


def _findings(report: Report) -> Report:
    """Without what is mere information: it is in the machine formats, and with ``--verbose``."""
    found = tuple(d for d in report.diagnostics if d.severity != "info")
    return dataclasses.replace(report, diagnostics=found)


def _has_news(report: Report) -> bool:
    return bool(report.diagnostics) or any(t.evidence == "not-checked" for t in report.targets)


def save(destination: str, text: str, mode: str = "w") -> None:
    """Write a file. Raises UsageError if that fails."""
    try:
        # names of files need not be UTF-8; the escape is one in JSON as well
        with open(destination, mode, encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as exc:
        raise UsageError(f"cannot write {destination}: {exc.strerror}") from exc


def echo(text: str, color: Color, err: bool = False) -> None:
    """Print painted text, without the paint unless colour is wanted."""
    painted = wants_color(color, sys.stderr if err else sys.stdout, os.environ)
    click.echo(text if painted else plain(text), nl=False, err=err, color=painted)


def wants_color(color: Color, stream: IO[Any], environ: Mapping[str, str]) -> bool:
    """``always``, ``never``, or what https://no-color.org and the terminal say."""
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or (stream.isatty() and environ.get("TERM") != "dumb")
