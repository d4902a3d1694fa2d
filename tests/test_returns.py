"""What a model returns, in words, and what is said to be unknown."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn import functional as F

from shapelint.returns import returned_shapes
from shapelint.verdict import verdict
from tests.runs import analysed


class Fn(nn.Module):
    """A function of a row as a module."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x, x.shape[-1])


def _halves(x, n):
    return F.avg_pool1d(x, 2) if n % 2 == 0 else x


def _of_many_terms(x, n):
    assert n % 8 == 1
    return x.new_zeros((n + 3) // 4 * 4 + (n + 7) // 8 * 8 - (n + 1) // 2 * 2 + n % 16 - n % 4)


RETURNED = {
    "nothing": (lambda x, n: None, ()),
    "one way": (lambda x, n: x[..., 1:], ("(N, 1, L - 1)",)),
    "two outputs": (lambda x, n: (x, x.sum(-1)), ("(N, 1, L)", "(N, 1)")),
    "ways that return the same": (lambda x, n: x + 1 if n > 9 else x, ("(N, 1, L)",)),
    "padded to even lengths": (lambda x, n: F.pad(x, (0, n % 2)), ("(N, 1, L + L % 2)",)),
    "padded where it is odd": (
        lambda x, n: F.pad(x, (0, 1)) if n % 2 else x,
        ("(N, 1, 2*ceil(L/2))",),
    ),
    "padded to steps of 5, then every fifth": (
        lambda x, n: (F.pad(x, (0, 5 - n % 5)) if n % 5 else x)[..., ::5],
        ("(N, 1, ceil(L/5))",),
    ),
    "many terms that are few where it runs": (_of_many_terms, ("(L + 17 - (L + 7) % 16)",)),
    "no common formula": (
        _halves,
        ("(N, 1, floor(L/2)) for even L; (N, 1, L) for odd L",),
    ),
    "another rank": (
        lambda x, n: x.flatten() if n == 7 else x,
        ("(N, 1, L) where L != 7; (N*L) where L == 7",),
    ),
    "not on every way": (
        lambda x, n: (x, x) if n > 99 else x,
        ("(N, 1, L)", "(N, 1, L) on one of several paths"),
    ),
}


@pytest.mark.parametrize(("function", "words"), RETURNED.values(), ids=RETURNED)
def test_what_is_returned(function, words):
    exploration = analysed(Fn(function), "N 1 L").exploration
    assert returned_shapes(exploration) == words


def _rows(x, n):
    for row in range(n):
        x = x + row
    return x


def test_what_is_not_known_is_told_apart_from_what_does_not_run():
    report = verdict(analysed(Fn(_rows), "N 1 L")).report
    assert report.evidence == "checked"
    assert report.valid_sizes.text == "L <= 23 or L == 256"
    assert report.unknown_sizes.text == "L >= 24 and L != 256"
    assert verdict(analysed(Fn(_halves), "N 1 L")).report.unknown_sizes is None
