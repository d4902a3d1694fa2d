"""What ``forward`` computes from sizes outside PyTorch: never a wrong answer, whatever it uses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

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


def one_of(x):
    return x.new_zeros(1 if x.shape[1] in {3, 4} else 2)


EXACT = [
    rows("math.sqrt", lambda n: int(math.sqrt(n))),
    rows("next power of two", lambda n: 2 ** math.ceil(math.log2(n))),
    rows("next power of two, in bits", lambda n: 1 << (n - 1).bit_length()),
    rows("root by a power", lambda n: int(n**0.5)),
    rows("greatest common divisor", lambda n: math.gcd(n, 12)),
    rows("fmod", lambda n: int(math.fmod(n, 5))),
    rows("lowest bits", lambda n: n & 6),
    rows("np.sqrt", lambda n: int(np.sqrt(n))),
    rows("np.ceil", lambda n: int(np.ceil(n / 2))),
    rows("np.prod", lambda n: int(np.prod((n, 3)))),
    rows("np.maximum", lambda n: int(np.maximum(n, 5))),
    pytest.param(scaled, id="float in a tuple"),
    pytest.param(one_of, id="one of a set"),
    rows("whole", lambda n: 2 if (n / 4).is_integer() else 1),
]

FIXED = [
    rows("np.array", lambda n: int(np.array((n, 2))[0] // 2)),
    rows("np.log2", lambda n: int(np.log2(n))),
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
    rows("subscript", lambda n: [1, 2, 3, 4][n % 4]),
    rows("slice of a list", lambda n: len([1, 2, 3][: n % 4])),
]

SIZES = [{"L": n} for n in range(1, 25)]


@pytest.mark.parametrize("f", EXACT)
def test_every_size_is_told_rightly(f):
    assert not disagreements(analysed(model(f), "2 L"), model(f), "2 L", SIZES)


@pytest.mark.parametrize("f", FIXED)
def test_sizes_that_were_run_are_told_and_no_others(f):
    analysis = analysed(model(f), "2 L")
    known = [sizes for sizes in SIZES if analysis.predict(sizes).ok is not None]
    assert 5 < len(known) < len(SIZES)
    assert not disagreements(analysis, model(f), "2 L", known)
    assert analysis.evidence == "checked"
    assert not [d for d in analysis.diagnostics if d.severity == "error"]


@pytest.mark.parametrize("f", FIXED)
def test_few_sizes_are_proven_one_by_one(f):
    analysis = analysed(model(f), "2 L", ["L <= 6"])
    assert not disagreements(analysis, model(f), "2 L", SIZES[:6])
    assert analysis.evidence == "proven"


@pytest.mark.parametrize("f", LOST)
def test_a_length_that_went_unseen_is_found_out_and_only_what_was_run_is_told(f):
    analysis = analysed(model(f), "2 L")
    assert analysis.evidence == "checked"
    told = [sizes for sizes in SIZES if analysis.predict(sizes).ok is not None]
    assert not disagreements(analysis, model(f), "2 L", told)
    assert analysis.predict({"L": 5000}).ok is None
