"""Edits change the bytes they are about and no other."""

from __future__ import annotations

import pytest

from shapelint.model import Edit
from shapelint.source.edits import Unwritable, applied, edited_texts, overlap
from shapelint.source.texts import Texts
from shapelint.trace import Span


def at(line: int, column: int, end_column: int, text: str, end_line: int = 0) -> Edit:
    return Edit(Span("m.py", line, column, end_line or line, end_column), text)


APPLIED = {
    "nothing": (b"a = 1\n", (), b"a = 1\n"),
    "a value": (b"a = 1\nb = 2\n", (at(2, 5, 6, "3"),), b"a = 1\nb = 3\n"),
    "the same edit twice": (b"f(1)", (at(1, 3, 4, "2"), at(1, 3, 4, "2")), b"f(2)"),
    "two in a line": (b"f(1, 2)", (at(1, 3, 4, "10"), at(1, 6, 7, "20")), b"f(10, 20)"),
    "no line end at the end": (b"a = 1\nf()", (at(2, 3, 3, "x=1"),), b"a = 1\nf(x=1)"),
    "Windows line ends": (b"a = 1\r\nf()\r\n", (at(2, 3, 3, "x=1"),), b"a = 1\r\nf(x=1)\r\n"),
    "a new line as on Windows": (b"f()\r\n", (at(1, 1, 1, "x\n"),), b"x\r\nf()\r\n"),
    "old Mac line ends": (b"a = 1\rf()\r", (at(2, 3, 3, "\n"),), b"a = 1\rf(\r)\r"),
    "tabs": (b"if 1:\n\tf()\n", (at(2, 4, 4, "1"),), b"if 1:\n\tf(1)\n"),
    "a form feed is no line end": (
        b"\x0ca = 1\n\x0cf()\n",
        (at(2, 4, 4, "1"),),
        b"\x0ca = 1\n\x0cf(1)\n",
    ),
    "a line separator in a text is none": (
        "s = '\u2028'\nf()\n".encode(),
        (at(2, 3, 3, "1"),),
        "s = '\u2028'\nf(1)\n".encode(),
    ),
    "letters of several bytes": (
        "ä = f('ß')".encode(),
        (at(1, 13, 13, ", 1"),),
        "ä = f('ß'), 1".encode(),
    ),
    "Latin-1, where they have one": (
        b"# coding: latin-1\nx = f('\xe4')\n",
        (at(2, 11, 11, ", 1"),),
        b"# coding: latin-1\nx = f('\xe4', 1)\n",
    ),
    "a byte order mark": (b"\xef\xbb\xbff()\n", (at(1, 3, 3, "1"),), b"\xef\xbb\xbff(1)\n"),
    "several lines": (b"f(1,\n  2)\n", (at(1, 3, 4, "3", end_line=2),), b"f(3)\n"),
}


@pytest.mark.parametrize(("source", "edits", "expected"), APPLIED.values(), ids=APPLIED)
def test_what_is_not_edited_stays(source, edits, expected):
    assert applied(source, edits) == expected


REFUSED = {
    "behind the end": (b"f()\n", at(2, 1, 1, "x")),
    "behind the end of the line": (b"f()\n", at(1, 9, 9, "x")),
    "an encoding that nobody knows": (b"# coding: klingon\nf()\n", at(2, 3, 3, "x")),
    "bytes that are no text": (b"f('\xff')\n", at(1, 1, 1, "x")),
    "a letter that the encoding lacks": (b"# coding: ascii\nf()\n", at(2, 3, 3, "'\xe4'")),
}


@pytest.mark.parametrize(("source", "edit"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_written_is_refused(source, edit):
    with pytest.raises(Unwritable):
        applied(source, [edit])


def test_a_comment_is_never_lost(tmp_path):
    path = tmp_path / "m.py"
    path.write_bytes(b"f(1,  # one\n  2)\n")
    with pytest.raises(Unwritable, match="# one"):
        edited_texts(Texts(), [Edit(Span(str(path), 1, 3, 2, 4), "3")])


def test_what_would_not_parse_is_refused(tmp_path):
    path = tmp_path / "m.py"
    path.write_bytes(b"f(1)\n")
    with pytest.raises(Unwritable, match="would not parse"):
        edited_texts(Texts(), [Edit(Span(str(path), 1, 3, 1, 4), "(")])


def test_edits_that_overlap_are_refused():
    with pytest.raises(Unwritable, match="two edits"):
        applied(b"f(1, 2)", [at(1, 3, 4, "5"), at(1, 3, 7, "6")])


OVERLAPS = {
    "one after the other": (at(1, 1, 3, ""), at(1, 3, 5, ""), False),
    "two insertions in one place": (at(1, 3, 3, "a"), at(1, 3, 3, "b"), True),
    "an insertion inside": (at(1, 1, 9, ""), at(1, 3, 3, "b"), True),
    "other lines": (at(1, 1, 9, ""), at(2, 1, 9, ""), False),
}


@pytest.mark.parametrize(("a", "b", "expected"), OVERLAPS.values(), ids=OVERLAPS)
def test_which_edits_overlap(a, b, expected):
    assert overlap(a, b) is expected
    assert overlap(b, a) is expected
