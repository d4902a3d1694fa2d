from __future__ import annotations

import math
import operator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shapelint.lengths.expr import symbol
from shapelint.lengths.ratio import MAX_LENGTH
from shapelint.lengths.real import OPERATIONS, Real
from shapelint.lengths.real_tests import COMPARISONS, RealTest

n, m = symbol("n"), symbol("m")
ROUND = {"floor": math.floor, "ceil": math.ceil, "trunc": math.trunc, "round": round}

lengths = st.one_of(st.integers(1, 5000), st.integers(1, MAX_LENGTH - 1))
constants = st.one_of(
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, -2.0, 7.0, 0.7, 1.5, 0.1, 16000.0, 1e300]),
    st.sampled_from([0.2, 0.3, 0.6, 0.8, 0.9, 1.1, 1.2, 1.3, 2.4, 1 / 3, 63.9, 1 / 64]),
    st.floats(-100, 100),
    st.integers(-64, 64).map(float),
)
reals = st.recursive(
    st.sampled_from([Real("float", (n,)), Real("float", (m,)), Real("float", (2 * n + 1,))]),
    lambda inner: st.one_of(
        st.builds(Real, st.sampled_from(["+", "-", "*", "/", "//"]), st.tuples(inner, constants)),
        st.builds(Real, st.sampled_from("+-*/"), st.tuples(constants, inner)),
        st.builds(Real, st.sampled_from("+-*/"), st.tuples(inner, inner)),
        st.builds(Real, st.sampled_from(["max", "min"]), st.tuples(inner, inner)),
        st.builds(Real, st.sampled_from(["neg", "abs"]), st.tuples(inner)),
    ),
    max_leaves=4,
)


@given(real=reals, a=lengths, b=lengths, mode=st.sampled_from(sorted(ROUND)))
@example(Real("/", (Real("float", (n,)), 3.0)), MAX_LENGTH - 2, 1, "floor")
@example(Real("/", (Real("float", (n,)), -3.0)), 9, 1, "ceil")
@example(Real("/", (Real("float", (n,)), Real("float", (m,)))), MAX_LENGTH - 1, 3, "ceil")
@example(Real("/", (Real("float", (n - m,)), Real("float", (m,)))), 3, 2**30, "trunc")
def test_rounding_gives_the_integer_that_python_gives(real, a, b, mode):
    at = {"n": a, "m": b}
    try:
        expected = ROUND[mode](real.at(at))
    except (ZeroDivisionError, OverflowError, ValueError):
        assume(False)
    assert real.rounded(mode).at(at) == expected


@given(real=reals, other=reals, a=lengths, b=lengths, op=st.sampled_from(sorted(COMPARISONS)))
def test_a_comparison_and_its_opposite(real, other, a, b, op):
    at = {"n": a, "m": b}
    try:
        left, right = real.at(at), other.at(at)
    except (ZeroDivisionError, OverflowError):
        assume(False)
    assume(not math.isnan(left) and not math.isnan(right))
    test = RealTest(op, real, other)
    assert test.at(at) is COMPARISONS[op](left, right)
    assert test.negated().at(at) is not test.at(at)


@pytest.mark.parametrize(
    ("op", "args", "function"),
    [
        pytest.param("+", (3.0, 0.1), operator.add, id="sum"),
        pytest.param("//", (7.5, 2.0), operator.floordiv, id="floor division of floats"),
        pytest.param("%", (-7.5, 2.0), operator.mod, id="remainder takes the divisor's sign"),
        pytest.param("**", (2.0, 0.5), operator.pow, id="power"),
        pytest.param("abs", (-2.5,), abs, id="absolute value"),
    ],
)
def test_operations_are_pythons(op, args, function):
    assert OPERATIONS[op](*args) == function(*args) == Real(op, args).at({})


@pytest.mark.parametrize(
    ("real", "mode", "text"),
    [
        pytest.param(Real("float", (n,)), "floor", "n", id="a length is itself"),
        pytest.param(Real("/", (n, 2.0)), "floor", "floor(n/2)", id="half"),
        pytest.param(Real("/", (n, 3.0)), "ceil", "floor((n + 2)/3)", id="a rounded quotient"),
        pytest.param(Real("*", (n, 0.5)), "trunc", "floor(n/2)", id="a dyadic factor"),
        pytest.param(Real("*", (n - 1, 0.5)), "trunc", "floor((n + 1)/2) - 1", id="from 0 up"),
        pytest.param(Real("*", (n - 2, 0.5)), "trunc", "trunc((n - 2 * 0.5))", id="maybe negative"),
        pytest.param(Real("*", (n, 0.7)), "floor", "floor((n * 0.7))", id="0.7 is not 7/10"),
        pytest.param(Real("/", (n, 1.2)), "floor", "floor((5*n)/6)", id="1.2 divides as 6/5 does"),
        pytest.param(Real("*", (0.1, n)), "ceil", "floor((n + 9)/10)", id="0.1 is near 1/10"),
        pytest.param(
            Real("+", (Real("/", (n - 7, 5.0)), 1.0)),
            "ceil",
            "floor((n + 2)/5)",
            id="an integer moves a quotient",
        ),
        pytest.param(Real("//", (n, 1.2)), "floor", "floor((5*n)/6)", id="whole quotient"),
        pytest.param(Real("//", (n, 0.1)), "trunc", "trunc((n // 0.1))", id="10 // 0.1 is 99"),
        pytest.param(Real("*", (n * m, 1.2)), "floor", "floor((n*m * 1.2))", id="maybe huge"),
        pytest.param(Real("/", (n, m)), "floor", "floor(n/m)", id="a quotient of lengths"),
        pytest.param(
            Real("/", (n, m + 1)), "ceil", "-floor((-n)/(m + 1))", id="rounded up, of lengths"
        ),
        pytest.param(Real("/", (n, n)), "ceil", "1", id="a length of itself"),
        pytest.param(Real("/", (n, m)), "trunc", "floor(n/m)", id="what is not negative"),
        pytest.param(Real("/", (n - m, m)), "trunc", "trunc((n - m / m))", id="what may be"),
        pytest.param(Real("/", (n, m)), "round", "round((n / m))", id="to the nearest"),
        pytest.param(
            Real("/", (n * m, m)), "floor", "floor((n*m / m))", id="a product may be huge"
        ),
        pytest.param(
            Real("max", (Real("/", (n, m)), 1.0)), "floor", "floor(max((n / m), 1.0))", id="max"
        ),
        pytest.param(
            Real("*", (Real("/", (n, 3.0)), 3.0)),
            "floor",
            "floor(((n / 3.0) * 3.0))",
            id="rounded twice",
        ),
    ],
)
def test_what_is_exact_becomes_an_integer_expression(real, mode, text):
    assert repr(real.rounded(mode)) == text


def test_a_factor_that_looks_exact_in_decimals_is_not():
    """floor(10 * 0.7) is 7, but floor(30 * 0.7) is 20: 0.7 is a little less than 7/10."""
    seven_tenths = Real("*", (Real("float", (n,)), 0.7)).rounded("floor")
    assert [seven_tenths.at({"n": k}) for k in (10, 30)] == [7, math.floor(30 * 0.7)]
    assert not seven_tenths.is_quasi_affine
