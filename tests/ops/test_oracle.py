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


def _is_traced(x):
    """The one thing that no trace hides."""
    return type(x) is not torch.Tensor


def _refuse(x):
    if not _is_traced(x):
        raise RuntimeError("only without a trace")
    return x


def _accept(x):
    if _is_traced(x):
        raise RuntimeError("only in a trace")
    return x


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("wrong shape", lambda x, y: y if _is_traced(x) else x, "2 H", "H 2", H=SIZES),
        case("missed error", _refuse, "2 H", H=SIZES),
        case("false alarm", _accept, "H", H=SIZES),
        case("forgotten length", lambda x: x[: not _is_traced(x)], "H", H=SIZES),
        case("length through a text", lambda x: x.new_zeros(int(str(x.size(0)))), "H", H=SIZES),
    ],
)
def test_disagreement(f, inputs, sizes):
    with pytest.raises(AssertionError):
        assert_agrees(f, inputs, sizes)
