"""Pools, against the CPU."""

from __future__ import annotations

import itertools

import pytest
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case, traced

POOLS = {
    1: (F.max_pool1d, F.avg_pool1d),
    2: (F.max_pool2d, F.avg_pool2d),
    3: (F.max_pool3d, F.avg_pool3d),
}
LONG = range(1, 21)


def _with(pool, *arguments):
    return lambda x: pool(x, *arguments)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("window of one", nn.MaxPool2d(1), "2 3 H W", H=SMALL, W=SMALL),
        case("halves", nn.MaxPool2d(2), "2 3 H W", H=SMALL, W=SMALL),
        case("unbatched", nn.MaxPool2d(2), "3 H W", H=SMALL, W=SMALL),
        case("rectangular", nn.MaxPool2d((2, 3), (1, 2), (1, 0)), "1 1 H W", H=SMALL, W=SMALL),
        case("stem of a resnet", nn.MaxPool2d(3, 2, 1), "1 1 H W", H=SMALL, W=SMALL),
        case("no stride given", lambda x: F.avg_pool2d(x, 3), "1 1 H W", H=SMALL, W=SMALL),
        case("empty list as stride", lambda x: F.max_pool2d(x, 3, []), "1 1 H 9", H=SMALL),
        case(
            "both results",
            lambda x: F.max_pool2d(x, 2, return_indices=True),
            "1 1 H W",
            H=SMALL,
            W=SMALL,
        ),
        case(
            "both results in one dim",
            lambda x: F.max_pool1d(x, 3, return_indices=True),
            "1 1 L",
            L=SMALL,
        ),
        case(
            "the input as kernel",
            lambda x: F.avg_pool2d(x, x.shape[2:]),
            "1 1 H W",
            H=SMALL,
            W=SMALL,
        ),
        case(
            "half the input as kernel",
            lambda x: F.avg_pool1d(x, x.shape[2] // 2),
            "1 1 L",
            L=SMALL,
        ),
        case("power average", nn.LPPool2d(2, 3, 2), "1 1 H W", H=SMALL, W=SMALL),
        case("power average, ceil", nn.LPPool1d(2, 3, ceil_mode=True), "1 1 L", L=SMALL),
        case("maximum norm", nn.LPPool1d(float("inf"), 3), "1 1 L", L=SMALL),
        case("needs more than padding", nn.AvgPool3d(3, 1, 1), "1 1 D 4 W", D=SMALL, W=SMALL),
        case("empty after a crop", lambda x: F.max_pool1d(F.pad(x, (0, -1)), 1), "1 1 L", L=SMALL),
        case(
            "padding does not help an empty plane",
            lambda x: F.max_pool2d(F.pad(x, (0, -1)), 2, padding=1),
            "1 1 3 W",
            W=SMALL,
        ),
        case("padding too large", lambda x: F.max_pool2d(x, 3, padding=2), "1 1 H H", H=SMALL),
        case("too large in one dim", lambda x: F.max_pool1d(x, 3, padding=2), "1 1 H", H=SMALL),
        case(
            "dilation does not make the half larger",
            lambda x: F.max_pool2d(x, 3, padding=2, dilation=2),
            "1 1 H H",
            H=SMALL,
        ),
        case(
            "nor in three dims",
            lambda x: F.max_pool3d(x, 3, padding=2, dilation=2),
            "1 1 H H H",
            H=SMALL,
        ),
        case(
            "nor with indices in one dim",
            lambda x: F.max_pool1d(x, 3, padding=2, dilation=2, return_indices=True),
            "1 1 H",
            H=SMALL,
        ),
        case("stride of zero", lambda x: F.avg_pool2d(x, 2, 0), "1 1 H H", H=SMALL),
    ],
)
def test_pools(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kernel", range(1, 6))
def test_every_window(rank, kernel, ceil_mode):
    """All strides, paddings and dilations at all small lengths."""
    max_pool, avg_pool = POOLS[rank]
    dims = ["1 1 L", "1 1 6 L", "1 1 6 6 L"][rank - 1]
    pads = range(kernel // 2 + 1)
    for stride, pad, dilation in itertools.product(range(1, 6), pads, (1, 2, 3)):
        k, s, p, d = (
            (plain,) * (rank - 1) + (value,)
            for plain, value in ((1, kernel), (1, stride), (0, pad), (1, dilation))
        )
        lengths = {"L": LONG if rank == 1 else range(1, 13)}
        assert_agrees(_with(max_pool, k, s, p, d, ceil_mode), (dims,), lengths)
        if dilation == 1:
            assert_agrees(_with(avg_pool, k, s, p, ceil_mode), (dims,), lengths)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_too_much_padding_is_explained(rank, dilation):
    pool = POOLS[rank][0]
    trace = traced(_with(pool, 3, 1, 2, dilation), ("1 1" + " L" * rank,), {"L": 9})
    assert trace.failure is not None
    assert trace.failure.explained
