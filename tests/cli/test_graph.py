"""Pictures: what they show is read off real runs."""

from __future__ import annotations

import importlib
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from shapelint.diagram import Diagram, diagram
from shapelint.model import Examination, Input, TargetReport
from shapelint.pictures import PICTURES
from shapelint.registry import module_names
from shapelint.trace import Trace
from shapelint.worker.tracer import ShapeTracer


class UNet(nn.Module):
    """Two levels, and no care for odd sizes."""

    def __init__(self):
        super().__init__()
        self.down, self.deep = nn.Conv1d(1, 8, 3, 2, 1), nn.Conv1d(8, 8, 3, 2, 1)
        self.mid, self.up = nn.ConvTranspose1d(8, 8, 2, 2), nn.ConvTranspose1d(16, 8, 2, 2)

    def forward(self, x):
        y = torch.relu(self.down(x))
        z = torch.cat([y, self.mid(self.deep(y))], 1)
        return torch.cat([x, self.up(z)], 1)


class Exact(nn.Module):
    """A stage that is told how long its output should be, and one that keeps the length."""

    def __init__(self):
        super().__init__()
        self.same = nn.Conv1d(1, 1, 3, padding=1)
        self.down, self.up = nn.Conv1d(1, 2, 3, 2, 1), nn.ConvTranspose1d(2, 1, 3, 2, 1)

    def forward(self, x):
        return self.up(self.down(self.same(x)), output_size=x.shape[-1:])


def traced(module: nn.Module, length: int) -> Trace:
    inputs = {"x": (("N", 1, "L"), torch.float32)}
    return ShapeTracer().run(module.to("meta"), inputs, {"N": 2, "L": length})


def drawn(trace: Trace | None, reason: str = "") -> Diagram:
    inputs = (Input("x", ("N", 1, "L")),)
    evidence = "proven" if trace else "not-checked"
    report = TargetReport("m.py:Net", "m.py", "Net", inputs, evidence, reason)
    joins = [n.index for n in trace.nodes if n.op == "cat"] if trace else []
    return diagram(Examination(report, trace, tuple(joins)))


def picture(form: str, shown: Diagram) -> str:
    draw = PICTURES.get(form)
    assert draw is not None
    return draw(shown)


WHAT = {
    "a layer that keeps the length is left out": (
        (Exact(), 64),
        [
            ("input", 0, ("x", "(N, 1, L)")),
            ("down", 1, ("conv1d", "L: L -> ceil(L/2)")),
            ("up", 0, ("conv_transpose1d", "L: ceil(L/2) -> L", "undoes down")),
            ("output", 0, ("output", "(N, 1, L)")),
        ],
        [(0, 1), (1, 2), (2, 3)],
    ),
    "skips end in junctions, levels are rows": (
        (UNet(), 64),
        [
            ("input", 0),
            ("down", 1),
            ("down", 2),
            ("inexact", 1),
            ("join", 1),
            ("inexact", 0),
            ("join", 0),
            ("output", 0),
        ],
        [(0, 1), (1, 2), (2, 3), (1, 4), (3, 4), (4, 5), (0, 6), (5, 6), (6, 7)],
    ),
    "a run that fails ends with what raised": (
        (UNet(), 66),
        [("input", 0), ("down", 1), ("down", 2), ("inexact", 1), ("failure", 1)],
        [(0, 1), (1, 2), (2, 3), (1, 4), (3, 4)],
    ),
}


@pytest.mark.parametrize(("run", "boxes", "edges"), WHAT.values(), ids=WHAT)
def test_what_is_shown(run, boxes, edges):
    shown = drawn(traced(*run))
    told = [(b.kind, b.depth, b.lines)[: len(boxes[0])] for b in shown.boxes]
    assert told == boxes
    assert [(e.source, e.target) for e in shown.edges] == edges


def test_an_up_stage_says_where_it_undoes_its_encoder():
    (up,) = [b for b in drawn(traced(UNet(), 64)).boxes if b.key == "n4"]
    assert up.lines[-1] == "undoes deep only where 2*ceil(L/4) = ceil(L/2)"


MERMAID = """\
%% m.py:Net
%% proven
flowchart LR
    n0["x<br>(N, 1, L)"]
    n2["conv1d<br>L: L -#gt; ceil(L/2)"]:::down
    n3["conv_transpose1d<br>L: ceil(L/2) -#gt; L<br>undoes down"]:::up
    out0["output<br>(N, 1, L)"]
    n0 --> n2
    n2 --> n3
    n3 --> out0
    classDef down fill:#dbe9ff,stroke:#3b6fb6
    classDef up fill:#e2f3df,stroke:#3f8f3a
"""

DOT = r"""digraph {
  label="m.py:Net\nproven"; labelloc=t; rankdir=LR; node [shape=box, fontname=monospace];
  n0 [label="x\n(N, 1, L)", style=filled, fillcolor="#ffffff", group=0];
  n2 [label="conv1d\nL: L -> ceil(L/2)", style=filled, fillcolor="#dbe9ff", group=1];
  n3 [label="conv_transpose1d\nL: ceil(L/2) -> L\nundoes down", style=filled, fillcolor="#e2f3df", group=0];
  out0 [label="output\n(N, 1, L)", style=filled, fillcolor="#ffffff", group=0];
  n0 -> n2;
  n2 -> n3;
  n3 -> out0;
}
"""  # noqa: E501  (lines as they are printed)


@pytest.mark.parametrize(("form", "expected"), [("mermaid", MERMAID), ("dot", DOT)])
def test_text(form, expected):
    assert picture(form, drawn(traced(Exact(), 64))) == expected


SVG = "{http://www.w3.org/2000/svg}"


def boxes_of(text: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box of an SVG picture."""
    found = []
    for rect in ElementTree.fromstring(text).iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(key, "")) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + w, y + h))
    return found


@pytest.mark.parametrize("run", [run for run, *_ in WHAT.values()], ids=WHAT)
def test_boxes_of_an_svg_picture_do_not_meet_and_lie_within_it(run):
    shown = drawn(traced(*run))
    text = picture("svg", shown)
    boxes = boxes_of(text)
    assert len(boxes) == len(shown.boxes)
    root = ElementTree.fromstring(text)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    assert all(one[2] < other[0] for one, other in pairwise(boxes))


def test_lower_resolutions_are_lower():
    shown = drawn(traced(UNet(), 64))
    tops = [top for _, top, *_ in boxes_of(picture("svg", shown))]
    depths = [box.depth for box in shown.boxes]
    assert sorted(zip(depths, tops)) == sorted(zip(depths, tops), key=lambda at: at[1])


@pytest.mark.parametrize("form", ["svg", "html"])
def test_no_network_is_needed_and_text_is_no_markup(form):
    shown = drawn(traced(UNet(), 64), reason="1 < 2 & <b>")
    text = picture(form, shown)
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert set(re.findall(r"\w+://[^\s\"<]*", text)) == {"http://www.w3.org/2000/svg"}


def test_a_model_that_was_not_checked_has_its_reason_alone():
    shown = drawn(None, "needs channels")
    assert (shown.boxes, shown.facts) == ((), ("not checked: needs channels",))
    assert [picture(form, shown).count("needs channels") for form in PICTURES] == [1] * 4


@pytest.mark.parametrize("name", module_names("shapelint.pictures"))
def test_a_module_holds_the_picture_of_its_name(name):
    module = importlib.import_module(f"shapelint.pictures.{name}")
    assert PICTURES.get(name) is getattr(module, name)


WRITTEN = {
    "the default": ([], "flowchart LR"),
    "asked for": (["--format", "dot"], "digraph {"),
    "by the name of the file": (["-o", "a.svg"], "<svg"),
    "a page": (["-o", "a.html"], "<!doctype html>"),
    "what is asked for wins": (["-o", "a.svg", "--format", "dot"], "digraph {"),
    "a name that says nothing": (["-o", "a.txt"], "flowchart LR"),
}


@pytest.mark.parametrize(("flags", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_the_command(engine, shapelint, tmp_path, flags, expected):
    report = TargetReport("m.py:Net", "m.py", "Net", (Input("x", ("N", 1, "L")),), "proven", "")
    engine.examination = Examination(report, traced(Exact(), 64))
    code, out, err = shapelint("graph", "model.py", *flags)
    assert (code, err) == (0, "")
    files = [file.read_text() for file in tmp_path.glob("a.*")]
    assert expected in (files[0] if "-o" in flags else out)


def test_no_text_is_written_into_a_file_for_pixels(engine, shapelint, tmp_path):
    engine.examination = Examination(TargetReport("m", "m", "m", (), "proven", ""), None)
    code, _, err = shapelint("graph", "model.py", "-o", "a.png")
    assert code == 2
    assert "a.png: no picture ends in .png; known are .svg, .html, .dot, .gv, .mmd" in err
    assert not (tmp_path / "a.png").exists()
    assert shapelint("graph", "model.py", "-o", "a.png", "--format", "svg")[0] == 0
