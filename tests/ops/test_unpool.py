"""Max unpooling, with indices of zeros: the first element of each window is the largest."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case, on_cpu, traced

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
def test_certain_failures(pair):
    """Zeros make the smallest indices, so they fail only where every input does."""
    for h, w in itertools.product(*MAPS.values()):
        env = {"H": h, "W": w}
        trace, truth = traced(pair, ("1 2 H W",), env), on_cpu(pair, ("1 2 H W",), env)
        assert (trace.failure is None) == (truth.error is None)
        if trace.failure is not None:
            assert trace.failure.explained
            # The kernel for contiguous maps forgets the closing parenthesis.
            assert trace.events[-1].why == truth.error.rstrip(")")


@pytest.mark.parametrize(("h", "w"), list(itertools.product(range(2, 9), repeat=2)))
def test_what_is_not_marked_holds_for_all_values(h, w):
    """Where a trace is exact and runs, so does the pair with the largest possible indices."""
    pair = _Pair(2)
    trace = traced(pair, ("1 1 H W",), {"H": h, "W": w})
    rising = torch.arange(h * w, dtype=torch.float32).reshape(1, 1, h, w)
    if trace.failure is None and not trace.checked:
        pair(rising)
    elif trace.failure is None:
        assert DEPENDS in trace.checked[0]
        with pytest.raises(RuntimeError, match="Found an invalid max index"):
            pair(rising)


def test_indices_from_elsewhere():
    f = lambda x, i: F.max_unpool2d(x, i, 2)  # noqa: E731
    inputs = ("1 1 H W", ("1 1 H W", torch.int64))
    assert_agrees(f, inputs, {"H": SMALL, "W": SMALL}, lost=DEPENDS)


def test_output_size_out_of_reach():
    f = lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2, output_size=(6,))  # noqa: E731
    assert_agrees(f, ("1 1 L",), {"L": [4, 6, 8, 9]})
