"""Factories: lengths become shapes, or values that make no difference to a shape."""

from __future__ import annotations

import pytest
import torch

from tests.ops.oracle import SMALL, assert_agrees, case

N = range(1, 5)

FACTORIES = [
    case("a shape", lambda x: (torch.zeros(x.shape), torch.ones(x.shape)), "H W", H=N, W=N),
    case("lengths apart", lambda x: torch.randn(2, x.size(0), x.size(1) // 2), "H W", H=N, W=N),
    case("size by keyword", lambda x: torch.empty(size=(x.numel(), 1)), "H W", H=N, W=N),
    case("full", lambda x: (torch.full(x.shape, 1.0), x.new_full((len(x),), 2)), "H W", H=N, W=N),
    case("new", lambda x: (x.new_zeros(x.size(0)), x.new_ones(x.shape)), "H W", H=N, W=N),
    case("like", lambda x: (torch.zeros_like(x), torch.full_like(x, 2.0)), "H W", H=N, W=N),
    case(
        "random",
        lambda x: (torch.randint(5, x.shape), torch.randint(0, 5, (len(x),)), torch.rand_like(x)),
        "H W",
        H=N,
        W=N,
    ),
    case("random order", lambda x: x[torch.randperm(x.size(0))], "H W", H=N, W=N),
    case("normal", lambda x: torch.normal(0.0, 1.0, x.shape), "H W", H=N, W=N),
    case("eye", lambda x: (torch.eye(len(x)), torch.eye(len(x), x.size(1))), "H W", H=N, W=N),
    case("triangle", lambda x: torch.ones(len(x), len(x)).tril(), "H", H=SMALL),
    case("counted", lambda x: (torch.arange(len(x)), torch.arange(end=len(x))), "H", H=SMALL),
    case("counted by threes", lambda x: torch.arange(0, len(x), step=3), "H", H=range(1, 14)),
    case("counted down", lambda x: torch.arange(len(x), 0, -2), "H", H=SMALL),
    case("both ends lengths", lambda x: torch.arange(-x.size(0), x.size(1)), "H W", H=N, W=N),
    case("counted by halves", lambda x: torch.arange(0, x.size(0), 0.5), "H", H=SMALL),
    case("up to a half", lambda x: torch.arange(0, x.size(0) / 2), "H", H=range(1, 14)),
    case("spaced", lambda x: torch.linspace(-1, 1, steps=x.size(0)), "H", H=SMALL),
    case(
        "of lengths",
        lambda x: (torch.tensor([*x.shape]), torch.full((2,), len(x))),
        "H W",
        H=N,
        W=N,
    ),
    case("spaced up to a length", lambda x: torch.linspace(0, x.size(0), 5), "H", H=N),
    case("window", lambda x: torch.hann_window(x.size(0)), "H", H=SMALL),
    case("values without lengths", lambda x: x.new_tensor([[1, 2]]), "H", H=SMALL),
    case(
        "grid of coordinates",
        lambda x: torch.stack(torch.meshgrid(*map(torch.arange, x.shape), indexing="ij"), -1),
        "H W",
        H=N,
        W=N,
    ),
    case("zeros of a negative length", lambda x: torch.zeros(2, x.size(0) - 3), "H", H=SMALL),
    case("ones of a negative length", lambda x: torch.ones(2, x.size(0) - 3), "H", H=SMALL),
    case("range the wrong way", lambda x: torch.arange(3, x.size(0)), "H", H=SMALL),
    case("range the wrong way down", lambda x: torch.arange(3, x.size(0), -1), "H", H=SMALL),
    case("too few steps", lambda x: torch.linspace(0, 1, x.size(0) - 3), "H", H=SMALL),
]


@pytest.mark.parametrize(("f", "inputs", "sizes"), FACTORIES)
def test_factories(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def test_rounding_doubles_is_only_checked():
    assert_agrees(
        lambda x: torch.arange(0, x.size(0), 0.7),
        ("H",),
        {"H": range(1, 20)},
        lost="a float is rounded",
    )
