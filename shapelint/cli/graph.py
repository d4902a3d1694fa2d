"""``shapelint graph``: a picture of the stages of a model."""

from __future__ import annotations

from typing import Any

import click

from shapelint.cli._options import model_options, settings
from shapelint.errors import UsageError
from shapelint.registry import module_names

_SUFFIXES = {
    **{".svg": "svg", ".html": "html", ".dot": "dot", ".gv": "dot"},
    **dict.fromkeys(("", ".mmd", ".mermaid", ".md", ".txt"), "mermaid"),
}
"""Formats by the end of a file's name."""


@click.command("graph")
@click.argument("target")
@click.option(
    "--format",
    "form",
    type=click.Choice(module_names("shapelint.pictures")),
    help="Format; by default what the name of the file says, else mermaid.",
)
@click.option("-o", "--output", "destination", metavar="FILE", help="Write the picture there.")
@model_options
@click.pass_context
def command(
    ctx: click.Context, /, target: str, form: str | None, destination: str | None, **_: Any
) -> None:
    """Draw the stages of TARGET: resolutions, skips, and what undoes what."""
    from pathlib import Path

    from shapelint.cli._output import save
    from shapelint.diagram import diagram
    from shapelint.engine import examine
    from shapelint.pictures import PICTURES

    suffix = Path(destination or "").suffix
    if form is None and suffix not in _SUFFIXES:
        known = ", ".join(end for end in _SUFFIXES if end)
        raise UsageError(f"{destination}: no picture ends in {suffix}; known are {known}")
    draw = PICTURES.get(form or _SUFFIXES[suffix])
    assert draw is not None  # click offers what there is
    text = draw(diagram(examine(target, settings(ctx, target))))
    if destination is None:
        click.echo(text, nl=False)
    else:
        save(destination, text)
