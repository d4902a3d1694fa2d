"""Convolutions and transposed convolutions, legal and illegal arguments, against the CPU."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case

MAPS = {"H": SMALL, "W": SMALL}


class _Autoencoder(nn.Module):
    """Down and up again, to the size of the input."""

    def __init__(self, down, up):
        super().__init__()
        self.down, self.up = down, up

    def forward(self, x):
        return self.up(self.down(x), output_size=x.size())


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("pointwise", nn.Conv2d(2, 3, 1), "N 2 H W", N=[1, 2], **MAPS),
        case("unbatched", nn.Conv2d(2, 3, 3), "2 H W", **MAPS),
        case("unbatched sequence", nn.ConvTranspose1d(2, 3, 3), "2 L", L=SMALL),
        case("same", nn.Conv1d(2, 3, 4, padding="same", dilation=3), "1 2 L", L=SMALL),
        case(
            "built in forward", lambda x: nn.Conv1d(2, 3, x.shape[-1] % 5 + 1)(x), "1 2 L", L=SMALL
        ),
        case("valid", nn.Conv2d(2, 3, (1, 4), (1, 2), "valid"), "1 2 H W", **MAPS),
        case("groups", nn.Conv2d(4, 6, 3, groups=2), "1 4 H W", **MAPS),
        case("depthwise", nn.Conv1d(4, 4, 3, groups=4), "1 C L", C=SMALL, L=[1, 4]),
        case("wrong channels", nn.Conv2d(2, 3, 1), "C H W", C=SMALL, H=[2], W=[3]),
        case("wrong channels to transpose", nn.ConvTranspose2d(2, 3, 1), "1 C 2 3", C=SMALL),
        case("circular", nn.Conv2d(1, 1, 5, padding=2, padding_mode="circular"), "1 1 H W", **MAPS),
        case("reflected", nn.Conv1d(1, 1, 5, padding=2, padding_mode="reflect"), "1 1 L", L=SMALL),
        case("volume", nn.Conv3d(1, 1, 3, 2, 1), "1 1 D H 2", D=SMALL, H=SMALL),
        case("transposed volume", nn.ConvTranspose3d(1, 1, 2, 2, 1), "1 1 D H 2", D=SMALL, H=SMALL),
        case(
            "lengths as weights",
            F.conv1d,
            *("1 C L", "2 2 K"),
            C=[1, 2],
            K=[1, 3],
            L=SMALL,
        ),
        case("empty", lambda x: F.conv1d(F.pad(x, (-1, 0)), torch.ones(1, 1, 1)), "1 1 L", L=SMALL),
        case(
            "padding does not help an empty map",
            lambda x, w: F.conv2d(F.pad(x, (-1, 0)), w, padding=1),
            *("1 1 3 W", "1 1 2 2"),
            W=SMALL,
        ),
        case(
            "no kernel",
            lambda x, w: F.conv1d(x, w[..., : x.shape[-1] // 3]),
            *(("1 1 L", torch.float64), ("1 1 2", torch.float64)),
            L=SMALL,
        ),
        case(
            "no kernel to transpose",
            lambda x, w: F.conv_transpose1d(x, w[..., : x.shape[-1] // 3]),
            *(("1 1 L", torch.float64), ("1 1 2", torch.float64)),
            L=SMALL,
        ),
        case(
            "nothing transposed",
            lambda x, w: F.conv_transpose1d(F.pad(x, (-1, 0)), w),
            *("1 1 L", "1 1 3"),
            L=SMALL,
        ),
        case(
            "groups do not divide",
            lambda x, w: F.conv1d(x, w, groups=2),
            *("1 4 L", "K 2 1"),
            K=SMALL,
            L=[3],
        ),
        case("output padding", nn.ConvTranspose2d(1, 1, 3, 2, 1, (0, 1)), "1 1 H W", **MAPS),
        case("too much of it", nn.ConvTranspose2d(1, 1, 3, 2, 1, 2), "1 1 H W", **MAPS),
        case("too much in a volume", nn.ConvTranspose3d(1, 1, 3, 2, 1, 2), "1 1 H H H", H=SMALL),
        case("negative", nn.ConvTranspose1d(1, 1, 3, 2, 1, -1), "1 1 L", L=SMALL),
        case(
            "as much as the input",
            lambda x, w: F.conv_transpose1d(x, w, stride=3, output_padding=x.size(-1) - 1),
            *("1 1 L", "1 1 3"),
            L=SMALL,
        ),
        case(
            "size of the input",
            _Autoencoder(nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 3, 2, 1)),
            "1 1 H W",
            **MAPS,
        ),
        case(
            "size out of reach for some",
            _Autoencoder(nn.Conv1d(1, 1, 3, 3), nn.ConvTranspose1d(1, 1, 2, 3)),
            "1 1 L",
            L=range(1, 20),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_convolutions(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("several samples", nn.ConvTranspose1d(1, 1, 2, 1, 1), "N 1 L", N=[1, 2], L=[1, 2]),
        case("sixteen points", nn.ConvTranspose1d(1, 1, 1, 1, 1), "N 1 L", N=[1, 15, 16], L=[2, 3]),
        case(
            "dilated points",
            *(nn.ConvTranspose2d(1, 1, 1, 1, 1, dilation=2), "2 1 H W"),
            H=[2, 3],
            W=[2, 3],
        ),
        case(
            "points of a volume",
            nn.ConvTranspose3d(1, 1, (2, 1, 1), 1, (1, 0, 0)),
            "N 1 D 1 1",
            N=[1, 2, 16],
            D=[1, 2],
        ),
        case(
            "the last dim of a volume does not count",
            *(nn.ConvTranspose3d(1, 1, (1, 2, 1), 1, (0, 1, 0)), "1 1 1 1 W"),
            W=[2, 20481],
        ),
        case(
            "many elements",
            *(nn.ConvTranspose2d(1, 1, 2, 1, (0, 1)), "1 1 H 1"),
            H=[2, 20480, 20481],
        ),
        case(
            "more padding than stride",
            *(nn.ConvTranspose1d(1, 1, 1, 1, 1, 1, dilation=2), "N 1 L"),
            N=[1, 2],
            L=[1, 2],
        ),
        case(
            "of doubles",
            lambda x: F.conv_transpose1d(x.double(), torch.ones(1, 1, 2).double(), padding=1),
            "N 1 L",
            N=[1, 2],
            L=[1, 2],
        ),
    ],
)
def test_empty_maps(f, inputs, sizes):
    """Which kernel is chosen decides whether one may come out."""
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("kernel", range(1, 6))
def test_every_convolution(kernel):
    for stride, padding, dilation in itertools.product(range(1, 5), range(4), range(1, 4)):
        layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
        assert_agrees(layer, ("1 1 L",), {"L": range(1, 14)})


@pytest.mark.parametrize("kernel", range(1, 6))
def test_every_transposed_convolution(kernel):
    """Illegal output paddings included."""
    for stride, padding, extra, dilation in itertools.product(
        range(1, 5), range(4), range(4), range(1, 4)
    ):
        layer = nn.ConvTranspose1d(1, 1, kernel, stride, padding, extra, dilation=dilation)
        assert_agrees(layer, ("1 1 L",), {"L": range(1, 8)})
