"""Dtypes that the CPU refuses at every size are refused in its words; what it takes is taken."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.worker.device import OneDevice
from shapelint.worker.tracer import ShapeTracer
from tests.ops.oracle import assert_agrees, case, on_cpu, traced

KINDS = (
    torch.float32,
    torch.float64,
    torch.bfloat16,
    torch.float16,
    torch.int64,
    torch.bool,
    torch.complex64,
)


def op(reason, f, *inputs):
    return pytest.param(f, inputs, id=reason)


OPS = [
    op("activation", F.relu, "H 3"),
    op("softmax", lambda x: x.softmax(1), "H 3"),
    op("mean", lambda x: x.mean(1), "H 3"),
    op("pool", lambda x: F.max_pool2d(x, 2), "H 1 4 4"),
    op("average", lambda x: F.avg_pool1d(x, 2), "H 1 4"),
    op("resize", lambda x: F.interpolate(x, scale_factor=2.0, mode="bilinear"), "1 1 H 4"),
    op("reflect", lambda x: F.pad(x, (1, 1), mode="reflect"), "1 1 H"),
    op("complement", lambda x: ~x, "H"),
    op("linear", F.linear, "H 3", "4 3"),
    op("matmul", torch.matmul, "2 H 3", "2 3 4"),
    op("conv", F.conv2d, "H 2 4 4", "3 2 2 2"),
    op("upconv", F.conv_transpose1d, "H 2 4", "2 3 2"),
    op("einsum", lambda a, b: torch.einsum("ij,jk->ik", a, b), "H 3", "3 4"),
    op("cat", lambda a, b: torch.cat((a, b)), "H 3", "2 3"),
    op("sum", torch.add, "H 3", "3"),
    op("sum in place", lambda a, b: a.mul(1).add_(b), "H 3", "3"),
    op("bits", torch.bitwise_and, "H 3", "3"),
    op("gather", lambda a, i: a.gather(0, i), "H 3", "2 3"),
    op("subscript", lambda a, i: a.index_select(0, i), "H 3", "2"),
    op("embedding", F.embedding, "H", "7 3"),
    op("rms norm", lambda x, w: F.rms_norm(x, (3,), w), "H 3", "3"),
    op("squared error", F.mse_loss, "H 3", "H 3"),
    op("cross entropy", F.cross_entropy, "H 3", "H"),
    op("grid", lambda x, g: F.grid_sample(x, g, align_corners=False), "H 2 4 4", "H 3 3 2"),
    op("linear with bias", F.linear, "H 3", "4 3", "4"),
    op("addmm", torch.addmm, "4", "H 3", "3 4"),
    op("conv with bias", F.conv1d, "H 2 4", "3 2 2", "3"),
    op("layer norm", lambda x, w, b: F.layer_norm(x, (3,), w, b), "H 3", "3", "3"),
    op("where", torch.where, "H 3", "3", "3"),
    op("scatter", lambda a, i, b: a.scatter(0, i, b), "H 3", "2 3", "2 3"),
    op("attention", F.scaled_dot_product_attention, "1 H 2 4", "1 H 2 4", "1 H 2 4"),
]


def mixtures(count):
    """All alike, or one that is not like the others."""
    alike = [(kind,) * count for kind in KINDS]
    pairs = itertools.permutations(KINDS[:5], 2) if count > 1 else ()
    odd = [(a,) * i + (b,) + (a,) * (count - i - 1) for a, b in pairs for i in range(count)]
    return alike + odd


@pytest.mark.parametrize(("f", "dims"), OPS)
def test_every_mixture_of_dtypes_fares_as_on_the_cpu(f, dims):
    wrong = []
    for kinds in mixtures(len(dims)):
        inputs = tuple(zip(dims, kinds, strict=True))
        trace, truth = traced(f, inputs, {"H": 4}), on_cpu(f, inputs, {"H": 4})
        refused = [e.why for e in trace.events if e.kind == "need" and not e.holds]
        unexplained = trace.failure is not None and not trace.failure.explained
        if unexplained or (refused or [None])[0] != truth.error:
            wrong.append((kinds, truth.error, trace.failure))
    assert not wrong


class Cast(nn.Module):
    """A layer whose weights are of one dtype, on an input cast to another."""

    def __init__(self, kind: torch.dtype, weights: torch.dtype) -> None:
        super().__init__()
        self.layer = nn.Conv1d(1, 2, 3).to(weights)
        self.kind = kind

    def forward(self, x):
        return self.layer(x.to(self.kind))


class Recurrent(nn.Module):
    """An LSTM in double on a float input."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 2).double()

    def forward(self, x):
        return self.lstm(x)[0]


class Autocast(nn.Module):
    """Layers under autocast, and one behind it."""

    def __init__(self, *, back: bool) -> None:
        super().__init__()
        self.layer, self.last = nn.Conv1d(1, 2, 3), nn.Linear(2, 3)
        self.back = back

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            y = self.layer(x).mean(2)
        return self.last(y.float() if self.back else y)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("doubles on doubles", Cast(torch.float64, torch.float64), "2 1 L", L=range(1, 6)),
        case("autocast, and back", Autocast(back=True), "2 1 L", L=range(1, 6)),
        case("doubles on floats", Cast(torch.float64, torch.float32), "2 1 L", L=range(3, 6)),
        case("integers", Cast(torch.int64, torch.float32), "2 1 L", L=range(3, 6)),
        case("a recurrent layer", Recurrent(), "L 2 3", L=range(1, 3)),
        case("out of autocast", Autocast(back=False), "2 1 L", L=range(3, 6)),
        case("a range of integers", lambda x: F.linear(torch.arange(x.shape[0]), x), "L L",
             L=range(1, 5)),
        case("a range of floats", lambda x: F.linear(torch.arange(float(x.shape[0])), x), "L L",
             L=range(1, 5)),
        case("a range made floats", lambda x: torch.arange(x.shape[0]).float() @ x, "L L",
             L=range(1, 5)),
        case("zeros in double", lambda x: x @ torch.zeros(3, 2, dtype=torch.float64), "L 3",
             L=range(1, 5)),
        case("a mask takes part as a number", lambda x: (x > 0) * x, "L", L=range(1, 4)),
        case("integers divided are floats", lambda x: F.linear(x // 2 / 2, torch.ones(2, 3)),
             ("L 3", torch.int64), L=range(1, 4)),
        case("a class for each sample, of one class", F.cross_entropy, "C", ("1", torch.int64),
             C=range(1, 5)),
    ],
)  # fmt: skip
def test_dtypes_on_the_way(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize("f", [torch.linalg.cholesky, torch.linalg.inv])
def test_values_that_an_op_refuses_are_no_matter_of_dtypes(f):
    assert traced(f, (("L 3 3", torch.float64),), {"L": 2}).failure is None


def test_under_autocast_results_have_the_dtype_that_the_cpu_gives_them():
    seen = []

    class Net(Autocast):
        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                seen.extend((self.layer(x).dtype, x.mean().dtype))
            return x

    with OneDevice("meta"):
        ShapeTracer().run(Net(back=True).to("meta"), {"0": ((2, 1, "L"), torch.float32)}, {"L": 5})
    assert seen == [torch.bfloat16, torch.float32]
