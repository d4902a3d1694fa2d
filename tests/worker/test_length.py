"""Lengths are the numbers they would be without us, at every size that takes the same way."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

from shapelint.lengths.expr import symbol
from shapelint.worker.python.builtins import _SEEN
from shapelint.worker.python.floats import Float, _Members
from shapelint.worker.python.functions import _stand_in
from shapelint.worker.python.length import Length, LengthFloat, expr_of, length
from shapelint.worker.recorder import Recorder, recording

INT, FLOAT = _SEEN["int"], _SEEN["float"]
MAX, MIN = _SEEN["max"], _SEEN["min"]
HALF, TEN = Float(0.5), Float(10.0)
MATH, NUMPY = _stand_in(math), _stand_in(np)

# Each is asked about a Length at 10 and must say of itself what it does to plain ints at any size.
ARITHMETIC = {
    "itself": lambda n: n,
    "+n": lambda n: +n,
    "-n": lambda n: -n,
    "n + 3": lambda n: n + 3,
    "3 + n": lambda n: 3 + n,
    "n - 3": lambda n: n - 3,
    "3 - n": lambda n: 3 - n,
    "n * 3": lambda n: n * 3,
    "3 * n": lambda n: 3 * n,
    "n * n": lambda n: n * n,
    "n ** 3": lambda n: n**3,
    "n // 4": lambda n: n // 4,
    "100 // n": lambda n: 100 // n,
    "n % 4": lambda n: n % 4,
    "100 % n": lambda n: 100 % n,
    "-n // 4": lambda n: -n // 4,
    "-n % 4": lambda n: -n % 4,
    "divmod": lambda n: divmod(n, 4)[0] + divmod(n, 4)[1],
    "n >> 2": lambda n: n >> 2,
    "n << 2": lambda n: n << 2,
    "n & 7": lambda n: n & 7,
    "~n": lambda n: ~n,
    "sum": lambda n: sum([n, n, 1]),
    "math.prod": lambda n: math.prod((n, 2, n)),
    "math.ceil(n / 2)": lambda n: math.ceil(n / 2),
    "math.floor(n / 4)": lambda n: math.floor(n / 4),
    "math.floor(n * 0.5)": lambda n: math.floor(n * 0.5),
    "round(n / 2)": lambda n: round(n / 2),
    "round(n / 4)": lambda n: round(n / 4),
    "round(n)": round,
    "int(n / 2)": lambda n: INT(n / 2),
    "int(n)": INT,
    "int(float(n))": lambda n: INT(FLOAT(n)),
    "int(n * 0.25 + 0.5)": lambda n: INT(n * 0.25 + 0.5),
    "int(-(n / 2))": lambda n: INT(-(n / 2)),
    "int(0.5 * n)": lambda n: INT(HALF * n),
    "int(10.0 + n)": lambda n: INT(TEN + n),
    "int(10.0 - n)": lambda n: INT(TEN - n),
    "int(0.5 * (n / 2))": lambda n: INT(HALF * (n / 2)),
    "int(0.5 * 0.5 * n)": lambda n: INT(HALF * HALF * n),
    "int(-0.5 * n)": lambda n: INT(-HALF * n),
    "int(n // 2.0)": lambda n: INT(n // 2.0),
    "int(n / 1.2)": lambda n: INT(n / 1.2),
    "int(n / 7 / 7)": lambda n: INT(n / 7 / 7),
    "int(n / 4 / 4)": lambda n: INT(n / 4 / 4),
    "math.ceil(n / 1.5 / 6)": lambda n: math.ceil(n / 1.5 / 6),
    "-n / 3 / -5": lambda n: MATH.floor(-n / 3 / -5),
    "int(n // 1.2)": lambda n: INT(n // 1.2),
    "times an integer of NumPy": lambda n: n * np.int64(3),
    "an integer of NumPy times it": lambda n: np.int64(3) * n - np.int64(1),
    "int(n / np.int64(4))": lambda n: INT(n / np.int64(4)),
    "int(np.int64(4) * (n / 2))": lambda n: INT(np.int64(4) * (n / 2)),
    "added to an array": lambda n: int((np.arange(3) + n).sum()),
    "0.0 / n": lambda n: INT(MATH.ceil(FLOAT(max(n, 1000) - 1000) / n)),
    "in an array": lambda n: INT((NUMPY.array([n, 4]) * 3 - n)[0]),
    "cut in an array": lambda n: INT(NUMPY.asarray((n, 4), dtype=int).prod() // 3),
    "rounded up in an array": lambda n: INT((NUMPY.ceil(NUMPY.array([n]) / 8) * 8).astype(int)[0]),
    "sum of an array": lambda n: INT(NUMPY.sum(NUMPY.array([n, n, 2]))),
    "an array of NumPy's with it": lambda n: INT((np.arange(2) + NUMPY.array([3, n]))[1]),
    "a matrix": lambda n: int(NUMPY.linalg.norm(NUMPY.array([n, n]).reshape(1, 2)) ** 2),
    "math.ceil(n / length)": lambda n: math.ceil((100 - n) / (n // 3 + 2)),
    "int(length / n)": lambda n: INT((n + 7) / n) + INT(FLOAT(n) / (n + 1)),
    "a window that may be all": lambda n: math.ceil(n / min(n, 7)) * min(n, 7),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
}


@pytest.mark.parametrize("function", ARITHMETIC.values(), ids=ARITHMETIC)
def test_arithmetic_is_that_of_ints_at_every_size(function):
    recorder = Recorder({"L": 10})
    with recording(recorder):
        result = function(Length(10, symbol("L")))
    assert int(result) == function(10)
    if isinstance(result, Length):
        same_way = [n for n in range(1, 300) if _same_way(recorder, n)]
        assert len(same_way) > 200 or recorder.events
        assert [result.expr.at({"L": n}) for n in same_way] == [function(n) for n in same_way]
    else:
        assert all(function(n) == function(10) for n in range(1, 300) if _same_way(recorder, n))
    assert not recorder.checked


def _same_way(recorder: Recorder, n: int) -> bool:
    return all(e.condition.at({"L": n}) == e.holds for e in recorder.events)


COMPARISONS = {
    "==": lambda n: n == 10,
    "!=": lambda n: n != 10,
    "<": lambda n: n < 12,
    "<=": lambda n: n <= 9,
    ">": lambda n: n > 9,
    ">=": lambda n: n >= 12,
    "reversed": lambda n: 12 > n,  # noqa: SIM300  # the reflected comparison is the case
    "of a sum": lambda n: n + 3 == 2 * n - 7,
    "chained": lambda n: 5 < n < 15,
    "with a float": lambda n: n > 9.5,
    "of a float": lambda n: n / 4 >= 2.5,
    "of floats": lambda n: n / 4 == n * 0.25,
    "whole": lambda n: (n / 4).is_integer(),
    "truth": lambda n: bool(n % 4),
    "truth of a float": lambda n: bool(n / 2 - 5),
    "membership": lambda n: n in (3, 10, 12),
    "membership of a set": lambda n: n in _Members((3, 10, 12)),
    "max": lambda n: max(n, 7) == n,
    "abs": lambda n: abs(n - 12) == 2,
    "of a float with it": lambda n: TEN - 0.5 < n,  # noqa: SIM300
    "of a float with half of it": lambda n: TEN <= n / 2,  # noqa: SIM300
    "of lengths by each other": lambda n: (n + 5) / n > 1.5 or (n + 5) / n >= 2,
    "of the greater of doubles": lambda n: MAX(n / (n + 2), (n + 30) / n) * n > 20.5,
    "of the least of doubles": lambda n: MIN([n / 3, 1.5, TEN / n]) < 1.1,
    "inexact": lambda n: n * 0.1 >= 1.0,
    "with an integer of NumPy": lambda n: np.int64(12) > n != np.int64(7),
    "with a float of NumPy": lambda n: n > np.float32(9.5),
    "in an array": lambda n: bool((NUMPY.array([7, n]) % np.power(2, 3) > 1).any()),
    "all of an array": lambda n: bool(np.all(NUMPY.array([n, 20]) >= 10)),
    "greatest in an array": lambda n: NUMPY.array([12, n]).max() == 12,
    "of a product that is not zero": lambda n: n * (n - 3) == 0,
}


@pytest.mark.parametrize("function", COMPARISONS.values(), ids=COMPARISONS)
def test_a_comparison_is_a_branch_that_tells_which_sizes_go_along(function):
    recorder = Recorder({"L": 10})
    with recording(recorder):
        answer = function(Length(10, symbol("L")))
    assert bool(answer) == function(10)
    agree = [n for n in range(1, 300) if _same_way(recorder, n)]
    assert 10 in agree
    assert all(function(n) == function(10) for n in agree)
    if any(function(n) != function(10) for n in range(1, 300)):
        assert recorder.events


REPEATED = {
    "n & 6": lambda n: n & 6,
    "n & -4": lambda n: n & -4,
    "n | 1": lambda n: 1 | n,
    "n ^ 3": lambda n: n ^ 3,
    "1 << n % 4": lambda n: 1 << n % 4,
    "1024 >> n % 4": lambda n: 1024 >> n % 4,
    "2 ** (n % 5)": lambda n: 2 ** (n % 5),
    "2 ** (n - 3), a float below 3": lambda n: 2 ** (n - 3),
    "n.bit_length()": lambda n: n.bit_length(),
    "rounded to digits": lambda n: INT(round(n / 3, 2)),
    "int(abs(n - 3.5))": lambda n: INT(abs(n - 3.5)),
    "int(n ** 0.5)": lambda n: INT(n**0.5),
    "sqrt": lambda n: INT(MATH.sqrt(n)),
    "log2, rounded up": lambda n: MATH.ceil(MATH.log2(n)),
    "log, of a base": lambda n: INT(MATH.log(n, 3)),
    "pow": lambda n: INT(MATH.pow(n, 2)),
    "fmod": lambda n: INT(MATH.fmod(n, 7)),
    "isqrt": MATH.isqrt,
    "gcd": lambda n: MATH.gcd(n, 12),
    "imported by name": lambda n: INT(_stand_in(math.sqrt)(n)),
}


@pytest.mark.parametrize("function", REPEATED.values(), ids=REPEATED)
def test_what_isl_has_no_word_for_is_repeated_at_other_sizes_and_said(function):
    recorder = Recorder({"L": 10})
    with recording(recorder):
        result = function(Length(10, symbol("L")))
    assert int(result) == function(10)
    expr = expr_of(result)
    assert all(expr.at({"L": n}) == function(n) for n in range(1, 300) if _same_way(recorder, n))
    assert recorder.checked


FIXED = {
    "a list repeated": lambda n: len([0] * n),
    "a list repeated, and more": lambda n: len(["a", *([0] * n), *[1]] + [0] * n),
    "a list repeated behind one": lambda n: ([1] + [0] * n).count(0),
    "a list repeated and changed": lambda n: len([1, *(([0] * n).__iadd__([1]))]),
    "a logarithm in an array": lambda n: int(np.log2(NUMPY.array([n, 4])).sum()),
    "a loop": lambda n: len(_SEEN["range"](n)),
    "a loop in steps": lambda n: len(_SEEN["range"](0, n, 3)),
    "a loop backwards": lambda n: len(_SEEN["range"](n, 0, -2)),
    "a loop that never runs": lambda n: len(_SEEN["range"](n, 4)),
    "a function that cannot be repeated": lambda n: MATH.fsum([1, MATH.ldexp(1, n)]),
    "numpy": lambda n: NUMPY.zeros((2, n)).size,
}


@pytest.mark.parametrize("function", FIXED.values(), ids=FIXED)
def test_what_takes_a_bare_number_speaks_for_the_sizes_that_give_this_number(function):
    recorder = Recorder({"L": 10})
    with recording(recorder):
        assert function(Length(10, symbol("L"))) == function(10)
    agree = [n for n in range(1, 300) if _same_way(recorder, n)]
    assert 10 in agree
    assert all(function(n) == function(10) for n in agree)
    assert not recorder.checked


def test_loops_from_a_length_on_count_in_lengths():
    with recording(Recorder({"L": 10})):
        steps = _SEEN["range"](Length(10, symbol("L")), 30, 8)
    assert [expr_of(i).at({"L": 11}) for i in steps] == [11, 19, 27]


def test_a_length_is_an_int_to_everybody_else():
    n = Length(10, symbol("L"))
    assert isinstance(n, int)
    assert [*range(12)][n] == 10
    assert f"{n} {n:03d}" == "10 010"
    assert hash(n) == hash(10)
    assert {10: "x"}[n] == "x"
    assert pickle.loads(pickle.dumps([n, n])) == [10, 10]
    assert type(pickle.loads(pickle.dumps(n))) is int


def test_what_does_not_depend_on_a_size_is_a_plain_int():
    n = Length(10, symbol("L"))
    assert type(n - n) is int
    assert type(length(3, expr_of(3))) is int
    assert expr_of(n) == symbol("L")


@pytest.mark.parametrize("other", ["10", None, [10]])
def test_a_length_equals_no_other_thing(other):
    assert Length(10, symbol("L")) != other
    with pytest.raises(TypeError):
        Length(10, symbol("L")) < other  # noqa: B015  # comparing is the test


def test_a_float_outside_its_run_is_refused():
    with recording(Recorder({"L": 10})):
        half = Length(10, symbol("L")) / 2
    assert isinstance(half, LengthFloat)
    with pytest.raises(RuntimeError, match="outside the run"):
        half + 1


# -- builtins that models see ---------------------------------------------------------------


def test_int_and_float_remain_types():
    assert isinstance(3, INT)
    assert not isinstance("3", INT)
    assert issubclass(bool, INT)
    assert int == INT  # noqa: E721  # whether they compare equal is the question
    assert INT("ff", 16) == 255
    assert FLOAT("inf") == math.inf
    assert INT.from_bytes(b"\x01", "big") == 1
    assert isinstance(Length(3, symbol("L")), INT)
