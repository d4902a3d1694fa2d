"""Which calls built a layer. The source of each span is compared, so positions are tested too."""

from __future__ import annotations

import sys

import pytest
from torch import nn

from shapelint.worker.loading.build import build
from shapelint.worker.loading.construct import constructed
from tests.worker import built_models
from tests.worker.built_models import Net

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="no columns before Python 3.11")

with open(built_models.__file__) as file:
    LINES = file.read().splitlines()

CASES = [
    pytest.param("direct", ["nn.Conv2d(1, 2, 3)"], id="in the constructor itself"),
    pytest.param("base", ["nn.ReLU()"], id="in the constructor of the base class"),
    pytest.param("block.0", ["nn.Conv2d(a, b, 3)", "block(1, 2)"], id="in a factory function"),
    pytest.param("block.1", ["nn.ReLU()", "act()", "block(1, 2)"], id="in two of them"),
    pytest.param("listed.1", ["nn.Conv2d(1, n, 3)"], id="in a comprehension"),
    pytest.param("stage.0", ["nn.Linear(n, n)", "self.make(3)"], id="in a method"),
    pytest.param(
        "derived", ["super().__init__(n, n, 2, 2)", "Doubling(8)"], id="derived from a layer"
    ),
    pytest.param("inner", ["Inner(4)"], id="a module of the user's own"),
    pytest.param("inner.layer", ["nn.Linear(n, n)"], id="inside it: what built that is separate"),
    pytest.param("encoder.layers.0", ["nn.TransformerEncoderLayer(8, 2)"], id="copied by torch"),
    pytest.param(
        "encoder.layers.0.linear1", ["nn.TransformerEncoderLayer(8, 2)"], id="within torch"
    ),
]


@pytest.mark.parametrize(("path", "calls"), CASES)
def test_calls_that_built(path: str, calls: list[str]) -> None:
    root = build(lambda device: Net()).root
    spans = constructed(root)[id(root.get_submodule(path))]
    texts = [LINES[s.line - 1][s.column - 1 : s.end_column - 1] for s in spans]
    assert texts == calls


class Frozen(nn.BatchNorm1d):
    """Its ``train`` does what it should, and returns nothing."""

    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)


@pytest.mark.parametrize("train", [False, True])
def test_the_mode_is_set_whatever_the_model_returns(train: bool) -> None:
    model = build(lambda device: Frozen(3, device=device), train)
    assert [model.on(device).training for device in ("meta", "cpu")] == [train, train]
