from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shapelint.lengths.conditions import all_of, any_of, at_least, divides, equal
from shapelint.lengths.domain import condition_of, expression_of
from shapelint.lengths.expr import Expr, floordiv, symbol
from shapelint.lengths.formulas import formula, map_text
from shapelint.lengths.real import Real
from shapelint.lengths.sets import SizeSet
from shapelint.lengths.words import set_text
from tests.lengths.trees import polynomial, quasi_affine, sizes

H, W, L, n = symbol("H"), symbol("W"), symbol("L"), symbol("n")
NAMES = ("H", "W", "L")


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        pytest.param("every size", "every size", id="everything"),
        pytest.param("H >= 1", "every size", id="which is the same"),
        pytest.param("no size", "no size", id="nothing"),
        pytest.param("H == H + 1", "no size", id="a contradiction"),
        pytest.param("H >= 16", "H >= 16", id="a minimum"),
        pytest.param("H <= 16", "H <= 16", id="a maximum"),
        pytest.param("33 <= H <= 64", "33 <= H <= 64", id="a range"),
        pytest.param("H == 64", "H == 64", id="one size"),
        pytest.param("H != 5", "H != 5", id="all but one"),
        pytest.param("H not in {3, 7, 100}", "H not in {3, 7, 100}", id="all but some"),
        pytest.param("H in {1, 2, 5}", "H in {1, 2, 5}", id="scattered sizes"),
        pytest.param("H <= 4 or 8 <= H <= 10", "H <= 4 or 8 <= H <= 10", id="two ranges"),
        pytest.param("H % 16 == 0 and H >= 16", "H % 16 == 0", id="a minimum that follows"),
        pytest.param(
            "H % 16 == 0 and H >= 30", "H % 16 == 0 and H >= 32", id="and one that does not"
        ),
        pytest.param("H % 2 == 1", "H % 2 == 1", id="odd sizes"),
        pytest.param("H % 2 != 1", "H % 2 == 0", id="even sizes"),
        pytest.param("H % 4 in (1, 2)", "H % 4 in (1, 2)", id="two remainders"),
        pytest.param("H % 3 != 0", "H % 3 != 0", id="all remainders but one"),
        pytest.param("H % 16 >= 4", "H % 16 >= 4", id="many remainders"),
        pytest.param("4 <= H % 16 and H % 16 <= 11", "4 <= H % 16 <= 11", id="remainders between"),
        pytest.param("H % 16 in (15, 0)", "H % 16 in (0, 15)", id="16k - 1 and 16k"),
        pytest.param("(H + 4) % 16 <= 7", "(H + 4) % 16 <= 7", id="remainders around 0"),
        pytest.param("H % 4 == 0 or H % 6 == 0", "H % 12 in (0, 4, 6, 8)", id="two periods"),
        pytest.param("H % 4096 == 0", "H % 4096 == 0", id="a large period"),
        pytest.param(
            "H % 32 == 0 and 256 <= H <= 1024",
            "H % 32 == 0 and 256 <= H <= 1024",
            id="a declared domain",
        ),
        pytest.param(
            "H == W or L >= 2 or L <= 63 and W >= 4",
            "H == W or W >= 4 or L >= 2",
            id="what the alternatives make up for",
        ),
        pytest.param(
            "L >= 2 or W >= 4 and H >= W or H >= 9",
            "H >= 9 or W >= 4 and H >= W or L >= 2",
            id="alternatives that overlap",
        ),
        pytest.param("H % 8 == 0 and H != 24", "H % 8 == 0 and H != 24", id="an exception"),
        pytest.param(
            "H in {1, 2} or H % 8 in (0, 7) and H >= 7",
            "H <= 2 or H % 8 in (0, 7)",
            id="small sizes by accident",
        ),
        pytest.param(
            "H % 8 == 0 and W >= 4", "H % 8 == 0 and W >= 4", id="one axis, then the other"
        ),
        pytest.param("W % 8 == 0", "W % 8 == 0", id="free symbols are not mentioned"),
        pytest.param(
            "(H == 1 or H >= 9) and L % 2 == 0",
            "(H == 1 or H >= 9) and L % 2 == 0",
            id="or within and",
        ),
        pytest.param("H == W", "H == W", id="a square"),
        pytest.param("W == H", "H == W", id="in the order of the symbols"),
        pytest.param("H != W", "H != W", id="not a square"),
        pytest.param("W >= H", "H <= W", id="an order"),
        pytest.param("H == 2*W - 1", "H == 2*W - 1", id="an equation"),
        pytest.param("H + W <= 100", "H + W <= 100", id="a sum"),
        pytest.param("H % 2 - W % 2 == 0", "H % 2 == W % 2", id="remainders that are the same"),
        pytest.param("(H - W) % 3 == 0", "(W - H) % 3 == 0", id="a remainder of a sum"),
        pytest.param(
            "H % 16 == 0 and W % 16 == 0 and H == W",
            "H % 16 == 0 and H == W",
            id="what follows is left out",
        ),
        pytest.param(
            "H <= 100 or W <= 50", "H <= 100 or W <= 50", id="alternatives of two symbols"
        ),
        pytest.param(
            "(H, W) in {(1, 49), (49, 1)}", "(H, W) in {(1, 49), (49, 1)}", id="a few points"
        ),
        pytest.param("H*W == 49", "H*W == 49", id="a product"),
        pytest.param(
            "ceil(H/4)*ceil(W/4) == 49 and L % 2 == 0",
            "ceil(H/4)*ceil(W/4) == 49 and L % 2 == 0",
            id="a product and another symbol",
        ),
        pytest.param(
            "H*W <= 400 and H % 8 == 0", "H % 8 == 0 and H*W <= 400", id="a product and its factor"
        ),
        pytest.param(
            "(ceil(H/4)*ceil(W/4) == 16 or H*W == 7) and (H == W or ceil(H/4)*ceil(W/4) == 16)",
            "ceil(H/4)*ceil(W/4) == 16",
            id="what matters of several products",
        ),
        pytest.param(
            "H % 8 == 0 and W % 8 == 0 and ((H//8)*(W//8) < 16 or (H//8)*(W//8) == 16)",
            "H % 8 == 0 and W % 8 == 0 and floor(H/8)*floor(W/8) <= 16",
            id="less or equal",
        ),
        pytest.param(
            "H*W == 4096 and H % 4 == 0 and W % 4 == 0",
            "H % 4 == 0 and W % 4 == 0 and H*W == 4096",
            id="a product of multiples",
        ),
        pytest.param(
            "3*H*W == 147 or H*W == 25",
            "H*W == 49 or H*W == 25",
            id="one product or another",
        ),
    ],
)
def test_sets_in_words(given_text, text):
    sizes = SizeSet.of(condition_of(given_text), NAMES)
    assert set_text(sizes) == sizes.text == text
    assert SizeSet.of(condition_of(text), NAMES) == sizes


@pytest.mark.parametrize(
    ("holds", "window", "text"),
    [
        pytest.param(lambda p: True, (1, 64), "every size (checked for L <= 64)", id="all"),
        pytest.param(lambda p: False, (1, 64), "no size (checked for L <= 64)", id="none"),
        pytest.param(
            lambda p: p["L"] % 8 == 0, (1, 99), "L % 8 == 0 (checked for L <= 99)", id="period"
        ),
        pytest.param(
            lambda p: p["L"] > 32, (16, 64), "L >= 33 (checked for 16 <= L <= 64)", id="minimum"
        ),
        pytest.param(
            lambda p: p["L"] < 4 or p["L"] % 8 == 0,
            (1, 256),
            "L <= 3 or L % 8 == 0 (checked for L <= 256)",
            id="small sizes by accident",
        ),
    ],
)
def test_listed_sets_say_what_was_looked_at(holds, window, text):
    assert SizeSet.enumerated(holds, ("L",), {"L": window}).text == text


def test_a_listed_set_over_two_symbols():
    window = {"H": (1, 32), "W": (1, 16)}
    sizes = SizeSet.enumerated(lambda p: p["H"] % 4 == 0 and p["W"] > 3, ("H", "W"), window)
    assert sizes.text == "H % 4 == 0 and W >= 4 (checked for H <= 32, W <= 16)"


def test_listed_pairs_without_a_pattern_are_told_by_the_smallest() -> None:
    window = {"H": (1, 64), "W": (1, 64)}
    sizes = SizeSet.enumerated(lambda p: 97 % (p["H"] + 7 * p["W"]) == 1, ("H", "W"), window)
    assert sizes.text == (
        "(H, W) in {(1, 1), (2, 2), (3, 3), (5, 1), (4, 4), (9, 1), (6, 6), (10, 2), ...} "
        "(26 sizes) (checked for H <= 64, W <= 64)"
    )


stretches = st.builds(
    lambda x, k, r, low, span: all_of(
        [divides(k, x - r), at_least(x, low), *([at_least(low + span, x)] if span else [])]
    ),
    st.sampled_from([H, W]),
    st.integers(1, 9),
    st.integers(0, 8),
    st.integers(1, 30),
    st.sampled_from([0, 0, 0, 5, 40, 200]),
)
points = st.builds(equal, st.sampled_from([H, W]), st.integers(1, 40))
unions = st.lists(st.one_of(stretches, points), min_size=1, max_size=4).map(any_of)


@given(parts=st.lists(unions, min_size=1, max_size=2))
def test_words_read_back_as_the_same_set(parts):
    sizes = SizeSet.of(all_of(parts), NAMES)
    assume("words" not in sizes.text)  # it would take too many
    assert SizeSet.of(condition_of(sizes.text), NAMES) == sizes


@given(a=quasi_affine, b=quasi_affine)
def test_words_about_several_symbols_read_back(a, b):
    sizes = SizeSet.of(at_least(a.expr(), b.expr()), ("H", "W"))
    assert SizeSet.of(condition_of(sizes.text), ("H", "W")) == sizes


# -- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        pytest.param(n, "n", id="a symbol"),
        pytest.param(Expr(7), "7", id="a number"),
        pytest.param(Expr(-7), "-7", id="a negative number"),
        pytest.param(n + 2, "n + 2", id="a sum"),
        pytest.param(4 - n, "4 - n", id="what is positive comes first"),
        pytest.param(-n - 4, "-n - 4", id="unless nothing is"),
        pytest.param(n // 4, "floor(n/4)", id="rounding down"),
        pytest.param((n + 1) // 2, "ceil(n/2)", id="rounding up"),
        pytest.param((n - 1) // 4, "ceil(n/4) - 1", id="one less than rounding up"),
        pytest.param((n - 1) // 2 + 1, "ceil(n/2)", id="a convolution of stride 2"),
        pytest.param(2 * ((L + 1) // 2) - 1, "2*ceil(L/2) - 1", id="and back"),
        pytest.param(L - (L - 1) % 2, "2*ceil(L/2) - 1", id="said otherwise"),
        pytest.param(16 * (L // 16), "L - L % 16", id="what is lost"),
        pytest.param(16 * ((L + 15) // 16), "16*ceil(L/16)", id="what is padded"),
        pytest.param(L % 8, "L % 8", id="a remainder"),
        pytest.param(-(L % 8), "-(L % 8)", id="minus binds tighter than %"),
        pytest.param(3 * (L % 8), "3*(L % 8)", id="so does times, from the left"),
        pytest.param(128 * H * W, "128*H*W", id="a product"),
        pytest.param(((H + 1) // 2) * (W + 1), "ceil(H/2)*(W + 1)", id="a product of sums"),
        pytest.param((H % 4) * W, "(H % 4)*W", id="a product with a remainder"),
        pytest.param(H // W, "floor(H/W)", id="a quotient of sizes"),
        pytest.param(((H + 1) // 2 + W) // 3, "floor((W + ceil(H/2))/3)", id="a floor in a floor"),
        pytest.param(
            Real("*", (Real("float", (n,)), 0.7)).rounded("floor"), "floor(n*0.7)", id="a float"
        ),
        pytest.param(
            Real("/", (Real("+", (Real("float", (n,)), 0.1)), 2.0)).rounded("ceil"),
            "ceil((n + 0.1)/2)",
            id="a float computation",
        ),
    ],
)
def test_formulas(expr, text):
    assert formula(expr) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        pytest.param(n, "n", id="nothing changes"),
        pytest.param(n + 2, "n + 2", id="a sum"),
        pytest.param(2 * n - 1, "2n - 1", id="a transposed convolution"),
        pytest.param((n + 1) // 2, "ceil(n/2)", id="a convolution"),
        pytest.param(2 * ((n + 1) // 2), "2*ceil(n/2)", id="a factor before a call"),
        pytest.param(3 - 2 * n, "3 - 2n", id="a negative factor"),
    ],
)
def test_maps(expr, text):
    assert map_text(expr) == text


@given(tree=polynomial, at=sizes)
def test_formulas_mean_what_they_say(tree, at):
    try:
        expr, value = tree.expr(), tree.compute(at)
        read = expression_of(formula(expr))
    except ZeroDivisionError:
        return
    assert read.at(at) == value


@given(a=st.integers(-4, 4), b=st.integers(-40, 40), k=st.integers(1, 9), c=st.integers(-9, 9))
def test_one_floor_over_two_periods(a, b, k, c):
    expr = c * floordiv(a * n + b, k) + b
    again = expression_of(formula(expr))
    assert [again.at({"n": i}) for i in range(1, 20)] == [expr.at({"n": i}) for i in range(1, 20)]
