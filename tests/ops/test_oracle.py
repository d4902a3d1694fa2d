"""The oracle of these tests notices every kind of disagreement."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import assert_agrees, case

SIZES = range(1, 6)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("identity", lambda x: x, "2 H", H=SIZES),
        case("module with weights", nn.Conv1d(2, 3, 3, 2, 1), "1 2 H", H=SIZES),
        case("fails below a size", nn.Conv1d(2, 3, 4), "1 2 H", H=SIZES),
        case("fails at every size", nn.Conv1d(3, 3, 1), "1 2 H", H=SIZES),
        case(
            "branches are traced apart",
            lambda x, w: F.conv1d(x, w) if x.size(1) % 2 else x,
            *("2 H", "3 2 1"),
            H=SIZES,
        ),
    ],
)
def test_agreement(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def _refuse(x):
    if x.is_cpu:
        raise RuntimeError("only on the CPU")
    return x


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("wrong shape", lambda x, y: x if x.is_cpu else y, "2 H", "H 2", H=SIZES),
        case("missed error", _refuse, "2 H", H=SIZES),
        case("false alarm", lambda x: x if x.is_cpu else _refuse(torch.empty(1)), "H", H=SIZES),
        case("forgotten length", lambda x: x[: x.is_cpu], "H", H=SIZES),
        case("loop over a length", lambda x: [x for _ in range(x.size(0))], "H", H=SIZES),
    ],
)
def test_disagreement(f, inputs, sizes):
    with pytest.raises(AssertionError):
        assert_agrees(f, inputs, sizes)
