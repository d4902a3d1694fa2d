"""What findings say, where another wording would be wrong or say nothing."""

from __future__ import annotations

import torch
from torch import nn

from shapelint.interface import analyze
from tests.fixture_models import FIXTURES, load


class Squeezed(nn.Module):
    """A batch of one loses a dim."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(-1).squeeze()


def found(module: nn.Module, inputs: str, rule: str):
    return next(d for d in analyze(module, inputs).diagnostics if d.name == rule)


def test_sizes_that_differ_in_the_batch_alone_show_it():
    said = found(Squeezed(), "N L", "batch-of-one")
    assert said.message == "N = 1 returns shape (), N = 2 shape (2,)"
    (note,) = [n for n in said.notes if "run in PyTorch" in n]
    assert "at N = 1, L = " in note
    assert " and N = 2, L = " in note


def test_the_lengths_shown_are_those_that_do_not_come_back():
    """64 x 80: the height fits, the width does not."""
    module = load(FIXTURES / "bad" / "bottleneck_upsample.py").Bottleneck()
    said = found(module, "N 3 H W", "asymmetric-pair")
    assert (said.witness["H"], said.witness["W"]) == (64, 80)
    assert said.notes[0].startswith("lengths: 80 -> 40 -> ")


def test_the_smallest_input_is_one_that_runs():
    module = load(FIXTURES / "bad" / "unet3d.py").UNet3D()
    said = found(module, "N 1 D H W", "input-too-small")
    assert said.message == "the smallest input is D = 4, H = 4, W = 8"
    assert module(torch.zeros(2, 1, 4, 4, 8)).shape == (2, 2, 4, 4, 8)


def test_a_view_that_mixes_samples_is_not_described_by_the_batches_it_happens_to_fit():
    module = load(FIXTURES / "broken" / "cifar.py").Net()
    said = found(module, "N 3 H W", "view-not-divisible")
    assert said.message.startswith("mixes samples of a batch, or raises, unless")
    assert module(torch.zeros(25, 3, 28, 28)).shape == (16, 10)


def test_where_no_size_runs_nothing_is_said_of_a_smallest_one():
    module = nn.Sequential(nn.Conv2d(1, 1, 5), nn.Conv2d(3, 1, 1))
    assert [d.name for d in analyze(module, "N 1 H W").diagnostics] == ["channel-mismatch"]


def test_the_smallest_input_of_a_layer_is_not_that_of_another_one():
    features = [nn.Conv1d(1, 1, 3, 2), nn.MaxPool1d(3), nn.Flatten()]
    said = found(nn.Sequential(*features, nn.Linear(20, 1)), "N 1 L", "input-too-small")
    assert said.message == "the smallest input large enough for this layer is L = 7"


def test_no_place_is_pointed_at_twice():
    module = load(FIXTURES / "bad" / "space_to_depth.py").Stem()
    said = found(module, "N 3 H W", "view-not-divisible")
    assert said.span not in [label.span for label in said.related]
