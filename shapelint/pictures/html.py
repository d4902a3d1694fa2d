"""``html``: the SVG picture in a page of its own."""

from __future__ import annotations

from html import escape

from shapelint.diagram import Diagram
from shapelint.pictures import picture
from shapelint.pictures.svg import svg


@picture("html")
def html(shown: Diagram) -> str:
    """A page that needs no network."""
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(shown.title)}</title>\n{svg(shown)}</html>\n"
    )
