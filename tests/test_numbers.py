"""What ``forward`` computes from sizes outside PyTorch: never a wrong answer, whatever it uses."""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
from collections import Counter
from decimal import Decimal
from itertools import chain, islice

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.runs import analysed, disagreements


def model(f):
    """``f`` as a module whose class belongs to this module."""

    class Net(nn.Module):
        def forward(self, x):
            return f(x)

    return Net()


def rows(reason, f):
    """A model that returns as many rows as ``f`` makes of the length."""
    return pytest.param(lambda x: x.new_zeros(f(x.shape[1]), 2), id=reason)


def scaled(x):
    scales = (0.5, 2.0)
    return x.new_zeros(int(scales[0] * x.shape[1]), 2)


def three_columns(x):
    a, b, c = x.t()
    return a + b, c


def two_pieces(x):
    a, b = x.split(5, 1)
    return a, b


def three_of_a_chain(x):
    a, b, c = chain(x.t(), x[:1])
    return a, b, c


def root(x):
    """As many columns as the root of their number, in pairs; the pool refuses less than 5."""
    x = F.avg_pool1d(x, 5, 1)
    return x[..., : int(x.shape[1] ** 0.5)].reshape(-1, 4)


def one_of(x):
    return x.new_zeros(1 if x.shape[1] in {3, 4} else 2)


def shape_of_a_set(x):
    return x.new_zeros(1 if x.shape in {(2, 3), (2, 17)} else 2)


def all_chosen(x):
    return x[:, [True] * x.shape[1]]


TABLE = {8: 1, 12: 2, 17: 3}
SEEN: dict[int, int] = {}


def looked_up(n):
    try:
        return TABLE[n]
    except KeyError:
        return 5


def kept_by_size(n):
    if (n, 2) not in SEEN:
        SEEN[n, 2] = 2 * n
    return SEEN[n, 2]


@functools.lru_cache
def cached(n):
    return 3 if n > 10 else n


def remembering(function):
    remembered = functools.lru_cache(function)
    return functools.wraps(function)(lambda n: remembered(n))  # noqa: PLW0108


@remembering
def wrapped(n):
    return 4 if n > 9 else n


LARGE = 300


def got(n):
    return {7: 1}.get(n, TABLE.get(n % 9, 4))


def member(n):
    return 1 if n in set(range(3, 7)) else 2 if n not in TABLE else 3


def distinct(n):
    return len({n, 8}) + len(set([n, 9, 11]))  # noqa: C405


def chosen(n):
    return [2, 2, 5, 5, 2][n % 5] + range(8)[-(n % 3)]


def sliced(n):
    return len([1, 2, 3, 4, 5][n % 7 : n]) + 1


def out_of_range(n):
    try:
        return (2, 3, 4)[n]
    except IndexError:
        return 1


def divided(n):
    try:
        return 1 + 10 // (n - 8) ** 2 + 9 % (n - 5) ** 2
    except ZeroDivisionError:
        return 4


def by_quotient(n):
    try:
        return math.ceil(n / (n // 4)) if n / (n % 5) > 3 else 2
    except ZeroDivisionError:
        return 5


def complained(n):
    if n < 5:
        raise ValueError(f"{n} is too small: {n:d}")
    assert all(n > limit for limit in (3, 4)), f"{n} is too small"
    if n > 20:
        words = f"{n} is too large"
        if n > 30:
            words += f": at most {20}, not {n}"
        raise ValueError(words)
    logging.getLogger(__name__).debug(f"{n} is large")
    torch._assert(n > 4, f"{n} is too small")
    return n


def matched(n):
    match n:
        case 8:
            return 1
        case 9 | 10:
            return 2
    return 3


PROVEN = [
    rows("no key at all", lambda n: n + 1),
    pytest.param(three_columns, id="columns, unpacked"),
    pytest.param(two_pieces, id="pieces, unpacked"),
    pytest.param(three_of_a_chain, id="a chain, unpacked"),
    rows("sizes in messages", complained),
    rows("memo of a function", lambda n: cached(n + 1)),
    rows("memo inside of a wrapper", wrapped),
    rows("memo of pairs", kept_by_size),
    rows("key, or KeyError", looked_up),
    rows("dict.get", got),
    rows("member of a set", member),
    rows("how many are distinct", distinct),
    rows("index", chosen),
    rows("slice", sliced),
    rows("index in a lambda", lambda n: [1, 2, 3, 4][n % 4]),
    rows("index, or IndexError", out_of_range),
    rows("match", matched),
    rows("power modulo", lambda n: pow(n, 2, 7) + 1),
    pytest.param(lambda x: x.new_zeros(len(set(x.shape))), id="square or not"),
]


def caught(n):
    try:
        raise ValueError(f"bad {n}")
    except ValueError as exc:
        return len(str(exc))


def asserted(n):
    assert f"{n}" != "8", "not this one"
    return n


@dataclasses.dataclass(frozen=True)
class Key:
    n: int


NOTICED = [
    rows("text in a f-string", lambda n: 1 if f"{n}x{n}" == "8x8" else 2),
    rows("text in the test of an assert", asserted),
    rows("text by %d", lambda n: 1 if "%d" % n == "8" else 2),  # noqa: UP031
    rows("text of an exception that is caught", caught),
    pytest.param(lambda x: x.new_zeros(1 + (str(x.shape) == "torch.Size([2, 8])")), id="size"),
    rows("key inside of an object", lambda n: {Key(8): 1}.get(Key(n), 2)),
    rows("an int of its own", lambda n: 1 if n is LARGE else 2),
    rows("sets compared", lambda n: 1 if {n} <= {7, 9} else 2),
    rows("key of a function in C", lambda n: next(map({8: 1}.get, [n])) or 2),
    rows("counted by a function in C", lambda n: Counter([n, 3, 4])[3]),
    rows("hash of a shape", lambda n: 1 if hash((n, 2)) == hash((8, 2)) else 2),
]

EXACT = [
    rows("quotient of lengths", by_quotient),
    rows("math.sqrt", lambda n: int(math.sqrt(n))),
    rows("next power of two", lambda n: 2 ** math.ceil(math.log2(n))),
    rows("next power of two, in bits", lambda n: 1 << (n - 1).bit_length()),
    rows("root by a power", lambda n: int(n**0.5)),
    rows("greatest common divisor", lambda n: math.gcd(n, 12)),
    rows("division by a length", lambda n: 1 + 40 // n + 40 % n),
    rows("division by zero", lambda n: 20 + 10 // (n - 8)),
    rows("division by zero, caught", divided),
    rows("fmod", lambda n: int(math.fmod(n, 5))),
    rows("lowest bits", lambda n: n & 6),
    rows("np.sqrt", lambda n: int(np.sqrt(n))),
    rows("np.array", lambda n: int(np.array((n, 2))[0] // 2)),
    rows("np.ceil", lambda n: int(np.ceil(n / 2))),
    rows("np.prod", lambda n: int(np.prod((n, 3)))),
    rows("np.maximum", lambda n: int(np.maximum(n, 5))),
    pytest.param(scaled, id="float in a tuple"),
    pytest.param(one_of, id="one of a set"),
    pytest.param(all_chosen, id="list repeated, as a mask"),
    pytest.param(shape_of_a_set, id="a shape of a set"),
    pytest.param(root, id="root of what may be negative"),
    rows("whole", lambda n: 2 if (n / 4).is_integer() else 1),
    rows("math.log2 of nothing", lambda n: 2 + int(math.log2(2 ** math.ceil(math.log2(n)) // 4))),
    rows("math.sqrt of less than nothing", lambda n: 2 + int(math.sqrt(n - 5))),
    rows("math.exp of too much", lambda n: 1 if math.exp(90 * n - 90) < n**1.5 else 2),
]


class cython_function_or_method:
    """A compiled function: it takes a length for a bare number, without asking."""

    __name__ = "half"

    def __call__(self, n):
        return (0).__add__(n) // 2


class CPUDispatcher(cython_function_or_method):
    """The same of numba."""


half, halved = cython_function_or_method(), CPUDispatcher()

FIXED = [
    rows("compiled", lambda n: half(n) + 1),
    rows("compiled by numba", lambda n: halved(n) + 1),
    rows("np.log2", lambda n: int(np.log2(n))),
    rows("math.comb", lambda n: math.comb(n, 2) % 5 + 1),
    rows("bytes", lambda n: len(bytes(n))),
    rows("islice", lambda n: len(list(islice(range(30), n)))),
    rows("list repeated", lambda n: len([0] * n)),
    pytest.param(lambda x: torch.stack([x[:, i] for i in range(x.shape[1])], 1), id="loop"),
    pytest.param(
        lambda x: x + torch.from_numpy(np.random.normal(size=x.shape)).to(x), id="noise of NumPy"
    ),
    pytest.param(
        lambda x: torch.from_numpy(np.zeros((x.shape[1], 2))).to(x) + x.sum(), id="zeros of NumPy"
    ),
]

LOST = [
    rows("digits", lambda n: len(str(n))),
    rows("decimal", lambda n: int(Decimal(n) / 2) + 1),
    rows("asked for its int", lambda n: n.__int__()),
]

SIZES = [{"L": n} for n in range(1, 25)]


@pytest.mark.parametrize("f", EXACT)
def test_every_size_is_told_rightly(f):
    assert not disagreements(analysed(model(f), "2 L"), model(f), "2 L", SIZES)


@pytest.mark.parametrize("f", PROVEN)
def test_a_length_that_is_looked_for_is_followed(f):
    analysis = analysed(model(f), "2 L")
    assert not disagreements(analysis, model(f), "2 L", SIZES)
    assert analysis.evidence == "proven"


@pytest.mark.parametrize("f", [*NOTICED, *LOST])
def test_of_a_length_that_goes_out_of_sight_only_runs_are_told(f):
    analysis = analysed(model(f), "2 L")
    assert not disagreements(analysis, model(f), "2 L", SIZES)
    assert analysis.predict({"L": 5000}).ok is None
    assert analysis.evidence == "checked"


def test_what_a_memo_holds_is_not_followed():
    asked = model(lambda x: x[:, cached(x.shape[1]) and cached.cache_info().currsize % 2 :])
    assert "where shapelint cannot follow" in analysed(asked, "2 L").doubts[0]


@pytest.mark.parametrize("f", FIXED)
def test_sizes_that_were_run_are_told_and_no_others(f):
    analysis = analysed(model(f), "2 L")
    assert not disagreements(analysis, model(f), "2 L", SIZES)
    assert analysis.predict({"L": 5000}).ok is None
    assert analysis.evidence == "checked"
    assert not [d for d in analysis.diagnostics if d.severity == "error"]


@pytest.mark.parametrize("f", FIXED)
def test_few_sizes_are_proven_one_by_one(f):
    analysis = analysed(model(f), "2 L", ["L <= 6"])
    assert not disagreements(analysis, model(f), "2 L", SIZES[:6])
    assert analysis.evidence == "proven"
