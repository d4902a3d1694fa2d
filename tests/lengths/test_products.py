"""Conditions on products against a plain count of where they hold."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelint.lengths.atoms import Rounded
from shapelint.lengths.conditions import Compare, at_least, divides, equal, unequal
from shapelint.lengths.domain import condition_of
from shapelint.lengths.expr import Expr, floordiv, product, symbol
from shapelint.lengths.real import Real
from shapelint.lengths.sets import NotPresburger, SizeSet
from tests.lengths.trees import quasi_affine

H, W, N = symbol("H"), symbol("W"), symbol("N")
GRID = [
    {"N": n, "H": h, "W": w} for n, h, w in itertools.product((1, 2, 5), range(1, 17), range(1, 17))
]
NHW = ("N", "H", "W")
HALF, CONV = (H + 1) // 2, (H - 7) // 2 + 1


def agrees(condition) -> SizeSet:
    sizes = SizeSet.of(condition, NHW)
    wrong = [p for p in GRID if (p in sizes) is not condition.at(p)]
    assert not wrong, f"{condition!r}: {wrong[:3]}"
    return sizes


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(equal(3 * H * W, 7), id="no product of ints is 7/3"),
        pytest.param(equal(H * W, 0), id="sizes are not zero"),
        pytest.param(equal(H * W, 12), id="divisors of 12"),
        pytest.param(equal(H * H, 49), id="a square"),
        pytest.param(equal(H * H * W, 12), id="a square among the factors"),
        pytest.param(equal((H - 5) * (W - 6), 12), id="factors of either sign"),
        pytest.param(equal((H - 5) * (W - 6), -12), id="a negative product"),
        pytest.param(equal((H - 5) * (W - 6), 0), id="one factor is zero"),
        pytest.param(equal(512 * CONV * ((W - 7) // 2 + 1), 512 * 4), id="in_features after conv"),
        pytest.param(unequal(H * W, 12), id="anything but 12"),
        pytest.param(at_least(H * W, 20), id="at least 20"),
        pytest.param(at_least(20, H * W), id="at most 20"),
        pytest.param(at_least(N * H * W, 30), id="three factors"),
        pytest.param(at_least(30, N * H * W), id="three factors, at most"),
        pytest.param(at_least((H - 5) * (W - 6), 12), id="at least, either sign"),
        pytest.param(at_least(-3, (H - 5) * (W - 6)), id="at most, either sign"),
        pytest.param(at_least((5 - H) * (W - 6), -4), id="at least a negative number"),
        pytest.param(equal(N * H * W, 4 * N * W), id="common factors cancel"),
        pytest.param(equal((H - 5) * W, (H - 5) * 3), id="a common factor may be zero"),
        pytest.param(at_least((H - 5) * W, (H - 5) * 3), id="or turn the order around"),
        pytest.param(at_least((H - 5) * W - (H - 5) * 3, 1), id="strictly"),
        pytest.param(equal((H // 2) * (W // 2) * 4, H * W), id="pixel_unshuffle by 2"),
        pytest.param(equal(N * (H // 4) * 4 * (W // 2) * 2, N * W * H), id="patches of 4 by 2"),
        pytest.param(at_least((H // 2) * (W // 2) * 4, H * W), id="never more, so equal"),
        pytest.param(at_least(H * W, (H // 2) * (W // 2) * 4), id="never less"),
        pytest.param(at_least(H * W, (H // 2) * (W // 2) * 4 + 1), id="strictly more"),
        pytest.param(at_least((H // 2) * (W // 2) * 4, H * W + 1), id="strictly less, never"),
        pytest.param(equal(((H - 1) // 2) * 2 * W, H * W), id="both may be zero"),
        pytest.param(divides(8, H * W), id="divisible by a prime power"),
        pytest.param(divides(24, H * W), id="divisible by several"),
        pytest.param(divides(64, 4 * N * H * W), id="with a coefficient"),
        pytest.param(divides(512, H * W), id="by a large power"),
        pytest.param(divides(6, (H - 5) * W), id="a factor may be negative"),
        pytest.param(equal((H * W) % 4, 3), id="another remainder"),
        pytest.param(equal((H * W + N) % 3, 1), id="a product and a sum, modulo"),
        pytest.param(at_least((H * W) % 4, 2), id="compared remainders"),
        pytest.param(unequal((H * W) % 6, 0), id="not divisible"),
        pytest.param(equal((H * W) % 4, H), id="remainder against a size"),
        pytest.param(equal((H * W) // 8, 3), id="a rounded quotient"),
        pytest.param(at_least((H * W) // 8 + 5, 9), id="a rounded quotient, at least"),
        pytest.param(at_least(9, (H * W) // 8 + 5), id="a rounded quotient, at most"),
        pytest.param(equal(H // W, 2), id="divided by a size"),
        pytest.param(at_least(H // W, 2), id="divided by a size, at least"),
        pytest.param(equal(HALF * 2 * W, 24), id="a floor among the factors"),
        pytest.param(equal(2 * H * W + (30 * H * W) // 49, 128), id="one product, twice"),
        pytest.param(at_least(130, 2 * H * W + (5 * H * W) // 7), id="one product, at most"),
        pytest.param(equal(H * W - 6 * (H * W // 4), 3), id="one product, falling"),
        pytest.param(
            equal(H * W // 2 - 2 * (H * W // 4), H * W // 8 - 2 * (H * W // 16)), id="bits"
        ),
        pytest.param(equal(HALF * W + HALF * W // 3, 0), id="one product, and nothing"),
        pytest.param(
            at_least(4 * (H // 4) * (W // 4), (2 * (H // 4) - 1) * (W // 2) + 2 * (W // 4)),
            id="products that cancel where remainders are known",
        ),
        pytest.param(
            equal((H // 2) * (W // 2) * 4 + 2 * (W // 2), H * W), id="for some remainders only"
        ),
    ],
)
def test_products_hold_where_they_hold(condition):
    agrees(condition)


GREAT = 2**61 - 1

UNDECIDED = {
    "a product that is a great number": equal(H * W, GREAT),
    "two products": equal(GREAT * (H // 2) * (W // 3), (GREAT - 2) * (H // 5) * W),
    "a remainder": equal(H * W % GREAT, GREAT - 1),
}


@pytest.mark.parametrize("condition", UNDECIDED.values(), ids=UNDECIDED)
def test_nobody_looks_for_the_divisors_of_great_numbers(condition):
    with pytest.raises(NotPresburger):
        agrees(condition)


@given(
    a=quasi_affine,
    b=quasi_affine,
    constant=st.integers(-30, 30),
    make=st.sampled_from([equal, unequal, at_least]),
)
def test_any_two_factors_against_a_number(a, b, constant, make):
    agrees(make(product((a.expr(), b.expr())), constant))


@given(a=quasi_affine, b=quasi_affine, k=st.integers(2, 9), r=st.integers(-3, 9))
def test_any_two_factors_and_a_remainder(a, b, k, r):
    agrees(equal(product((a.expr(), b.expr())) % k, r))


@given(
    a=quasi_affine,
    b=quasi_affine,
    c=quasi_affine,
    d=quasi_affine,
    op=st.sampled_from(["==", "!=", ">="]),
)
def test_two_products_are_decided_rightly_or_not_at_all(a, b, c, d, op):
    left, right = product((a.expr(), b.expr())), product((c.expr(), d.expr()))
    try:
        agrees(Compare(op, left - right))
    except NotPresburger:
        assert not (left - right).is_quasi_affine


def test_what_is_known_decides_more():
    """Below 7 the factors are negative, and nothing is said about such products."""
    fits = condition_of("H >= 7 and W >= 7")
    condition = equal(CONV * ((W - 7) // 2 + 1) * 4, (2 * H - 10) * (2 * W - 10))
    within = SizeSet.of(fits, NHW)
    sizes = SizeSet.of(condition, NHW, within=within)
    assert [p for p in GRID if p in sizes] == [p for p in GRID if p in within and condition.at(p)]
    with pytest.raises(NotPresburger):
        SizeSet.of(condition, NHW)


def test_a_law_that_leads_back_is_none():
    """Whether ``floor(floor(H*W/3)/W)`` is a multiple of 3 asks about nothing simpler."""
    rows = floordiv(floordiv(product((H, W)), 3), W)
    with pytest.raises(NotPresburger):
        SizeSet.of(equal(rows - floordiv(rows, 3) * 3, 0), NHW)


def test_what_a_float_made_of_a_size_is_not_decided():
    root = Expr(0, {Rounded("trunc", Real("**", (H, 0.5))): 1})
    with pytest.raises(NotPresburger):
        SizeSet.of(equal((root // 2) * 2, root), NHW)
