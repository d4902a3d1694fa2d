"""``mermaid``: GitHub, GitLab and many editors draw it.

https://mermaid.js.org
"""

from __future__ import annotations

from shapelint.diagram import Box, Diagram
from shapelint.pictures import COLORS, picture


@picture("mermaid")
def mermaid(shown: Diagram) -> str:
    """A flowchart; dotted lines are skips."""
    head = [f"%% {line}" for line in (shown.title, *shown.facts)]
    boxes = [f"    {_box(box)}" for box in shown.boxes]
    keys = [box.key for box in shown.boxes]
    edges = [
        f"    {keys[e.source]} {'-.->' if e.skips else '-->'} {keys[e.target]}" for e in shown.edges
    ]
    used = {box.kind for box in shown.boxes}
    styles = [
        f"    classDef {kind} fill:{fill},stroke:{outline}"
        for kind, (fill, outline) in COLORS.items()
        if kind in used
    ]
    return "\n".join([*head, "flowchart LR", *boxes, *edges, *styles]) + "\n"


def _box(box: Box) -> str:
    text = "<br>".join(map(_escaped, box.lines))
    kind = f":::{box.kind}" if box.kind in COLORS else ""
    return f'{box.key}["{text}"]{kind}'


def _escaped(text: str) -> str:
    """Characters that mermaid or HTML would read as their own."""
    text = text.replace("#", "#35;")
    for char, name in (("&", "amp"), ('"', "quot"), ("<", "lt"), (">", "gt")):
        text = text.replace(char, f"#{name};")
    return text
