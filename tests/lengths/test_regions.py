"""Regions of sizes, and the formulas that several of them share."""

from __future__ import annotations

from functools import reduce

import pytest

from shapelint.lengths.conditions import Compare, any_of, at_least, divides, equal, negate
from shapelint.lengths.expr import product, symbol
from shapelint.lengths.regions import Region, one_formula

L, H = symbol("L"), symbol("H")
EVEN = Region({}).narrowed(divides(2, L))
ODD = Region({}).narrowed(negate(divides(2, L)))
LONG = Region({}).narrowed(at_least(L, 4))
SHORT = Region({}).narrowed(negate(at_least(L, 4)))


@pytest.mark.parametrize(
    ("one", "other"),
    [((EVEN, L), (ODD, L - 1 - 3 * L)), ((LONG, L), (SHORT, 2 * L)), ((EVEN, L), (ODD, H))],
    ids=["slopes differ", "it bends", "of two symbols"],
)
def test_pieces_that_have_no_formula_in_common(one, other):
    assert one_formula([one, other]) is None


@pytest.mark.parametrize(
    ("pieces", "formula"),
    [
        ([(EVEN, L // 2), (ODD, L // 2)], L // 2),
        ([(EVEN, L // 2), (ODD, L // 2 + 1)], (L + 1) // 2),
        ([(EVEN, L), (ODD, L + 1)], (L + 1) // 2 * 2),
        ([(EVEN, L // 2 * 2), (ODD, L // 2 * 2 + 1)], L),
        ([(EVEN, L // 2), (ODD, (L + 1) // 2)], (L + 1) // 2),
        ([(EVEN, 3 * L + 1), (ODD, 3 * L - 2)], L // 2 * 6 + 1),
    ],
    ids=[
        "they are the same",
        "rounded up",
        "up to a multiple",
        "the length",
        "one holds on both",
        "behind a multiple",
    ],
)
def test_pieces_that_have_a_formula_in_common(pieces, formula):
    assert one_formula(pieces) == formula


def test_what_is_not_known_to_be_empty_may_have_members():
    square = Compare(">=", product([L, H]) - 7)
    assert not Region({}).narrowed(square).is_empty
    assert Region({}).narrowed(square).narrowed(negate(square)).is_empty


def test_where_few_sizes_are_left_each_is_asked():
    one = Region({}).narrowed(equal(L, 1)).narrowed(equal(H, 1))
    assert one.narrowed(any_of([at_least(L, 2), at_least(H, 2)])).is_empty
    assert not one.narrowed(any_of([at_least(L, 2), equal(H, 1)])).is_empty


def test_few_sizes_may_be_large():
    few = reduce(Region.narrowed, [divides(500, H), divides(500, L)], Region({}))
    few = reduce(Region.narrowed, [at_least(1000, H), at_least(1000, L)], few)
    assert few.narrowed(at_least(product([L, H]), 1_000_001)).is_empty
    assert not few.narrowed(at_least(product([L, H]), 1_000_000)).is_empty


@pytest.mark.parametrize(
    ("region", "found"),
    [(EVEN, {"L": 8}), (SHORT, {"L": 3}), (EVEN.narrowed(negate(divides(2, L))), None)],
    ids=["at or above", "below", "nowhere"],
)
def test_a_member_close_by(region, found):
    assert region.near({"L": 7}) == found


@pytest.mark.parametrize(
    ("sizes", "least", "found"),
    [((7, 1), 8, (7, 2)), ((1, 1), 2, (1, 2)), ((7, 7), 1000, None)],
    ids=["one more of one", "of a row and none", "far away"],
)
def test_a_member_close_by_of_a_product(sizes, least, found):
    large = Region({}).narrowed(negate(divides(2, L))).narrowed(at_least(product([L, H]), least))
    assert large.near(dict(zip("LH", sizes))) == (found and dict(zip("LH", found)))
