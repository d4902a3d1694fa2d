"""Padding in every mode, cropping included, against the CPU."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case, traced

MODES = ("constant", "reflect", "replicate", "circular")


def _like_a_unet(x, skip):
    """Pad to the size of the skip connection, or crop to it."""
    dh, dw = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
    return F.pad(x, [dw // 2, dw - dw // 2, dh // 2, dh - dh // 2])


def _to_multiple(x, k=4, mode="constant"):
    return F.pad(x, (0, -x.size(-1) % k), mode=mode)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("nothing", lambda x: F.pad(x, ()), "2 H", H=SMALL),
        case("zero", lambda x: F.pad(x, (0, 0)), "2 H", H=SMALL),
        case("last dim", lambda x: F.pad(x, (1, 2)), "2 H", H=SMALL),
        case("all dims", lambda x: F.pad(x, (1, 2, 0, 3, 4, 0)), "N C H", N=SMALL, C=[2], H=SMALL),
        case("modules", nn.ZeroPad2d((1, 2, 3, 4)), "1 H W", H=SMALL, W=SMALL),
        case("constant module", nn.ConstantPad1d((-1, 2), 3.0), "2 1 H", H=SMALL),
        case("reflection module", nn.ReflectionPad2d(2), "1 2 H W", H=SMALL, W=SMALL),
        case("replication module", nn.ReplicationPad3d(2), "1 2 H W 1", H=SMALL, W=SMALL),
        case("circular module", nn.CircularPad2d((3, 1, 2, 0)), "1 2 H W", H=SMALL, W=SMALL),
        case("unbatched reflection", lambda x: F.pad(x, (2, 1), "reflect"), "2 H", H=SMALL),
        case("a skip connection", _like_a_unet, "1 1 H 3", "1 1 K 4", H=SMALL, K=SMALL),
        case("to a multiple", _to_multiple, "1 1 H", H=SMALL),
        case("to a multiple, reflected", lambda x: _to_multiple(x, 4, "reflect"), "1 1 H", H=SMALL),
        case(
            "wrapped along one of three",
            lambda x: F.pad(x, (1, 0), mode="circular"),
            "1 1 H 2",
            H=SMALL,
        ),
        case("to a multiple, wrapped", lambda x: _to_multiple(x, 5, "circular"), "1 1 H", H=SMALL),
        case("by itself", lambda x: F.pad(x, (x.size(2), 0)), "1 1 H", H=SMALL),
        case(
            "empty between",
            lambda x: F.pad(F.pad(x, (-1, 0)), (1, 1), "replicate"),
            "1 1 H",
            H=SMALL,
        ),
        case(
            "padding of another dim",
            lambda x: F.pad(x, (-3, 0, 1, 1)),
            "1 1 H W",
            H=SMALL,
            W=SMALL,
        ),
    ],
)
def test_pads(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("mode", MODES)
def test_every_pair_of_pads(mode):
    for pads in itertools.product(range(-4, 5), repeat=2):
        sizes = range(-min(pads) if mode == "circular" and min(pads) < 0 else 1, 10)
        assert_agrees(partial(F.pad, pad=pads, mode=mode), ("1 2 W",), {"W": sizes})


def test_more_cropped_than_there_is_while_wrapping():
    """What the CPU does then is an accident of negative slice bounds."""
    f = lambda x: F.pad(x, (-4, 3), mode="circular")  # noqa: E731
    assert_agrees(f, ("1 2 W",), {"W": [4, 5, 6]})
    assert "crops more" in traced(f, ("1 2 W",), {"W": 3}).checked[0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "pads",
    [
        (1, 2, 0, 1),
        (-1, 2, 2, -1),
        (-1, -1, -2, 0),
        (3, -2, 0, -3),
        (1, 0, 2, 1, 0, 3),
        (-2, 0, 0, -1, -1, 0),
        (0, 0, 3, -1, -2, -1),
    ],
)
def test_two_and_three_dims(mode, pads):
    dims = "1 2 H W" if len(pads) == 4 else "1 2 2 H W"
    assert_agrees(
        lambda x: F.pad(x, pads, mode=mode), (dims,), {"H": range(1, 6), "W": range(1, 6)}
    )


@pytest.mark.parametrize("error", [(1, 1, 1), (1,) * 8])
def test_pads_that_no_size_can_take(error):
    assert_agrees(lambda x: F.pad(x, error), ("1 2 W",), {"W": SMALL})


def test_a_pad_that_suits_no_rank_fails_at_every_size():
    trace = traced(lambda x: F.pad(x, (1, 0), mode="circular"), ("1 1 H 2",), {"H": 5})
    assert trace.failure is not None
    assert trace.failure.explained
