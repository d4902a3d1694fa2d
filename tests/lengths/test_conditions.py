from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapelint.lengths.conditions import (
    FALSE,
    TRUE,
    all_of,
    any_of,
    at_least,
    divides,
    equal,
    exact_floors,
    factored,
    negate,
    unequal,
)
from shapelint.lengths.expr import symbol
from shapelint.lengths.real import Real
from shapelint.lengths.real_tests import RealTest
from tests.lengths.trees import SYMBOLS, quasi_affine, sizes

H, W = symbol("H"), symbol("W")

comparisons = st.builds(
    lambda make, a, b: make(a.expr(), b.expr()),
    st.sampled_from([equal, unequal, at_least]),
    quasi_affine,
    quasi_affine,
)
floats = st.builds(
    lambda op, tree, c: RealTest(op, Real("*", (Real("float", (tree.expr(),)), 0.7)), c),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    quasi_affine,
    st.floats(-9, 9),
)
conditions = st.recursive(
    st.one_of(comparisons, floats),
    lambda parts: st.builds(
        lambda combine, some: combine(some),
        st.sampled_from([all_of, any_of]),
        st.lists(parts, max_size=3),
    ),
    max_leaves=5,
)


def test_what_always_holds_is_no_part_of_a_conjunction():
    assert all_of([TRUE, all_of([TRUE, TRUE])]) == TRUE
    assert all_of([TRUE, equal(H, 2)]) == equal(H, 2)


@given(a=quasi_affine, b=quasi_affine, at=sizes)
def test_comparisons_say_what_python_says(a, b, at):
    x, y = a.compute(at), b.compute(at)
    assert at_least(a.expr(), b.expr()).at(at) == (x >= y)
    assert equal(a.expr(), b.expr()).at(at) == (x == y)
    assert unequal(a.expr(), b.expr()).at(at) == (x != y)


@given(tree=quasi_affine, k=st.integers(1, 9), at=sizes)
def test_divides_is_the_remainder(tree, k, at):
    assert divides(k, tree.expr()).at(at) == (tree.compute(at) % k == 0)


@given(condition=conditions, at=sizes)
def test_negation_is_the_opposite(condition, at):
    assert negate(condition).at(at) is not condition.at(at)


@given(condition=conditions, at=sizes, slack=st.integers(0, 4))
def test_what_bounds_decide_holds_within_them(condition, at, slack):
    known = {s: (max(1, at[s] - slack), at[s] + slack) for s in SYMBOLS}
    for bounds in (known, {}):
        decided = condition.decide(bounds)
        assert decided is None or decided is condition.at(at)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        pytest.param(at_least(H, 3), "H - 3 >= 0", id="nothing to simplify"),
        pytest.param(at_least(2 * H, 5), "H - 3 >= 0", id="a common factor rounds the bound"),
        pytest.param(at_least(H // 2, 3), "H - 6 >= 0", id="a floor leaves"),
        pytest.param(at_least((H // 2 + 1) // 3, 2), "H - 10 >= 0", id="nested floors leave"),
        pytest.param(equal(2 * H, 4 * W), "H - 2*W == 0", id="a common factor cancels"),
    ],
)
def test_normal_form(condition, text):
    assert repr(condition) == text


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        pytest.param(at_least(H * W, 2), None, id="a product may be 2 in several ways"),
        pytest.param(equal(H * W, 0), None, id="one factor is enough"),
        pytest.param(at_least((H - 2) * (W - 2), 1), None, id="two negative factors"),
        pytest.param(at_least((H // 2) * (W // 3), 1), ["H - 2 >= 0", "W - 3 >= 0"], id="all >= 1"),
        pytest.param(unequal((H - 2) * W, 0), ["H - 2 != 0", "W != 0"], id="no factor is 0"),
    ],
)
def test_a_condition_on_a_product_as_conditions_on_its_factors(condition, parts):
    split = factored(condition, {})
    assert split is condition if parts is None else list(map(repr, split.parts)) == parts
    for at in ({"H": h, "W": w} for h in range(1, 8) for w in range(1, 8)):
        assert split.at(at) == condition.at(at)


N = symbol("N")
ROWS, MORE = divides(9, N * H * W), divides(9, N * H * H)


@pytest.mark.parametrize(
    ("condition", "known", "text"),
    [
        pytest.param(equal(H, 3), [ROWS], "H - 3 == 0", id="no floor"),
        pytest.param(equal(N * H * W // 9, N), [MORE], None, id="another product divides"),
        pytest.param(
            equal(N * H * W // 9, N),
            [equal(N * H * W // 9, N * H * H // 9)],
            None,
            id="one floor is another",
        ),
        pytest.param(equal(N * H * W // 9, N), [ROWS], "H*W - 9 == 0", id="for every batch"),
        pytest.param(
            at_least(2 * N, 4 * (N * H * W // 9)), [MORE, ROWS], "-H*W + 4 >= 0", id="at most"
        ),
        pytest.param(unequal(N * H * W // 9, H), [ROWS], "N*W - 9 != 0", id="of another factor"),
    ],
)
def test_floors_of_what_divides(condition, known, text):
    simpler = factored(exact_floors(condition, known), {"N": (1, None), "H": (1, None)})
    assert simpler == condition if text is None else repr(simpler) == text
    for n, h, w in itertools.product(range(1, 7), repeat=3):
        at = {"N": n, "H": h, "W": w}
        if all(equation.at(at) for equation in known):
            assert simpler.at(at) == condition.at(at)


@pytest.mark.parametrize(
    ("condition", "decided"),
    [
        pytest.param(at_least(H, 2), None, id="bounds do not tell"),
        pytest.param(TRUE, True, id="no parts hold"),
        pytest.param(FALSE, False, id="no alternatives"),
        pytest.param(at_least(H, 1), True, id="sizes are at least 1"),
        pytest.param(at_least(0, H), False, id="and never 0"),
        pytest.param(equal(2 * H, 5), False, id="an even number is not odd"),
        pytest.param(unequal(2 * H + 4 * W, 5), True, id="nor is a sum of them"),
        pytest.param(equal(H, H), True, id="itself"),
        pytest.param(any_of([equal(H, 2), at_least(H, 1)]), True, id="one alternative is enough"),
        pytest.param(all_of([equal(H, 2), at_least(0, H)]), False, id="one part fails"),
    ],
)
def test_decided_without_bounds(condition, decided):
    assert condition.decide({}) is decided
