"""An edit sets one keyword of one call and touches nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shapelint.edits import edits_for, keyword_source
from shapelint.fixes import Change
from shapelint.model import Edit
from shapelint.trace import Span


def span_of(path: Path) -> Span:
    """The call of ``Conv`` in a file, columns in bytes."""
    tree = ast.parse(path.read_bytes())
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and "Conv" in ast.dump(n.func))
    call = next(calls)
    ends = call.end_lineno, call.end_col_offset + 1
    return Span(str(path), call.lineno, call.col_offset + 1, *ends)


def applied(source: bytes, edits: tuple[Edit, ...]) -> bytes:
    """The source after the edits, the last one first so that no position moves."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column), reverse=True):
        start = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        source = source[:start] + edit.text.encode() + source[end:]
    return source


def edited(tmp_path: Path, source: str, **keywords: str) -> str | None:
    """The source with keywords of its call of ``Conv`` set; None if that is refused."""
    path = tmp_path / "model.py"
    path.write_bytes(source.encode())
    span = span_of(path)
    edits = edits_for(Change(span, k, v) for k, v in keywords.items())
    return applied(path.read_bytes(), edits).decode() if edits else None


REFUSED = {
    "keywords from a dict": "Conv(1, 2, 3, **options)",
    "a keyword and a dict": "Conv(1, 2, 3, output_padding=0, **options)",
    "arguments from a list": "Conv(*sizes)",
    "a generator, whose brackets are those of the call": "Conv(x for x in y)",
    "arguments from a list in the middle": "Conv(1, *sizes, stride=2)",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_calls_whose_arguments_cannot_be_seen_are_left_alone(tmp_path, source):
    assert edited(tmp_path, source, output_padding="1") is None


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
    "several lines": (
        "x = Conv(\n    1,\n    stride=2\n)\n",
        "x = Conv(\n    1,\n    stride=2, output_padding=1\n)\n",
    ),
    "several lines, trailing comma and comment": (
        "x = Conv(\n    1,\n    stride=2,  # halves\n)  # done\n",
        "x = Conv(\n    1,\n    stride=2, output_padding=1,  # halves\n)  # done\n",
    ),
    "a comment before the value": (
        "x = Conv(1,  # in\n    output_padding=0)\n",
        "x = Conv(1,  # in\n    output_padding=1)\n",
    ),
    "lines that end as on Windows": (
        "a = 1\r\nx = Conv(\r\n    1,\r\n    stride=2,\r\n)\r\n",
        "a = 1\r\nx = Conv(\r\n    1,\r\n    stride=2, output_padding=1,\r\n)\r\n",
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
    "in_channels": ("Conv(8, 2, 3)", "Conv(4, 2, 3)"),
    "in_features": ("Conv(8, 2)", "Conv(4, 2)"),
    "kernel_size": ("Conv(1, 2, 3, 2)", "Conv(1, 2, 4, 2)"),
    "stride": ("Conv(1, 2, 3, 2)", "Conv(1, 2, 3, 4)"),
    "padding": ("Conv(1, 2, 3, 2, 1)", "Conv(1, 2, 3, 2, 4)"),
    "ceil_mode": ("Conv(2)", "Conv(2, ceil_mode=4)"),
}


@pytest.mark.parametrize(("keyword", "sources"), POSITIONS.items(), ids=POSITIONS)
def test_arguments_by_position_are_known(tmp_path, keyword, sources):
    assert edited(tmp_path, sources[0], **{keyword: "4"}) == sources[1]


def test_several_changes_of_one_call(tmp_path):
    changes = {"kernel_size": "4", "padding": "1", "output_padding": "0"}
    source = "Conv(1, 2, 3, stride=2, output_padding=1)"
    result = "Conv(1, 2, 4, stride=2, output_padding=0, padding=1)"
    assert edited(tmp_path, source, **changes) == result


def test_an_output_padding_of_zero_is_not_written_where_none_stood(tmp_path):
    assert edited(tmp_path, "Conv(1, 2, 3)", kernel_size="4", output_padding="0") == "Conv(1, 2, 4)"


def test_one_change_that_is_refused_refuses_them_all(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("Conv(1, 2, 3)")
    known = Change(span_of(path), "stride", "2")
    for other in (Span(str(path), 1, 2, 1, 5), Span(str(tmp_path / "gone.py"), 1, 1, 1, 5)):
        assert edits_for([known])
        assert edits_for([known, Change(other, "stride", "2")]) == ()


WRITTEN = {
    "a number": ("Conv(1, stride=2)", ""),
    "an expression": ("Conv(1, stride=s + 1)", ""),
    "not there": ("Conv(1, s)", ""),
    "a name": ("Conv(1, stride=s)", "s"),
    "an attribute": ("Conv(1, stride=self.stride)", "self.stride"),
}


@pytest.mark.parametrize(("source", "text"), WRITTEN.values(), ids=WRITTEN)
def test_the_source_of_a_keyword(tmp_path, source, text):
    path = tmp_path / "model.py"
    path.write_text(source)
    assert keyword_source(span_of(path), "stride") == text
