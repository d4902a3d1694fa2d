"""An edit sets one keyword of one call and touches nothing else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from shapelint.fixes import Change
from shapelint.source.calls import call_at, function_around
from shapelint.source.edits import applied
from shapelint.source.texts import Texts
from shapelint.source.writings import writings
from shapelint.trace import Node, Span


def span_of(path: Path) -> Span:
    """The call of ``Conv`` in a file, columns in bytes."""
    tree = ast.parse(path.read_bytes())
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and "Conv" in ast.dump(n.func))
    call = next(calls)
    ends = call.end_lineno, call.end_col_offset + 1
    return Span(str(path), call.lineno, call.col_offset + 1, *ends)


def node(span: Span, module: str = "up", **rest: Any) -> Node:
    """A layer that was built there."""
    shapes = {"input_shapes": (), "shapes": (), "inputs": ()}
    fields = {"op": "conv_transpose1d", "module_type": "", "attrs": {}, **shapes, **rest}
    return Node(0, module, module=module, span=None, layer_span=span, **fields)


def edited(tmp_path: Path, source: str, **keywords: str) -> str | None:
    """The source with keywords of its call of ``Conv`` set; None if that is refused."""
    path = tmp_path / "model.py"
    path.write_bytes(source.encode())
    made = node(span_of(path))
    ways = writings([Change(made, k, v) for k, v in keywords.items()], Texts())
    edits = next((w.edits for w in ways), ())
    return applied(path.read_bytes(), edits).decode() if edits else None


def test_a_generator_has_the_brackets_of_the_call(tmp_path):
    assert edited(tmp_path, "Conv(x for x in y)", output_padding="1") is None


EDITED = {
    "a keyword that is there": (
        "Conv(1, 2, 3, output_padding=0)",
        "Conv(1, 2, 3, output_padding=1)",
    ),
    "a keyword in the middle": (
        "Conv(1, 2, output_padding=f(0), bias=False)",
        "Conv(1, 2, output_padding=1, bias=False)",
    ),
    "a keyword with spaces": ("Conv(1, output_padding = (0, 0) )", "Conv(1, output_padding = 1 )"),
    "by position": ("Conv(1, 2, 3, 2, 1, 0)", "Conv(1, 2, 3, 2, 1, 1)"),
    "by position, more behind": ("Conv(1, 2, 3, 2, 1, 0, 4)", "Conv(1, 2, 3, 2, 1, 1, 4)"),
    "arguments from a list": ("Conv(*sizes)", "Conv(*sizes, output_padding=1)"),
    "keywords from a dict": ("Conv(1, **rest)", "Conv(1, **rest, output_padding=1)"),
    "keywords from a dict that has it": (
        "rest = dict(output_padding=0)\nConv(1, **rest)",
        "rest = dict(output_padding=1)\nConv(1, **rest)",
    ),
    "from a dict of settings": (
        "c = {'op': 0}\nConv(1, output_padding=c['op'])",
        "c = {'op': 1}\nConv(1, output_padding=c['op'])",
    ),
    "from a config class": (
        "class Config:\n    op: int = 0\n\nc = Config()\nConv(1, output_padding=c.op)",
        "class Config:\n    op: int = 1\n\nc = Config()\nConv(1, output_padding=c.op)",
    ),
    "not there": ("Conv(1, 2, 3, 2, 1)", "Conv(1, 2, 3, 2, 1, output_padding=1)"),
    "not there, keywords are": ("Conv(1, 2, stride=2)", "Conv(1, 2, stride=2, output_padding=1)"),
    "no arguments": ("Conv()", "Conv(output_padding=1)"),
    "trailing comma": ("Conv(1, stride=2,)", "Conv(1, stride=2, output_padding=1,)"),
    "a qualified name": ("nn.Conv(1)", "nn.Conv(1, output_padding=1)"),
    "a last argument in brackets": (
        "Conv(1, stride=(2))",
        "Conv(1, stride=(2), output_padding=1)",
    ),
    "brackets over several lines, with comments": (
        "Conv(1, stride=((  # (\n    2\n)  # )\n),  # )\n)",
        "Conv(1, stride=((  # (\n    2\n)  # )\n), output_padding=1,  # )\n)",
    ),
    "a last argument that is a tuple": (
        "Conv(1, (2, 2))",
        "Conv(1, (2, 2), output_padding=1)",
    ),
    "nested calls": ("Conv(f(1, 2), g(h(3)))", "Conv(f(1, 2), g(h(3)), output_padding=1)"),
    "two calls in a line": ("Conv(1); Conv(2)", "Conv(1, output_padding=1); Conv(2)"),
    "letters of several bytes before it": (
        "größe = 'µ'; x = Conv(1, 'ä')",
        "größe = 'µ'; x = Conv(1, 'ä', output_padding=1)",
    ),
    "a line for each argument": (
        "x = Conv(\n    1,\n    stride=2\n)\n",
        "x = Conv(\n    1,\n    stride=2,\n    output_padding=1\n)\n",
    ),
    "a line for each argument, a comment, and no comma": (
        "x = Conv(\n    1,\n    stride=2  # halves\n)\n",
        "x = Conv(\n    1,\n    stride=2,  # halves\n    output_padding=1,\n)\n",
    ),
    "a line for each argument, trailing comma and comment": (
        "x = Conv(\n    1,\n    stride=2,  # halves\n    # and more\n)  # done\n",
        "x = Conv(\n    1,\n    stride=2,  # halves\n    output_padding=1,\n"
        "    # and more\n)  # done\n",
    ),
    "a line for each argument, but not for the brackets": (
        "x = [Conv(1,\n\t  2,\n\t  stride=2),  # halves\n]\n",
        "x = [Conv(1,\n\t  2,\n\t  stride=2,\n\t  output_padding=1),  # halves\n]\n",
    ),
    "several arguments in a line": (
        "x = Conv(\n    1, 2,\n    stride=2, bias=False,\n)\n",
        "x = Conv(\n    1, 2,\n    stride=2, bias=False, output_padding=1,\n)\n",
    ),
    "a comment before the value": (
        "x = Conv(1,  # in\n    output_padding=0)\n",
        "x = Conv(1,  # in\n    output_padding=1)\n",
    ),
    "lines that end as on Windows": (
        "a = 1\r\nx = Conv(\r\n    1,\r\n    stride=2,\r\n)\r\n",
        "a = 1\r\nx = Conv(\r\n    1,\r\n    stride=2,\r\n    output_padding=1,\r\n)\r\n",
    ),
    "a value over several lines": (
        "Conv(1, output_padding=(\n    0,\n    0,\n))",
        "Conv(1, output_padding=1)",
    ),
    "a call in the argument of another": (
        "Sequential(Conv(1), ReLU())",
        "Sequential(Conv(1, output_padding=1), ReLU())",
    ),
}


@pytest.mark.parametrize(("source", "expected"), EDITED.values(), ids=EDITED)
def test_one_keyword_is_set_and_nothing_else_is_touched(tmp_path, source, expected):
    result = edited(tmp_path, source, output_padding="1")
    assert result == expected
    ast.parse(result)


POSITIONS = {
    "in_channels": ("conv_transpose1d", "Conv(8, 2, 3)", "Conv(4, 2, 3)"),
    "in_features": ("linear", "Conv(8, 2)", "Conv(4, 2)"),
    "kernel_size": ("conv_transpose1d", "Conv(1, 2, 3, 2)", "Conv(1, 2, 4, 2)"),
    "stride": ("conv2d", "Conv(1, 2, 3, 2)", "Conv(1, 2, 3, 4)"),
    "padding": ("conv_transpose2d", "Conv(1, 2, 3, 2, 1)", "Conv(1, 2, 3, 2, 4)"),
    "ceil_mode": ("max_pool2d", "Conv(2, 2, 0, 1, False, 1)", "Conv(2, 2, 0, 1, False, 4)"),
    "ceil_mode of an average": ("avg_pool2d", "Conv(2, 2, 0, 1)", "Conv(2, 2, 0, 4)"),
    "ceil_mode by name": ("max_pool2d", "Conv(2)", "Conv(2, ceil_mode=4)"),
}


@pytest.mark.parametrize(("title", "case"), POSITIONS.items(), ids=POSITIONS)
def test_arguments_by_position_are_known(tmp_path, title, case):
    op, before, after = case
    path = tmp_path / "model.py"
    path.write_text(before)
    change = Change(node(span_of(path), op=op), title.split()[0], "4")
    edits = next(writings([change], Texts())).edits
    assert applied(path.read_bytes(), edits).decode() == after


def test_several_changes_of_one_call_on_lines_of_their_own(tmp_path):
    changes = {"padding": "1", "output_padding": "1"}
    source = "Conv(\n    1,\n    2  # two\n)"
    result = "Conv(\n    1,\n    2,  # two\n    padding=1,\n    output_padding=1,\n)"
    assert edited(tmp_path, source, **changes) == result


def test_several_changes_of_one_call(tmp_path):
    changes = {"kernel_size": "4", "padding": "1", "output_padding": "0"}
    source = "Conv(1, 2, 3, stride=2, output_padding=1)"
    result = "Conv(1, 2, 4, stride=2, output_padding=0, padding=1)"
    assert edited(tmp_path, source, **changes) == result


def test_an_output_padding_of_zero_is_not_written_where_none_stood(tmp_path):
    assert edited(tmp_path, "Conv(1, 2, 3)", kernel_size="4", output_padding="0") == "Conv(1, 2, 4)"


def test_a_file_is_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.py"
    path.write_text("class M:\n    def __init__(self):\n        self.up = Conv(1, 2)\n")
    files, span = Texts(), span_of(path)
    walk, walked = ast.walk, []
    monkeypatch.setattr(ast, "walk", lambda tree: walked.append(tree) or walk(tree))
    call, function = call_at(files, span), function_around(files, span)
    assert call is not None
    assert function is not None
    assert walked == [files.tree(path)]
