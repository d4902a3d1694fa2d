"""Max unpooling, with indices of zeros: the first element of each window is the largest."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case, traced

DEPENDS = "depends on values"
MAPS = {"H": range(1, 9), "W": range(1, 9)}


class _Pair(nn.Module):
    """Pool and unpool with the same layer arguments."""

    def __init__(self, *args, rank=2, keep=False, **kwargs):
        super().__init__()
        self.pool = getattr(nn, f"MaxPool{rank}d")(*args, return_indices=True, **kwargs)
        self.unpool = getattr(nn, f"MaxUnpool{rank}d")(*args)
        self.keep = keep

    def forward(self, x):
        y, indices = self.pool(x)
        return self.unpool(y, indices, output_size=x.size() if self.keep else None)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("size of the input", _Pair(2, keep=True), "1 1 H W", **MAPS),
        case("odd lengths in one dim", _Pair(2, rank=1), "1 1 L", L=range(1, 20)),
        case("odd heights, even widths", _Pair(2), "1 1 H 6", H=range(1, 20)),
        case("windows side by side in one row", _Pair((1, 3), 1), "1 1 H W", **MAPS),
        case("into nothing", _Pair(4, 2, 2), "1 1 1 W", W=[1]),
        case("same size", _Pair(3, 1, 1), "1 1 H W", **MAPS),
        case("unbatched", _Pair(2, keep=True), "2 H W", **MAPS),
        case("volumes", _Pair(2, rank=3, keep=True), "1 1 2 H W", **MAPS),
        case("a stride apart", _Pair(2, 3, keep=True), "1 1 H W", **MAPS),
        case(
            "indices of another shape",
            lambda x, y: F.max_unpool1d(x, F.max_pool1d(y, 2, return_indices=True)[1], 2),
            *("1 1 L", "1 1 K"),
            L=[1, 2, 4],
            K=[8],
        ),
    ],
)
def test_exact(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(_Pair(2), id="odd widths"),
        pytest.param(_Pair(3, 2, 1), id="stem of a resnet"),
        pytest.param(_Pair(2, ceil_mode=True), id="last window hangs over"),
        pytest.param(_Pair(3, 2, 1, ceil_mode=True, dilation=2), id="dilated"),
        pytest.param(_Pair((2, 3), (3, 1)), id="overlap and gap"),
    ],
)
def test_runs_where_all_values_do(pair):
    """Rising values make the greatest indices, so they run only where every input does."""
    for h, w in itertools.product(*MAPS.values()):
        trace = traced(pair, ("1 2 H W",), {"H": h, "W": w})
        rising = torch.arange(2.0 * h * w).reshape(1, 2, h, w)
        error = _error(pair, rising)
        assert (trace.failure is None) == (error == "")
        if trace.failure is not None:
            assert trace.failure.explained
            # Which index it names first is up to the kernel; one forgets the last parenthesis.
            assert _but_index(trace.events[-1].why) == _but_index(error.rstrip(")"))


def _but_index(text):
    return re.sub(r"max index: \d+", "max index", text)


def _error(pair, x):
    try:
        pair(x)
    except Exception as exc:  # whatever PyTorch raises is the truth
        return str(exc)
    return ""


def test_indices_from_elsewhere():
    f = lambda x, i: F.max_unpool2d(x, i, 2)  # noqa: E731
    inputs = ("1 1 H W", ("1 1 H W", torch.int64))
    assert_agrees(f, inputs, {"H": SMALL, "W": SMALL}, lost=DEPENDS)


def test_output_size_out_of_reach():
    f = lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2, output_size=(6,))  # noqa: E731
    assert_agrees(f, ("1 1 L",), {"L": [4, 6, 8, 9]})
