"""``svg``: the U of an encoder and a decoder, a row for each resolution. Needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from shapelint.diagram import Box, Diagram, Edge
from shapelint.pictures import COLORS, picture

CHAR, LINE, PAD = 7.3, 17, 9
"""Width of a character of the font, height of a line, and room around text, in pixels."""
GAP, ROW = 46, 34
"""Room between neighbours, and between rows."""

_PLAIN = ("#ffffff", "#444444")
"""Fill and outline of an input or an output."""

_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" '
    'viewBox="0 0 {w:.0f} {h:.0f}" font-family="ui-monospace, monospace" font-size="12">'
)
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555555"/></marker></defs>'
)


Point = tuple[float, float]


@dataclass(frozen=True)
class _Placed:
    """A box and where it is drawn."""

    box: Box
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@picture("svg")
def svg(shown: Diagram) -> str:
    """Boxes from left to right as they are executed; dashed lines are skips."""
    head = [shown.title, *shown.facts]
    placed = _place(shown.boxes, top=PAD + LINE * len(head) + ROW)
    width = max([p.x + p.width for p in placed] + [len(line) * CHAR for line in head]) + 2 * PAD
    height = max([p.y + p.height for p in placed], default=PAD + LINE * len(head)) + 2 * PAD
    parts = [
        _HEAD.format(w=width, h=height),
        _ARROW,
        *_texts(head, PAD, PAD + LINE),
        *(_line(edge, placed) for edge in shown.edges),
        *(part for p in placed for part in _drawn(p)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _place(boxes: tuple[Box, ...], top: float) -> list[_Placed]:
    """A column for each box, a row for each depth as high as its highest box."""
    heights = [len(box.lines) * LINE + PAD for box in boxes]
    rows: dict[int, float] = {}
    y = top
    for depth in sorted({box.depth for box in boxes}):
        rows[depth] = y
        y += max(h for h, box in zip(heights, boxes) if box.depth == depth) + ROW
    placed, x = [], float(PAD)
    for box, height in zip(boxes, heights):
        width = max(map(len, box.lines)) * CHAR + 2 * PAD
        placed.append(_Placed(box, x, rows[box.depth], width, height))
        x += width + GAP
    return placed


def _line(edge: Edge, placed: list[_Placed]) -> str:
    """A curve from the right of a box to the left of another."""
    source, target = placed[edge.source], placed[edge.target]
    between = (p.box.depth for p in placed[edge.source + 1 : edge.target])
    blocked = source.box.depth == target.box.depth and source.box.depth in between
    start, end = (source.x + source.width, source.middle), (target.x, target.middle)
    curve = _detour(start, end, source.y - ROW / 2) if blocked else _bend(start, end)
    dashes = ' stroke-dasharray="5 4"' if edge.skips else ""
    path = f"M{start[0]:.0f},{start[1]:.0f} {curve}"
    return f'<path d="{path}" fill="none" stroke="#555555" marker-end="url(#arrow)"{dashes}/>'


def _detour(start: Point, end: Point, y: float) -> str:
    """Above the boxes of the row, up and down in the gaps beside both ends."""
    up, down = (start[0] + GAP, y), (end[0] - GAP, y)
    return f"{_bend(start, up)} L{down[0]:.0f},{y:.0f} {_bend(down, end)}"


def _bend(start: Point, end: Point) -> str:
    """A curve that leaves and arrives level."""
    half = (start[0] + end[0]) / 2
    return f"C{half:.0f},{start[1]:.0f} {half:.0f},{end[1]:.0f} {end[0]:.0f},{end[1]:.0f}"


def _drawn(placed: _Placed) -> Iterator[str]:
    fill, outline = COLORS.get(placed.box.kind, _PLAIN)
    place = f'x="{placed.x:.0f}" y="{placed.y:.0f}"'
    size = f'width="{placed.width:.0f}" height="{placed.height:.0f}"'
    yield f'<rect {place} {size} rx="5" fill="{fill}" stroke="{outline}"/>'
    yield from _texts(list(placed.box.lines), placed.x + PAD, placed.y + LINE)


def _texts(lines: list[str], x: float, y: float) -> Iterator[str]:
    """Lines below each other, the first one bold."""
    for number, line in enumerate(lines):
        weight = ' font-weight="bold"' if number == 0 else ""
        at = f'x="{x:.0f}" y="{y + number * LINE:.0f}"'
        yield f"<text {at}{weight}>{escape(line)}</text>"
