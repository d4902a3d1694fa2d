"""Lazy layers are traced as the layers they become."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from shapelint.worker.tracer import ShapeTracer
from tests.ops.oracle import claim

HINT = {"H": 16, "W": 20}


def _traced(build, dims):
    with torch.device("meta"):
        return ShapeTracer().run(build(), {"0": (dims, torch.float32)}, HINT)


@pytest.mark.parametrize(
    ("build", "dims"),
    [
        pytest.param(lambda: nn.LazyConv2d(4, 3, 2, 1), (1, 3, "H", "W"), id="convolution"),
        pytest.param(lambda: nn.LazyConv1d(4, 3), (3, "W"), id="unbatched"),
        pytest.param(lambda: nn.LazyConvTranspose2d(4, 3, 2), (1, 3, "H", "W"), id="transposed"),
        pytest.param(nn.LazyBatchNorm2d, (2, 3, "H", "W"), id="norm"),
        pytest.param(lambda: nn.LazyLinear(5), (1, 3, "H", 7), id="linear"),
    ],
)
def test_constant_sizes_stay_exact(build, dims):
    trace = _traced(build, dims)
    assert trace.failure is None
    assert trace.checked == ()
    for env in ({"H": 5, "W": 4}, {"H": 17, "W": 33}):
        shape = tuple(d if isinstance(d, int) else env[d] for d in dims)
        claimed = claim(trace, env)
        assert claimed is not None
        assert claimed.shapes == (tuple(build()(torch.zeros(shape)).shape),)


def test_a_size_taken_from_the_first_input_is_only_checked():
    trace = _traced(lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(5)), (1, 2, "H", "W"))
    assert trace.failure is None
    assert "LazyLinear takes its size from the first input" in trace.checked[0]
    assert trace.outputs[0][1].const == 5
    assert all(claim(trace, {"H": h, "W": 4}) is not None for h in (1, 5, 16))
