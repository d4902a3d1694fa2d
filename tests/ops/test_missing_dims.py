"""Along a dim that a tensor does not have, PyTorch raises at every size; so it is told."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import on_cpu, traced

_INDEX = torch.zeros(1, dtype=torch.int64)


def along(name):
    return pytest.param(lambda x, d: getattr(torch, name)(x, dim=d), id=name)


def op(reason, f):
    return pytest.param(f, id=reason)


OPS = [
    *map(along, ["sum", "mean", "prod", "median", "amax", "norm", "logsumexp", "all"]),
    *map(along, ["max", "argmax", "mode", "aminmax", "squeeze", "unsqueeze", "softmax", "unbind"]),
    *map(along, ["sort", "argsort", "cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"]),
    op("topk", lambda x, d: x.topk(1, d)),
    op("kthvalue", lambda x, d: x.kthvalue(1, d)),
    op("argsort, stable first", lambda x, d: torch.argsort(x, d, True)),
    op("index_select", lambda x, d: x.index_select(d, _INDEX.to(x.device))),
    op("index_fill", lambda x, d: x.index_fill(d, _INDEX.to(x.device), 0.0)),
    op("split", lambda x, d: x.split(1, d)),
    op("chunk", lambda x, d: x.chunk(2, d)),
    op("narrow", lambda x, d: x.narrow(d, 0, 1)),
    op("select", lambda x, d: x.select(d, 0)),
    op("slice_scatter", lambda x, d: x.slice_scatter(x, d)),
    op("windows", lambda x, d: x.unfold(d, 1, 1)),
    op("cat", lambda x, d: torch.cat((x, x), d)),
    op("stack", lambda x, d: torch.stack((x, x), d)),
    op("transpose", lambda x, d: x.transpose(0, d)),
    op("movedim", lambda x, d: x.movedim(0, d)),
    op("flatten", lambda x, d: x.flatten(d)),
    op("normalize", lambda x, d: F.normalize(x, dim=d)),
    op("fft", lambda x, d: torch.fft.rfft(x, dim=d)),
    op("quantile", lambda x, d: x.quantile(0.5, dim=d)),
    op("vecdot", lambda x, d: torch.linalg.vecdot(x, x, dim=d)),
    op("matrix transpose", lambda x, d: x.mT),
    op("size", lambda x, d: x.new_zeros(x.size(d))),
]


@pytest.mark.parametrize("f", OPS)
def test_every_dim_of_every_rank_fares_as_on_the_cpu(f):
    wrong = []
    for rank, sizes in enumerate([{}, {"A": 3}, {"A": 3, "B": 3}, {"A": 2, "B": 3, "C": 4}]):
        for dim in range(-rank - 2, rank + 2):
            inputs = (" ".join(sizes),)
            trace = traced(lambda x, d=dim: f(x, d), inputs, sizes)
            truth = on_cpu(lambda x, d=dim: f(x, d), inputs, sizes)
            told = None if trace.failure is None else trace.failure.error.split(": ", 1)[1]
            shapes = tuple(tuple(n.at(sizes) for n in shape) for shape in trace.outputs)
            if told != truth.error or (told is None and shapes != truth.shapes):
                wrong.append((rank, dim, told, truth))
    assert not wrong


@pytest.mark.parametrize("f", [torch.sort, torch.cummax, torch.softmax, torch.index_select])
def test_it_is_known_that_every_size_fails(f):
    class Net(nn.Module):
        def forward(self, x):
            return f(x.sum(), 1, *([_INDEX.to(x.device)] if f is torch.index_select else []))

    failure = traced(Net(), ("L",), {"L": 4}).failure
    assert failure is not None
    assert failure.explained
