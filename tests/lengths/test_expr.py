from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import shapelint
from shapelint.lengths.expr import Expr, as_expr, factors, floordiv, product, symbol
from tests.lengths.trees import SYMBOLS, polynomial, quasi_affine, sizes

ROOT = Path(shapelint.__file__).parent.parent
H, W, n = symbol("H"), symbol("W"), symbol("n")


@given(tree=polynomial, at=sizes)
def test_an_expression_is_worth_what_python_computes(tree, at):
    try:
        expected = tree.compute(at)
        expr = tree.expr()
    except ZeroDivisionError:
        assume(False)
    assert expr.at(at) == expected


@given(tree=polynomial, inner=quasi_affine, at=sizes)
def test_substitution_is_composition(tree, inner, at):
    try:
        expected = tree.expr().at({**at, "H": inner.expr().at(at)})
        found = tree.expr().substitute({"H": inner.expr()}).at(at)
    except ZeroDivisionError:
        assume(False)
    assert found == expected


@given(tree=polynomial, at=sizes, slack=st.integers(0, 5))
def test_every_value_lies_within_the_bounds(tree, at, slack):
    try:
        expr, value = tree.expr(), tree.compute(at)
    except ZeroDivisionError:
        assume(False)
    low, high = expr.bounds({s: (max(1, at[s] - slack), at[s] + slack) for s in SYMBOLS})
    assert low is None or low <= value
    assert high is None or value <= high


@given(tree=quasi_affine, at=sizes)
def test_the_slope_is_the_growth_over_a_period(tree, at):
    period = tree.period()
    expr = tree.expr()
    ahead = expr.at({**at, "H": at["H"] + period})
    assert ahead - expr.at(at) == expr.slope("H") * period


@given(a=quasi_affine, b=quasi_affine, c=quasi_affine)
def test_sums_do_not_depend_on_their_order(a, b, c):
    x, y, z = a.expr(), b.expr(), c.expr()
    assert (x + y) + z == (z + x) + y
    assert hash((x + y) + z) == hash((z + x) + y)
    assert x + y - y == x
    assert x - x == 0


@given(a=quasi_affine, b=quasi_affine)
def test_products_do_not_depend_on_their_order(a, b):
    x, y = a.expr(), b.expr()
    assert product((x, y)) == product((y, x))
    assert hash(product((x, y))) == hash(product((y, x)))


@given(tree=polynomial, at=sizes)
def test_factors_multiply_to_the_expression(tree, at):
    try:
        expr = tree.expr()
        expected = expr.at(at)
    except ZeroDivisionError:
        assume(False)
    coefficient, parts = factors(expr)
    for part in parts:
        coefficient *= part.at(at)
    assert coefficient == expected


@given(tree=quasi_affine, k=st.integers(1, 9), at=sizes)
def test_whole_multiples_leave_the_floor(tree, k, at):
    x = tree.expr()
    assert floordiv(k * x, k) == x
    assert floordiv(k * x + (k - 1), k) == x
    assert (k * x) % k == 0


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        pytest.param(H, "H", id="a symbol stays"),
        pytest.param(Expr(), "0", id="zero"),
        pytest.param(floordiv(n, 1), "n", id="division by one"),
        pytest.param(floordiv(2 * n + 5, 2), "n + 2", id="multiples leave the floor"),
        pytest.param(floordiv(floordiv(n - 1, 2), 2), "floor((n + 3)/4) - 1", id="nested floors"),
        pytest.param(floordiv(2 * n, 4), "floor(n/2)", id="common factors cancel"),
        pytest.param(-floordiv(-n, 2), "floor((n + 1)/2)", id="rounding up has one form"),
        pytest.param((n - 7) // -2, "-floor(n/2) + 3", id="negative divisor"),
        pytest.param((H * W) // W, "H", id="common lengths cancel"),
        pytest.param(2 * H * W * 3, "6*H*W", id="content in front"),
        pytest.param(H * W - W * H, "0", id="products in any order are equal"),
        pytest.param(H * (W * n), "H*W*n", id="nested products are one"),
    ],
)
def test_normal_form(expr, text):
    assert repr(expr) == text


def test_division_by_zero_is_the_error_python_raises():
    with pytest.raises(ZeroDivisionError):
        H // 0
    with pytest.raises(ZeroDivisionError):
        H % 0


def test_a_missing_size_is_a_key_error():
    with pytest.raises(KeyError, match="W"):
        (H + W).at({"H": 1})


def test_numbers_equal_constant_expressions():
    assert as_expr(3) == 3
    assert as_expr(3) != 4
    assert H != 3
    assert H.__eq__("H") is NotImplemented


@pytest.mark.parametrize("module", ["expr", "conditions", "real"])
def test_the_worker_can_import_it_with_the_standard_library_alone(module):
    """-S leaves out site-packages; the check itself is shown to fail for islpy."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {{}}"
    works = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program.format(f"shapelint.lengths.{module}")],
        capture_output=True,
        check=False,
    )
    assert works.returncode == 0, works.stderr.decode()
    fails = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program.format("shapelint.lengths.sets")],
        capture_output=True,
        check=False,
    )
    assert b"No module named 'islpy'" in fails.stderr
