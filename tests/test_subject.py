"""What rules ask about a model: which sizes are merely too small, and which symbols matter."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapelint
from shapelint.model import Diagnostic
from tests.runs import analysed, disagreements


class Flattens(nn.Module):
    """A view across the batch, which a permuted tensor allows for a batch of one only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(1, 0, 2).view(-1, 10)


def reflected() -> nn.Module:
    """Reflection needs 2 pixels behind the halvings; the norms need more than one in all."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 2, 1),
        nn.InstanceNorm2d(8),
        nn.Conv2d(8, 8, 4, 2, 1),
        nn.InstanceNorm2d(8),
        nn.ReflectionPad2d(1),
    ).eval()


def finding(model: nn.Module, *dims: int | str, name: str) -> Diagnostic:
    analysis = shapelint.analyze(model, inputs=[dims])
    (found,) = (d for d in analysis.diagnostics if d.name == name)
    return found


def test_a_minimum_is_one_although_smaller_sizes_fail_for_another_reason() -> None:
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        reflected()(torch.zeros(1, 3, 4, 4))
    with pytest.raises(RuntimeError, match="Padding size should be less"):
        reflected()(torch.zeros(1, 3, 8, 4))
    assert finding(reflected(), "N", 3, "H", "W", name="input-too-small").severity == "info"


def test_the_batch_is_named_where_it_matters() -> None:
    found = finding(Flattens(), "N", "T", 10, name="view-not-divisible")
    assert found.label == "fails at N = 2, T = 2"
    assert "runs, for example, at N = 2, T = 1" in found.notes


def test_the_batch_is_left_out_where_it_does_not() -> None:
    found = finding(nn.Conv1d(1, 1, 5), "N", 1, "L", name="input-too-small")
    assert found.notes[0] == "too small, for example: L = 4"


def test_the_example_is_what_people_feed_it() -> None:
    halved = nn.Sequential(nn.Conv2d(1, 1, 3, 2, 1), nn.Conv2d(1, 1, 3, 2, 1))
    model = nn.Sequential(*halved, nn.Flatten(), nn.Linear(49, 2))
    found = finding(model, "N", 1, "H", "W", name="linear-in-features")
    assert found.message == "fits only where ceil(H/4)*ceil(W/4) == 49"
    assert "runs, for example, at H = 28, W = 28" in found.notes  # 25 to 27 would do


class Rows(nn.Module):
    """Rows of nine numbers, whichever sample they are of: nine pixels fit in every batch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(-1, 9)


def test_the_example_runs_in_every_batch() -> None:
    found = finding(Rows(), "N", 1, "H", "W", name="view-not-divisible")
    assert found.label == "fails at N = 3, H = 1, W = 1"
    assert "runs, for example, at N = 3, H = 3, W = 3" in found.notes


class Samples(Rows):
    """As many rows as samples: nine pixels each, which no product has to be tried for."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).view(x.size(0), 9)


def test_rows_that_must_be_samples_are_found_exactly() -> None:
    analysis = analysed(Samples())
    assert analysis.evidence == "proven"
    sweep = ({"N": n, "H": h, "W": w} for n in (1, 2, 9) for h in (1, 3, 9) for w in range(1, 10))
    assert not disagreements(analysis, Samples(), "N 1 H W", sweep)
    assert analysis.predict({"N": 50, "H": 9, "W": 1}).ok


class Timed(nn.Module):
    """One number for every sample: the batch is a batch there too."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv1d(1, 1, 4, 2, 1), nn.ConvTranspose1d(1, 1, 4, 2, 1)

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return x + self.up(self.down(x)) * t[:, None, None]


def test_a_batch_of_numbers_is_a_batch() -> None:
    analysis = shapelint.analyze(Timed(), inputs=[("N", 1, "L"), ("N",)])
    (found,) = (d for d in analysis.diagnostics if d.name == "skip-length-mismatch")
    assert found.label == "3 and 2 at L = 3"
    assert "runs, for example, at L = 4" in found.notes


class Auxiliary(nn.Module):
    """Where both sizes are even, a mean comes before the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 3, 2, 1)

    def forward(self, x: torch.Tensor) -> object:
        y = self.up(self.down(x))
        return (x.mean(), y) if x.shape[-1] % 2 == 0 else y


def test_ways_may_return_different_numbers_of_tensors() -> None:
    found = finding(Auxiliary(), "N", 1, "H", "W", name="roundtrip-length")
    assert found.message == "output is 1 shorter than the input for every even H"


class Loops(nn.Module):
    """Too low a map fails in ``b``, too narrow a one in ``a``, which comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 1, (1, 9)), nn.Conv2d(1, 1, (9, 1))

    def forward(self, x):
        for _ in range(min(x.shape[2] // 4, 3)):
            x = (x[:, :, 1:] + 1).relu()
        return self.b(self.a(x))


class Refused(nn.Module):
    """Wide maps fail at every size: where they are too low, before they reach ``b``."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 1, (9, 1)), nn.Conv2d(2, 1, 1)

    def forward(self, x):
        return x if x.shape[3] < 3 else self.b(self.a(x))


@pytest.mark.parametrize(
    ("module", "sizes", "raises"),
    [
        pytest.param(Loops(), {"H": 30, "W": 30}, None, id="nothing"),
        pytest.param(Loops(), {"H": 3, "W": 3}, "a", id="a loop runs less often for one of them"),
        pytest.param(Loops(), {"H": 3, "W": 30}, "b", id="one of them"),
        pytest.param(Refused(), {"H": 3, "W": 7}, "a", id="in a way that never runs"),
        pytest.param(Refused(), {"H": 10, "W": 7}, "b", id="at the end of a way that never runs"),
    ],
)
def test_what_raises_first_is_told(module, sizes, raises):
    node = analysed(module).subject.node_raising({"N": 1, **sizes})
    assert (node and node.module) == raises


class Framed(nn.Module):
    """Padded before the frames are taken, cut behind them: what counts is what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.take, self.give = nn.Conv1d(1, 1, 4, 2), nn.ConvTranspose1d(1, 1, 4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.give(self.take(nn.functional.pad(x, (2, 2))))[..., 2:-2]


def test_the_lengths_on_the_way_end_with_the_output() -> None:
    found = finding(Framed(), "N", 1, "L", name="residue-sensitive")
    assert found.notes[0] == "lengths: 1 -> 1 -> 4 -> 0 (fails)    2 -> 2 -> 6 -> 2 (fits)"
