"""The whole text that a user sees, for every way a frame can look."""

import re

import pytest

from shapelint.model import Diagnostic, Fix, Label, Report
from shapelint.reporters import render
from shapelint.text.sources import Sources
from shapelint.trace import Span
from tests.reports import AE, BROKEN, CLEAN, ROUNDTRIP, SKIPPED, finding, span_of, target


def shown(diagnostic: Diagnostic, **texts: str) -> str:
    """The block of one diagnostic; files are named by keyword, ``a`` is ``a.py``."""
    sources = Sources({f"{name}.py": text for name, text in texts.items()})
    text = render("full", Report((target(),), (diagnostic,), 1), sources)
    block, _, _ = text.rpartition("\n\n")
    return block + "\n"


def at(source: str, text: str, path: str = "a.py") -> Span:
    return span_of(path, source, text)


NO_FINDINGS = {
    "a clean report is the summary alone": (
        CLEAN,
        "Checked 1 model in 1 file: no findings\n",
    ),
    "nothing found is not called clean": (
        Report((), (), files=2),
        "No models found in 2 files\n",
    ),
    "what was not checked is said and counted": (
        SKIPPED,
        "not checked: models/ae.py:Big: took longer than 60 s\n"
        "Checked 1 of 2 models in 1 file: no findings, 1 not checked\n",
    ),
    "a target that was only run at some sizes is not proven": (
        Report((target(), target("B", "checked", "an op was probed")), (), files=1),
        "Checked 2 models in 1 file: no findings, 1 not proven\n",
    ),
}


@pytest.mark.parametrize(("report", "expected"), NO_FINDINGS.values(), ids=NO_FINDINGS)
def test_reports_without_findings(report, expected):
    assert render("full", report, Sources()) == expected


def test_both_layers_in_one_frame_with_notes_and_aligned_fixes():
    assert render("full", BROKEN, Sources({"models/ae.py": AE})) == (
        """\
error[roundtrip-length]: output is 1 shorter than the input for every even L                  SHP101
  --> models/ae.py:10:20
   |
 9 |         self.enc = nn.Conv1d(1, 8, kernel_size=3, stride=2, padding=1)
   |                    --------------------------------------------------- L -> ceil(L/2)
10 |         self.dec = nn.ConvTranspose1d(8, 1, kernel_size=3, stride=2, padding=1)
   |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ n -> 2n - 1
   = lengths: 16 -> 8 -> 15 (fails)    15 -> 8 -> 15 (fits)    proven for all L >= 1
help: output_padding=1           fits every even L; odd L would gain 1
help: output_size=x.shape[-1:]   in forward: fits every L

Checked 1 model in 1 file: 1 error
"""
    )


def test_summary_counts_each_severity_once():
    found = (ROUNDTRIP, finding("warning"), finding("warning"), finding("info"))
    text = render("full", Report((target(), target("B")), found, files=2), Sources())
    assert text.splitlines()[-1] == "Checked 2 models in 2 files: 1 error, 2 warnings, 1 info"


def test_what_a_finding_explains_is_not_said_twice():
    failed = finding("warning", message="needs arguments for depth", target="models/ae.py:Big")
    report = Report((target("Big", "not-checked", "needs arguments for depth"),), (failed,), 1)
    text = render("full", report, Sources())
    assert text.count("needs arguments for depth") == 1
    assert text.endswith("\n\nChecked 0 of 1 model in 1 file: 1 warning, 1 not checked\n")


def test_pytorchs_words_stand_behind_the_sizes_and_keep_their_lines():
    source = "x = cat(a, b)\n"
    diagnostic = finding(
        span=at(source, "cat(a, b)"),
        witness={"H": 17, "W": 16},
        error="RuntimeError: Sizes of tensors must match\nexpected 18 but got 17",
    )
    assert shown(diagnostic, a=source) == (
        """\
error[skip-length-mismatch]: lengths differ                                                   SHP201
 --> a.py:1:5
  |
1 | x = cat(a, b)
  |     ^^^^^^^^^
  = PyTorch at H = 17, W = 16: RuntimeError: Sizes of tensors must match
    expected 18 but got 17
"""
    )


def test_a_call_over_several_lines_has_a_bar():
    source = "net = Conv2d(\n    3,\n    8,\n)\n"
    diagnostic = finding(span=at(source, source[6:-1]), label="H -> H - 2", severity="warning")
    assert shown(diagnostic, a=source) == (
        """\
warning[skip-length-mismatch]: lengths differ                                                 SHP201
 --> a.py:1:7
  |
1 |   net = Conv2d(
  |  _______^
2 | |     3,
3 | |     8,
4 | | )
  | |_^ H -> H - 2
"""
    )


def test_a_bar_starts_with_a_slash_where_nothing_is_left_of_the_call():
    source = "net = [\n    Conv2d(\n        3\n    ),\n    up,\n]\n"
    label = Label(at(source, "up"), "undoes it")
    diagnostic = finding(span=at(source, "Conv2d(\n        3\n    )"), label="a", related=(label,))
    assert shown(diagnostic, a=source).split("\n")[2:] == [
        "  |",
        "2 | /     Conv2d(",
        "3 | |         3",
        "4 | |     ),",
        "  | |_____^ a",
        "5 |       up,",
        "  |       -- undoes it",
        "",
    ]


NESTED = {
    "bars that do not overlap share a column": (
        "net = Seq(\n    down(\n        3\n    ),\n    up(\n        3\n    ),\n)\n",
        """\
1 |     net = Seq(
  |  _________^
2 | | /     down(
3 | | |         3
4 | | |     ),
  | | |_____- down
5 | | /     up(
6 | | |         3
7 | | |     ),
  | | |_____- up
8 | |   )
  | |___^ whole
""",
    ),
    "bars that meet in a line do not": (
        "net = Seq(\n    down(\n        3\n    ), up(\n        3\n    ),\n)\n",
        """\
1 |       net = Seq(
  |  ___________^
2 | | /       down(
3 | | |           3
4 | | |       ), up(
  | | |  ________-
  | | |_______- down
5 | |   |         3
6 | |   |     ),
  | |   |_____- up
7 | |     )
  | |_____^ whole
""",
    ),
}


@pytest.mark.parametrize(("source", "expected"), NESTED.values(), ids=NESTED)
def test_calls_over_several_lines_may_be_nested(source, expected):
    down, up = (at(source, f"{name}(\n        3\n    )") for name in ("down", "up"))
    labels = (Label(down, "down"), Label(up, "up"))
    diagnostic = finding(span=at(source, source[6:-1]), label="whole", related=labels)
    _, _, frame = shown(diagnostic, a=source).partition("  |\n")
    assert frame == expected


def test_the_middle_of_a_very_long_call_is_left_out():
    source = "net = Conv2d(\n" + "    3,\n" * 10 + ")\n"
    diagnostic = finding(span=at(source, source[6:-1]), label="here")
    assert shown(diagnostic, a=source).split("\n")[2:] == [
        "   |",
        " 1 |   net = Conv2d(",
        "   |  _______^",
        " 2 | |     3,",
        " 3 | |     3,",
        " 4 | |     3,",
        " 5 | |     3,",
        "...  |",
        "12 | | )",
        "   | |_^ here",
        "",
    ]


def test_one_line_between_two_labels_is_shown_and_more_are_not():
    source = "a = f()\nb = 1\nc = g()\nd = 1\ne = 2\nf = h()\n"
    labels = (Label(at(source, "f()"), "first"), Label(at(source, "h()"), "third"))
    assert shown(finding(span=at(source, "g()"), label="second", related=labels), a=source) == (
        """\
error[skip-length-mismatch]: lengths differ                                                   SHP201
 --> a.py:3:5
  |
1 | a = f()
  |     --- first
2 | b = 1
3 | c = g()
  |     ^^^ second
...
6 | f = h()
  |     --- third
"""
    )


def test_marks_in_one_line_have_a_row_each_and_may_overlap():
    source = "net = Sequential(Conv(1), Up(2))\n"
    labels = (Label(at(source, "Conv(1)"), "down"), Label(at(source, "Sequential(Conv"), "outer"))
    assert shown(finding(span=at(source, "Up(2)"), label="up", related=labels), a=source) == (
        """\
error[skip-length-mismatch]: lengths differ                                                   SHP201
 --> a.py:1:27
  |
1 | net = Sequential(Conv(1), Up(2))
  |       --------------- outer
  |                  ------- down
  |                           ^^^^^ up
"""
    )


def test_a_label_in_another_file_gets_a_frame_of_its_own():
    here, there = "y = up(x)\n", "\n" * 99 + "x = down(x)\n"
    label = Label(at(there, "down(x)", "b.py"), "encoder")
    assert shown(
        finding(span=at(here, "up(x)"), label="up", related=(label,)), a=here, b=there
    ) == (
        """\
error[skip-length-mismatch]: lengths differ                                                   SHP201
   --> a.py:1:5
    |
  1 | y = up(x)
    |     ^^^^^ up
   ::: b.py:100:5
    |
100 | x = down(x)
    |     ------- encoder
"""
    )


WIDTHS = {
    "wide characters take two columns": ("s = '卷积'; f(x)\n", "s = '卷积'; f(x)", 12),
    "combining characters take none": ("s = 'e\u0301'; f(x)\n", "s = 'e\u0301'; f(x)", 9),
    "a tab goes to the next stop": ("\tif a:\tf(x)\n", "    if a:   f(x)", 12),
    "what would paint or move the cursor is replaced": (
        "s = '\x1b[31m\u202e'; f(x)\n",
        "s = '\ufffd[31m\ufffd'; f(x)",
        14,
    ),
}


@pytest.mark.parametrize(("source", "line", "column"), WIDTHS.values(), ids=WIDTHS)
def test_carets_stand_under_the_code(source, line, column):
    code, marks = shown(finding(span=at(source, "f(x)")), a=source).split("\n")[3:5]
    assert code == f"1 | {line}"
    assert marks == f"  | {' ' * column}^^^^"


def test_columns_are_shown_in_characters_although_python_counts_bytes():
    source = "s = '卷积'; f(x)\n"
    span = at(source, "f(x)")
    assert span.column == 15
    assert " --> a.py:1:11\n" in shown(finding(span=span), a=source)


UNKNOWN = {
    "a file that cannot be read has no frame": (Span("gone.py", 3, 5, 3, 9), {}),
    "a line that is not there has no frame": (Span("a.py", 30, 5, 30, 9), {"a": "x = 1\n"}),
}


@pytest.mark.parametrize(("span", "texts"), UNKNOWN.values(), ids=UNKNOWN)
def test_the_place_is_named_even_without_its_source(span, texts):
    lines = shown(finding(span=span), **texts).split("\n")
    indent = " " * len(str(span.line))
    assert lines[1:] == [f"{indent}--> {span.path}:{span.line}:1", ""]


def test_a_file_that_changed_is_read_again(tmp_path):
    file = tmp_path / "a.py"
    for text in ("before()\n", "f(x)  # and now longer\n"):
        file.write_text(text)
        assert Sources()[str(file)] == (text.rstrip("\n"),)


def test_a_span_without_columns_marks_the_line():
    """Python 3.10 keeps no columns."""
    marks = shown(finding(span=Span("a.py", 1, 1, 1, 1)), a="    f(x)  \n").split("\n")[4]
    assert marks == "  |     ^^^^"


def test_a_long_headline_keeps_its_code():
    message = "output is shorter than the input for " + "many " * 20 + "sizes"
    first = shown(finding(message=message)).split("\n")[0]
    assert first == f"error[skip-length-mismatch]: {message}  SHP201"


def test_what_should_be_one_line_stays_one_line():
    source = "f(x)\n"
    diagnostic = finding(span=at(source, "f(x)"), message="a\nb", label="c\nd")
    lines = shown(diagnostic, a=source).split("\n")
    assert lines[0].startswith("error[skip-length-mismatch]: a b  ")
    assert lines[4:] == ["  | ^^^^ c d", ""]


def test_titles_of_fixes_are_aligned_by_width():
    fixes = (Fix("padding='同'", "a", "safe", ""), Fix("k=4", "b", "safe", ""))
    lines = shown(finding(fixes=fixes)).split("\n")
    assert lines[-3:] == ["help: padding='同'   a", "help: k=4            b", ""]


def test_paint_changes_nothing_but_the_paint():
    sources = Sources({"models/ae.py": AE})
    painted = render("full", BROKEN, sources, color=True)
    assert painted.startswith("\x1b[1;31merror[roundtrip-length]\x1b[0m\x1b[1m: output")
    assert re.sub(r"\x1b\[[0-9;]+m", "", painted) == render("full", BROKEN, sources)
