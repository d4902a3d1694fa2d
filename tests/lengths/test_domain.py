from __future__ import annotations

import pytest

from shapelint.lengths.domain import DomainError, condition_of, domain_of, expression_of
from shapelint.lengths.sets import SizeSet

RANGE = range(1, 200)


@pytest.mark.parametrize(
    ("text", "members"),
    [
        pytest.param("every size", RANGE, id="everything"),
        pytest.param("H=1..", RANGE, id="an open range"),
        pytest.param("H=..16", range(1, 17), id="open below"),
        pytest.param("H=5..9", range(5, 10), id="a range with its ends"),
        pytest.param("H = 7", [7], id="one size"),
        pytest.param("H=8, 16, 32", [8, 16, 32], id="one of several sizes"),
        pytest.param("H=multiple of 32, 64..128", [64, 96, 128], id="two parts that both hold"),
        pytest.param("H=a multiple of 64", [64, 128, 192], id="with an article"),
        pytest.param("H=even, ..6", [2, 4, 6], id="even"),
        pytest.param("H % 50 == 0", [50, 100, 150], id="a remainder"),
        pytest.param("20 < H <= 22", [21, 22], id="chained comparisons"),
        pytest.param("H % 64 in (0, 1) and H > 1", [64, 65, 128, 129, 192, 193], id="in"),
        pytest.param("H not in {1} and H < 4", [2, 3], id="not in"),
        pytest.param("not (H > 2) or H == 9", [1, 2, 9], id="not and or"),
        pytest.param("2*ceil(H/2) == H and floor(H/10) == 1", [10, 12, 14, 16, 18], id="rounding"),
        pytest.param("H // 10 == 1 and -H >= -11", [10, 11], id="floor division and minus"),
        pytest.param("H*H <= 10", [1, 2, 3], id="a product"),
    ],
)
def test_texts_about_sizes(text, members):
    sizes = domain_of([text], ("H",))
    assert [h for h in RANGE if {"H": h} in sizes] == list(members)


def test_texts_about_one_symbol():
    sizes = domain_of({"H": "multiple of 32, 256..1024", "W": "W % 8 == 0"}, ("N", "H", "W"))
    assert sizes.text == "H % 32 == 0 and 256 <= H <= 1024 and W % 8 == 0"


def test_pairs_of_sizes():
    sizes = SizeSet.of(condition_of("(H, W) in {(8, 9), (9, 8)}"), ("H", "W"))
    assert sizes.members(5) == [{"H": 8, "W": 9}, {"H": 9, "W": 8}]


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        pytest.param("H=9..5", 3, "the range 9..5 is empty", id="an empty range"),
        pytest.param("H=0..", None, None, id="which 0.. is not"),
        pytest.param("H=multiple of 0", 3, "sizes are at least 1", id="multiples of zero"),
        pytest.param("H=32, 0", 7, "sizes are at least 1", id="a size of zero"),
        pytest.param("H=32, big", 7, "expected a number, a range", id="a word"),
        pytest.param("H=", 3, "expected a number, a range", id="nothing"),
        pytest.param("H", 1, "expected a comparison", id="no comparison"),
        pytest.param("H >=", 1, "expected a comparison", id="half a comparison"),
        pytest.param("H % 0 == 1", 5, "expected a positive divisor", id="division by zero"),
        pytest.param("  H / 2 == 1", 3, "expected a whole number", id="a real quotient"),
        pytest.param("H == 1.5", 6, "expected a whole number", id="a real number"),
        pytest.param("H == True", 6, "expected a whole number", id="not a number"),
        pytest.param("H is 3", 1, "expected ==, !=", id="identity"),
        pytest.param("H in 3", 6, "expected a list of numbers", id="in a number"),
        pytest.param("(H, H) in {(1, 2, 3)}", 12, "expected 2 numbers", id="too many numbers"),
        pytest.param("max(H) == 3", 1, "expected floor(a/b) or ceil(a/b)", id="another function"),
        pytest.param("ceil(H) == 3", 6, "expected a quotient: ceil(a/b)", id="nothing to round"),
        pytest.param("__import__('os').system('x') == 0", 1, "expected a whole number", id="code"),
        pytest.param("V > 3", 1, "there is no symbol V here; known: H", id="an unknown symbol"),
        pytest.param("H > 3 and H < 4", 1, "no size fulfils this", id="a contradiction"),
    ],
)
def test_what_is_not_understood(text, column, problem):
    if problem is None:
        assert domain_of([text], ("H",)).is_universe
        return
    with pytest.raises(DomainError) as caught:
        domain_of([text], ("H",))
    assert caught.value.column == column
    assert caught.value.problem.startswith(problem)
    assert f"column {column}: {problem}" in str(caught.value)


def test_a_formula_reads_back():
    assert repr(expression_of("2*ceil(L/2) - 1")) == "2*floor((L + 1)/2) - 1"
