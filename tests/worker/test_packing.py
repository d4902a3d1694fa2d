"""Tensors that ``forward`` takes together in one argument."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from shapelint.worker.packing import is_list, items_of, packed


class Plain(nn.Module):
    def forward(self, batch):
        return batch[0] + batch["image"[:0]]


class Computed(nn.Module):
    def forward(self, batch):
        batch = {"out": batch}
        return batch["out"]


class Asked(nn.Module):
    def forward(self, batch):
        if isinstance(batch, dict):
            batch = batch["image"]
        return batch


class Filled(nn.Module):
    def forward(self, batch):
        batch["out"] = 1
        return batch


class Looped(nn.Module):
    def forward(self, batch):
        return [x + 1 for x in batch]


class Sliced(nn.Module):
    def forward(self, batch):
        batch = batch[:, 0] + batch[1:] + batch[None] + batch[batch > 1]
        return batch[0]


class Annotated(nn.Module):
    def forward(self, batch: list[torch.Tensor]):
        batch = batch[::-1]
        return batch[0]


class Unpacked(nn.Module):
    def forward(self, batch, scale=1):
        text, _, mels = batch
        return text + mels


class Looked(nn.Module):
    def forward(self, batch):
        image = batch["image"]
        return image * batch["mask"] + batch["image"]


@pytest.mark.parametrize(
    ("root", "items"),
    [
        pytest.param(nn.Identity(), [], id="no such argument"),
        pytest.param(Plain(), [], id="indices that are no names"),
        pytest.param(Computed(), [], id="what was computed before"),
        pytest.param(Asked(), [], id="it may be a tensor"),
        pytest.param(Filled(), [], id="a key that is set"),
        pytest.param(Unpacked(), ["batch.text", "batch.mels"], id="a tuple, but what nobody reads"),
        pytest.param(Looked(), ["batch.image", "batch.mask"], id="keys"),
    ],
)
def test_items(root: nn.Module, items: list[str]) -> None:
    assert items_of(root, "batch") == items


@pytest.mark.parametrize(
    ("root", "inputs", "arguments"),
    [
        pytest.param(Plain(), {"0": 1, "x": 2}, {"0": 1, "x": 2}, id="tensors"),
        pytest.param(
            Unpacked(),
            {"batch.mels": 1, "scale": 2, "batch.text": 3},
            {"batch": (3, None, 1), "scale": 2},
            id="a tuple in the order of its names",
        ),
        pytest.param(Plain(), {"x.2": 1, "x.0": 2}, {"x": (2, None, 1)}, id="a tuple by numbers"),
        pytest.param(Plain(), {"x.a": 1, "x.b": 2}, {"x": {"a": 1, "b": 2}}, id="a dict"),
    ],
)
def test_gathered(root: nn.Module, inputs: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert packed(root, inputs) == arguments


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param(nn.Identity(), False, id="no such argument"),
        pytest.param(Sliced(), False, id="a tensor"),
        pytest.param(Asked(), False, id="it may be a tensor"),
        pytest.param(Plain(), True, id="by numbers"),
        pytest.param(Looped(), True, id="in a loop"),
        pytest.param(Annotated(), True, id="an annotation"),
    ],
)
def test_lists(root: nn.Module, expected: bool) -> None:
    assert is_list(root, "batch") is expected
