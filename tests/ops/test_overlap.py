"""Writing to a tensor whose elements share memory, which the CPU refuses and meta does not."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case


def written(write):
    """``write`` to what is as long as the input, in the memory of its mean."""

    def forward(x):
        stretched = x.mean(-1, keepdim=True).expand_as(x)
        write(stretched)
        return stretched

    return forward


def assigned(*key):
    return written(lambda x: x.__setitem__(key, 0))


ROWS = {"C": [1, 2], "L": SMALL}


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("not stretched", lambda x: x[:, :1].add_(1), "C L", **ROWS),
        case("not written", written(lambda x: x + 1), "C L", **ROWS),
        case("a copy", written(lambda x: x.clone().add_(1)), "C L", **ROWS),
        case("one element of each", assigned(..., slice(0, 1)), "C L", **ROWS),
        case("an int", assigned(..., 0), "C L", **ROWS),
        case("a kernel that does not mind", written(lambda x: x.zero_()), "C L", **ROWS),
        case("not in place", written(nn.ReLU(inplace=False)), "C L", **ROWS),
        case("no dropout", written(lambda x: F.dropout(x, 0.5, False, True)), "C L", **ROWS),
        case("nothing to write to", lambda x: x[1:].expand(-1, 3).add_(1), "K 1", K=[1, 2]),
        case("the whole", written(lambda x: x.mul_(2)), "C L", **ROWS),
        case("an operator", written(lambda x: x.__iadd__(1)), "C L", **ROWS),
        case("a part", assigned(..., slice(0, 2)), "C L", **ROWS),
        case("a view", written(lambda x: x.chunk(2, -1)[0].mul_(2)), "C L", **ROWS),
        case("a copy of some sizes", written(lambda x: x.reshape(-1).mul_(2)), "C L", **ROWS),
        case("a layer", written(nn.ReLU(inplace=True)), "C L", **ROWS),
        case("a dropout", written(lambda x: F.dropout(x, 0.5, True, True)), "C L", **ROWS),
        case("one of both", lambda x, y: x.expand_as(y).add_(1), "1 K", "2 L", K=[1, 2], L=[1, 2]),
    ],
)
def test_shared_memory(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
