"""Interpolation, sampling on grids, shuffles, folds, against the CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case

MAPS = {"H": SMALL, "W": SMALL}
ROUNDED = "a float is rounded to a length"


def _to(x, y, **kwargs):
    return F.interpolate(x, size=y.shape[2:], **kwargs)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("a fixed size", lambda x: F.interpolate(x, size=(3, 5)), "1 2 H W", **MAPS),
        case("one number for all dims", lambda x: F.interpolate(x, 4), "1 2 H W", **MAPS),
        case("twice", nn.Upsample(scale_factor=2), "1 2 H W", **MAPS),
        case("dyadic", nn.Upsample(scale_factor=(1.5, 0.25)), "1 2 H W", **MAPS),
        case("an int and a float", nn.Upsample(scale_factor=(3, 0.5)), "1 2 H W", **MAPS),
        case("older class", nn.UpsamplingBilinear2d(scale_factor=2), "1 2 H W", **MAPS),
        case("sequence", nn.Upsample(scale_factor=0.5, mode="linear"), "1 2 L", L=SMALL),
        case(
            "volume",
            nn.Upsample(scale_factor=0.5, mode="trilinear", align_corners=True),
            "1 1 D H 4",
            D=SMALL,
            H=SMALL,
        ),
        case("like a skip", _to, "1 1 H W", "1 1 K 3", H=SMALL, W=[1, 4], K=SMALL),
        case(
            "recomputed",
            lambda x: F.interpolate(x, scale_factor=0.5, recompute_scale_factor=True),
            "1 1 H W",
            **MAPS,
        ),
        case(
            "area may vanish",
            lambda x: F.interpolate(x, scale_factor=0.25, mode="area"),
            "1 1 H W",
            **MAPS,
        ),
        case(
            "the area of nothing is one mean",
            lambda x: F.interpolate(x[..., 6:], size=x.shape[-1] // 2, mode="area"),
            "1 1 L",
            L=SMALL,
        ),
        case(
            "smooth",
            lambda x: F.interpolate(x, scale_factor=0.5, mode="bicubic", antialias=True),
            "1 1 H W",
            **MAPS,
        ),
        case("exact", lambda x: F.interpolate(x, size=3, mode="nearest-exact"), "1 1 L", L=SMALL),
        case("half the size", lambda x: F.interpolate(x, x.size(2) // 2), "1 1 L", L=SMALL),
        case(
            "nothing in",
            lambda x: F.interpolate(F.pad(x, (-1, 0)), size=3, mode="bilinear"),
            "1 1 2 W",
            W=SMALL,
        ),
        case(
            "as the builtin",
            lambda x: torch._C._nn.upsample_bilinear2d(x, None, False, [0.5, 2.0]),
            "1 1 H W",
            **MAPS,
        ),
    ],
)
def test_interpolate(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("factor", [0.7, 1.1, 1.4142135, 4.1])
def test_factors_that_no_double_holds(factor):
    up = nn.Upsample(scale_factor=factor, mode="linear")
    assert_agrees(up, ("1 1 L",), {"L": range(1, 40)}, lost=ROUNDED)


@pytest.mark.parametrize("factor", [0.1, 0.3, 1 / 3, 2 / 3])
def test_factors_whose_rounding_is_known(factor):
    up = nn.Upsample(scale_factor=factor, mode="linear")
    assert_agrees(up, ("1 1 L",), {"L": range(1, 200)})


@pytest.mark.parametrize("wanted", [7, 49, 100])
def test_a_factor_made_of_lengths(wanted):
    """``n * (wanted / n)`` is not always ``wanted``, and CPU and trace agree where."""

    def f(x):
        return F.interpolate(x, scale_factor=wanted / x.size(-1))

    assert_agrees(f, ("1 1 L",), {"L": range(1, 100)}, lost=ROUNDED)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("grid", F.grid_sample, "N 2 H W", "1 5 K 2", N=[1, 2], K=[1, 4], **MAPS),
        case("coordinates", F.grid_sample, "1 2 4 4", "1 5 5 K", K=[1, 2, 3]),
        case("volume", F.grid_sample, "1 2 D 4 4", "1 K 5 5 3", D=SMALL, K=SMALL),
        case(
            "empty map",
            lambda x, g: F.grid_sample(F.pad(x, (-1, 0)), g),
            *("1 2 4 W", "1 5 5 2"),
            W=SMALL,
        ),
        case(
            "transformer",
            lambda x, t: F.grid_sample(x, F.affine_grid(t, x.size())),
            *("N 2 H W", "K 2 3"),
            N=[1, 2],
            K=[1, 2],
            H=SMALL,
            W=[1, 3],
        ),
        case("affine volume", lambda t: F.affine_grid(t, (2, 1, 3, 4, 5)), "N 3 4", N=[1, 2, 3]),
    ],
)
@pytest.mark.filterwarnings("ignore:Default grid_sample")
def test_grids(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("by one", nn.PixelShuffle(1), "1 C H W", C=SMALL, **MAPS),
        case("shuffle", nn.PixelShuffle(2), "1 C H 3", C=range(1, 13), H=SMALL),
        case("more batches", nn.PixelShuffle(3), "2 3 9 H 3", H=SMALL),
        case("unbatched", nn.PixelShuffle(2), "4 H 3", H=SMALL),
        case("unshuffle", nn.PixelUnshuffle(3), "1 2 H W", **MAPS),
        case("of an empty map", lambda x: F.pixel_unshuffle(x[..., 2:], 2), "1 2 H W", **MAPS),
        case("and back", lambda x: F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2), "2 H W", **MAPS),
        case("channels", nn.ChannelShuffle(3), "1 C H 2", C=SMALL, H=SMALL),
        case("blocks", nn.Unfold((2, 3), 2, 1, (1, 2)), "N 2 H W", N=[1, 2], **MAPS),
        case("unbatched blocks", nn.Unfold(3), "2 H W", **MAPS),
        case(
            "blocks of nothing",
            lambda x: F.unfold(F.pad(x, (-1, 0)), 2, padding=1),
            "1 1 3 W",
            W=SMALL,
        ),
        case("fold", nn.Fold((4, 5), 2), "1 C L", C=range(1, 9), L=range(1, 16)),
        case("fewer than no blocks in both dims", nn.Fold((1, 1), 3), "1 9 L", L=SMALL),
        case("unbatched fold", nn.Fold((4, 5), 2), "C L", C=range(1, 9), L=range(10, 15)),
        case("folded too small", nn.Fold((1, 4), 2), "1 4 L", L=SMALL),
        case(
            "fold to a length",
            lambda x, y: F.fold(x, (y.size(-1), 3), 2, stride=(2, 1)),
            *("1 4 L", "H"),
            L=SMALL,
            H=SMALL,
        ),
        case(
            "fold of an unfold",
            lambda x: F.fold(F.unfold(x, 3, padding=1), x.shape[2:], 3, padding=1),
            "1 2 H W",
            **MAPS,
        ),
    ],
)
def test_rearrangements(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
