"""Reductions drop the dims PyTorch drops, and refuse the empty ones it refuses."""

from __future__ import annotations

import pytest
import torch

from tests.ops.oracle import SMALL, assert_agrees, case

H = W = range(1, 5)


def _cropped(x: torch.Tensor) -> torch.Tensor:
    return x.narrow(-1, 0, x.shape[-1] - 1)


def _on_empty(f):
    """``f`` where the last dim may be empty."""
    return lambda x: f(_cropped(x))


PLAIN = [
    case("all dims", torch.sum, "2 H W", H=H, W=W),
    case("method", lambda x: x.mean(), "2 H W", H=H, W=W),
    case("one dim", lambda x: x.sum(1), "2 H W", H=H, W=W),
    case("a dim from the end", lambda x: x.prod(-1), "2 H W", H=H, W=W),
    case("kept dims", lambda x: x.mean((1, 2), keepdim=True), "2 H W", H=H, W=W),
    case("list of dims", lambda x: x.sum(dim=[0, -1]), "2 H W", H=H, W=W),
    case("axis is dim", lambda x: torch.sum(x, axis=1), "2 H W", H=H, W=W),
    case("no dims are all dims", lambda x: x.mean(()), "2 H W", H=H, W=W),
    case("no dims are none", lambda x: x.any(()), "2 H W", H=H, W=W),
    case("all of a dim", lambda x: torch.all(x > 0, dim=1), "2 H", H=H),
    case("dim out of range", lambda x: x.sum(3), "2 H W", H=[1, 2], W=[1, 2]),
    case("log sum exp", lambda x: torch.logsumexp(x, (0, 1)), "2 H W", H=H, W=W),
    case("counts", lambda x: torch.count_nonzero(x, 1), "2 H", H=H),
    case("variance", lambda x: x.var((1, 2)), "2 H W", H=range(2, 5), W=W),
    case("biased variance", lambda x: x.var(False), "H W", H=H, W=W),
    case("biased by position", lambda x: torch.std(x, 1, False, True), "H W", H=H, W=W),
    case("correction", lambda x: torch.var(x, 1, correction=0, keepdim=True), "H W", H=H, W=W),
    case("variance and mean", lambda x: torch.var_mean(x, 1, False), "H W", H=H, W=W),
    case("sums of nothing", _on_empty(lambda x: (x.sum(-1), x.prod(), x.mean(-1))), "2 H", H=SMALL),
]

EXTREMES = [
    case("largest of all", torch.max, "2 H", H=H),
    case("larger of two", torch.max, "2 H", "W", H=H, W=W),
    case("larger of two by name", lambda x, y: torch.min(x, other=y), "2 H", "W", H=H, W=W),
    case("values and indices", lambda x: x.max(1), "2 H W", H=H, W=W),
    case("values by name", lambda x: x.min(dim=-1, keepdim=True).values, "2 H W", H=H, W=W),
    case("values alone", lambda x: x.amax((1, 2)), "2 H W", H=H, W=W),
    case("least value of all", torch.amin, "2 H W", H=H, W=W),
    case("places", lambda x: x.argmax(1), "2 H W", H=H, W=W),
    case("place in all", torch.argmin, "2 H W", H=H, W=W),
    case("both", lambda x: torch.aminmax(x, dim=0), "2 H W", H=H, W=W),
    case("median of all", torch.median, "2 H", H=H),
    case("median", lambda x: torch.median(x, 1), "2 H", H=H),
    case("mode", torch.mode, "2 H", H=H),
    case("k-th value", lambda x: torch.kthvalue(x, 3), "2 H", H=SMALL),
    case("quantile", lambda x: torch.quantile(x, 0.5, dim=1), "2 H", H=H),
    case("quantiles", lambda x, q: torch.quantile(x, q, 1, keepdim=True), "2 H", "W", H=H, W=W),
    case("largest of none along a dim", _on_empty(lambda x: x.max(-1)), "2 H", H=SMALL),
    case("largest of none", _on_empty(torch.max), "2 H", H=SMALL),
    case("least value of none along a dim", _on_empty(lambda x: x.amin(-1)), "2 H", H=SMALL),
    case("least value of none", _on_empty(torch.amin), "2 H", H=SMALL),
    case("place of none along a dim", _on_empty(lambda x: x.argmin(-1)), "2 H", H=SMALL),
    case("place of none", _on_empty(torch.argmax), "2 H", H=SMALL),
    case("both of none along a dim", _on_empty(lambda x: torch.aminmax(x, dim=1)), "2 H", H=SMALL),
    case("both of none", _on_empty(torch.aminmax), "2 H", H=SMALL),
    case("median of none along a dim", _on_empty(lambda x: x.median(-1)), "2 H", H=SMALL),
    case("median of none", _on_empty(torch.median), "2 H", H=SMALL),
    case("mode of none", _on_empty(torch.mode), "2 H", H=SMALL),
    case("quantile of none", _on_empty(lambda x: torch.quantile(x, 0.5)), "2 H", H=SMALL),
    case("other dim is empty", _on_empty(lambda x: x.max(0)), "2 H", H=SMALL),
]

NORMS = [
    case("of all", torch.norm, "2 H", H=H),
    case("method", lambda x: x.norm(2, 1, True), "2 H", H=H),
    case("p by name", lambda x: x.norm(p=1, dim=(0, 1)), "2 H W", H=H, W=W),
    case("frobenius", lambda x: torch.norm(x, "fro", (1, 2)), "2 H W", H=H, W=W),
    case("nuclear", lambda x: torch.norm(x, "nuc", (1, 2)), "2 H W", H=H, W=W),
    case("vector norm", lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True), "2 H", H=H),
    case("matrix norm", torch.linalg.matrix_norm, "2 H W", H=H, W=W),
    case("linalg norm of all", torch.linalg.norm, "2 H W", H=H, W=W),
    case("linalg norm of matrices", lambda x: torch.linalg.norm(x, 2, (1, 2)), "2 H W", H=H, W=W),
    case("maximum of none", _on_empty(lambda x: x.norm(float("inf"), -1)), "2 H", H=SMALL),
    case("maximum of nothing", _on_empty(lambda x: x.norm(float("inf"))), "2 H", H=SMALL),
    case("distance", torch.dist, "H 2", "W 1", H=H, W=W),
]

SCANS = [
    case("cumulative sum", lambda x: x.cumsum(1), "2 H", H=H),
    case("cumulative product", lambda x: torch.cumprod(x, -1), "2 H", H=H),
    case("cumulative maximum", lambda x: torch.cummax(x, 1), "2 H", H=H),
    case("cumulative log sum", lambda x: torch.logcumsumexp(x, 1), "2 H", H=H),
    case("integral", torch.trapezoid, "2 H", H=H),
    case("histogram", lambda x: torch.histc(x, 7), "H", H=H),
    case("bounded norm", lambda x: torch.renorm(x, 2, 0, 1), "2 H", H=H),
]

INDEX = torch.zeros(1, 1, dtype=torch.long)
NUMPY = [
    case(name, f, "H W", H=H, W=W)
    for name, f in {
        "mean": lambda x: x.mean(axis=-1, keepdims=True),
        "sum of a": lambda x: torch.sum(a=x, axis=0),
        "largest": lambda x: x.max(axis=1, keepdims=True),
        "greatest value": lambda x: torch.amax(x, axis=(0, 1), keepdims=True),
        "its place": lambda x: x.argmax(axis=1, keepdims=True),
        "spread": lambda x: torch.std(x, axis=0, correction=0, keepdims=True),
        "spread and mean": lambda x: torch.var_mean(x, axis=1, correction=0, keepdims=True),
        "median": lambda x: x.median(axis=1, keepdims=True),
        "truth": lambda x: (x > 0).all(axis=1, keepdims=True),
        "cumulative sum": lambda x: x.cumsum(axis=1),
        "stacked": lambda x: torch.stack([x, x], axis=1),
        "a new dim": lambda x: x.unsqueeze(axis=1),
        "no dim": lambda x: x[:, None].squeeze(axis=1),
        "pieces": lambda x: x.chunk(2, axis=1),
        "gathered": lambda x: x.gather(axis=1, index=INDEX.to(x.device)),
        "one of each": lambda x: x.select(axis=1, index=0),
        "part of each": lambda x: x.narrow(axis=1, start=0, length=1),
        "sum of two": lambda x: torch.add(x1=x, x2=x),
        "areas, whose x is its own": lambda x: torch.trapezoid(x, x=x),
    }.items()
]


@pytest.mark.parametrize(("f", "inputs", "sizes"), [*PLAIN, *EXTREMES, *NORMS, *SCANS, *NUMPY])
def test_reductions(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
