"""Rows of bits against plain Python, one size after the other."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shapelint.lengths.conditions import Compare
from shapelint.lengths.exchange import as_isl, as_row
from shapelint.lengths.expr import symbol
from shapelint.lengths.periodic import EVERY, NONE, TooLong, finite
from shapelint.lengths.rows import growth, row_of
from tests.lengths.trees import quasi_affine

SEEN = range(1, 200)
H = symbol("H")

tests_of_h = st.builds(
    lambda op, tree: Compare(op, tree.expr().substitute({"W": H})),
    st.sampled_from(["==", "!=", ">="]),
    quasi_affine,
).filter(lambda test: bool(test.symbols))


def seen(row) -> list[int]:
    return [x for x in SEEN if x in row]


@given(test=tests_of_h)
def test_members_are_where_the_comparison_holds(test):
    row = row_of(test)
    assert seen(row) == [x for x in SEEN if test.at({"H": x})]
    assert 0 not in row


@given(test=tests_of_h)
def test_growth_is_that_of_every_period(test):
    period, gain = growth(test.expr)
    for x in (1, 2, 17, 100):
        assert test.expr.at({"H": x + period}) - test.expr.at({"H": x}) == gain


@given(a=tests_of_h, b=tests_of_h)
def test_algebra_is_that_of_the_members(a, b):
    a, b = row_of(a), row_of(b)
    assert seen(a & b) == sorted({*seen(a)} & {*seen(b)})
    assert seen(a | b) == sorted({*seen(a)} | {*seen(b)})
    assert seen(a - b) == sorted({*seen(a)} - {*seen(b)})
    for one, other in ((a, b), (a - b, b), (a & finite(SEEN), b), (b, finite(SEEN) - b)):
        has_end = one.is_bounded or other.is_bounded
        assert one.is_apart_from(other) == (has_end and not one & other)


@given(a=tests_of_h, b=tests_of_h)
def test_equal_sets_are_equal_objects(a, b):
    a, b = row_of(a), row_of(b)
    assert (a & b) | (a - b) == a
    assert EVERY - (EVERY - a) == a
    assert (a - a) == NONE


@given(test=tests_of_h, size=st.integers(-3, 300))
def test_neighbours(test, size):
    row = row_of(test)
    after, before = row.next(size), row.last(size)
    far = row.start + row.period + max(size, 0)
    assert after == next((x for x in range(max(size, 1), far + 1) if x in row), None)
    assert before == next((x for x in range(size, 0, -1) if x in row), None)


@given(test=tests_of_h)
def test_isl_means_the_same(test):
    row = row_of(test)
    assume(row.size < 2000)
    assert as_row(as_isl(row)) == row


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param((), id="none"),
        pytest.param((0, -4), id="none is below 1"),
        pytest.param((1, 2, 3, 160_000), id="far apart"),
    ],
)
def test_finite_sets_are_listed(sizes):
    row = finite(sizes)
    assert row.is_bounded
    assert list(row) == [x for x in sizes if x > 0]


def test_rows_that_would_be_too_long_are_refused():
    with pytest.raises(TooLong):
        row_of(Compare("==", H % 1_048_583))
    with pytest.raises(TooLong):
        row_of(Compare("==", H % 1021)) & row_of(Compare("==", H % 1031))
