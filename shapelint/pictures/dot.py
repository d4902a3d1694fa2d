"""``dot``: for Graphviz.

https://graphviz.org/doc/info/lang.html
"""

from __future__ import annotations

from shapelint.diagram import Box, Diagram
from shapelint.pictures import COLORS, picture

_PLAIN = ("#ffffff", "#000000")


@picture("dot")
def dot(shown: Diagram) -> str:
    """A graph from left to right; boxes of one resolution share a row, dashed lines are skips."""
    keys = [box.key for box in shown.boxes]
    label = r"\n".join(map(_escaped, (shown.title, *shown.facts)))
    lines = [
        f'label="{label}"; labelloc=t; rankdir=LR; node [shape=box, fontname=monospace];',
        *(_box(box) for box in shown.boxes),
        *(
            f"{keys[e.source]} -> {keys[e.target]}{' [style=dashed]' if e.skips else ''};"
            for e in shown.edges
        ),
    ]
    return "digraph {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def _box(box: Box) -> str:
    text = r"\n".join(map(_escaped, box.lines))
    color, _ = COLORS.get(box.kind, _PLAIN)
    return f'{box.key} [label="{text}", style=filled, fillcolor="{color}", group={box.depth}];'


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")
