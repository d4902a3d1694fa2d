"""Adaptive and fractional pools, against the CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case

ANY_VALUE = "a float is rounded to a length"


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("keeps what is None", nn.AdaptiveAvgPool2d((None, 2)), "1 2 H W", H=SMALL, W=SMALL),
        case("global average", nn.AdaptiveAvgPool2d(1), "N 2 H W", N=[1, 2], H=SMALL, W=SMALL),
        case("global maximum", nn.AdaptiveMaxPool1d(1), "1 2 L", L=SMALL),
        case("unbatched", nn.AdaptiveAvgPool1d(5), "2 L", L=SMALL),
        case("three dims", nn.AdaptiveAvgPool3d((2, None, 1)), "1 1 D 2 2", D=SMALL),
        case("none in a maximum", nn.AdaptiveMaxPool3d((2, None, 1)), "1 1 D D 2", D=SMALL),
        case("indices", nn.AdaptiveMaxPool2d(3, return_indices=True), "1 1 H W", H=SMALL, W=SMALL),
        case("torch function", lambda x: torch.adaptive_max_pool1d(x, 2), "1 1 L", L=SMALL),
        case("lengths", lambda x: F.adaptive_avg_pool1d(x, x.size(2) // 2), "1 2 L", L=SMALL),
        case(
            "mean of nothing",
            lambda x: F.adaptive_avg_pool2d(F.pad(x, (-1, 0)), 1),
            "1 2 3 W",
            W=SMALL,
        ),
        case(
            "two means of nothing",
            lambda x: F.adaptive_avg_pool2d(F.pad(x, (-1, 0)), 2),
            "1 2 3 W",
            W=SMALL,
        ),
        case(
            "two means of nothing in one dim",
            lambda x: F.adaptive_avg_pool1d(F.pad(x, (-1, 0)), 2),
            "1 2 W",
            W=SMALL,
        ),
        case(
            "maximum of nothing",
            lambda x: F.adaptive_max_pool1d(F.pad(x, (-1, 0)), 2),
            "1 2 W",
            W=SMALL,
        ),
        case("fractional", nn.FractionalMaxPool2d(2, 3), "1 2 H W", H=SMALL, W=SMALL),
        case(
            "fractional with indices",
            nn.FractionalMaxPool2d((3, 2), (2, 1), return_indices=True),
            "1 2 H W",
            H=SMALL,
            W=SMALL,
        ),
        case("fractional in three dims", nn.FractionalMaxPool3d(2, 3), "1 2 D 6 D", D=SMALL),
        case(
            "half of it",
            nn.FractionalMaxPool2d(2, output_ratio=(0.5, 0.25)),
            "1 2 H W",
            H=SMALL,
            W=SMALL,
        ),
        case("half of a volume", nn.FractionalMaxPool3d(2, output_ratio=0.5), "1 2 D 4 4", D=SMALL),
    ],
)
def test_adaptive(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def test_a_ratio_that_no_double_holds():
    pool = nn.FractionalMaxPool2d(2, output_ratio=(0.7, 0.3))
    assert_agrees(pool, ("1 1 H W",), {"H": SMALL, "W": SMALL}, lost=ANY_VALUE)
