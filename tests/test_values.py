"""Models whose shapes or errors depend on values: nothing is claimed that PyTorch does not do."""

from __future__ import annotations

import numpy
import pytest
import torch
from torch import nn

import shapelint
from tests.runs import analysed, disagreements


class Masked(nn.Module):
    """Sets some elements, chosen by value; the sizes stay what they are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = torch.ones_like(x)
        scale[x < 0.5] = 2.0
        return x * scale


class Selected(nn.Module):
    """How much comes out depends on values."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[x > 0.5].sum()


class ChecksValues(nn.Module):
    """An exception that only a tensor without values causes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum().item() < 0:
            raise ValueError("negative")
        return x


class Cut(nn.Module):
    """A length that is a value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., : int(x.sum() > 0) + 2]


@pytest.mark.parametrize("lengths", [(), {"L": "3"}], ids=["every size", "declared sizes"])
@pytest.mark.parametrize("kind", [Masked, Selected, ChecksValues, Cut], ids=lambda k: k.__name__)
def test_what_runs_in_pytorch_is_not_said_to_fail(kind: type[nn.Module], lengths) -> None:
    assert kind()(torch.ones(2, 3)) is not None
    analysis = shapelint.analyze(kind(), inputs=[("N", "L")], lengths=lengths)
    assert [d.name for d in analysis.diagnostics if d.severity != "info"] == []
    assert analysis.evidence != "proven" or analysis.predict({"N": 2, "L": 3}).ok


class Refuses(nn.Module):
    """Raises whatever it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise ValueError("not like this")


def test_what_always_raises_in_pytorch_is_said_to() -> None:
    analysis = shapelint.analyze(Refuses(), inputs=[("N", "L")])
    assert analysis.evidence == "proven"
    assert [d.severity for d in analysis.diagnostics] == ["error"]


class Plain(nn.Module):
    """Raises for whatever only looks like a tensor, as the tensors of a trace do."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if type(x) is not torch.Tensor:
            raise ValueError("a plain tensor, please")
        return x


def test_where_pytorch_runs_nobody_says_that_it_never_does() -> None:
    assert Plain()(torch.zeros(3, 4)).shape == (3, 4)
    analysis = shapelint.analyze(Plain(), inputs=[("N", "L")])
    assert analysis.evidence == "checked"
    assert analysis.predict({"N": 3, "L": 4}).ok in (None, True)
    assert analysis.diagnostics == ()


class CutsFarOut(nn.Module):
    """Wants values at every size, on two ways at the same line."""

    def forward(self, x):
        if x.shape[3] > 9:
            x = x[..., 1:]
        return x[..., : int(x.isfinite().sum().item() >= 0) + 3]


class CutsOddHeights(nn.Module):
    """Wants values on one of two ways."""

    def forward(self, x):
        return x[..., 1:] if x.shape[2] % 2 and x.isfinite().all() else x


class EverySecond(nn.Module):
    """Makes ordinary numbers of two lengths, so that a run speaks for one size of each."""

    def forward(self, x):
        rows, columns = (numpy.arange(n)[::2].copy() for n in x.shape[2:])
        return x[:, :, rows][..., columns]


FEW = {
    "two ways that want values at one place": (CutsFarOut, 2),
    "one way that wants values": (CutsOddHeights, 2),
    "runs that speak for one size alone": (EverySecond, 1),
}


@pytest.mark.parametrize(("kind", "runs"), FEW.values(), ids=FEW)
def test_runs_that_would_tell_nothing_new_are_not_made(kind, runs):
    analysis = analysed(kind())
    assert len(analysis.session.traced) == runs
    assert analysis.evidence == "checked"
    sizes = [{"N": 2, "H": h, "W": w} for h in (31, 32) for w in (31, 32)]
    told = [s for s in sizes if analysis.predict(s).ok is not None]
    assert {"N": 2, "H": 32, "W": 31} in told
    assert disagreements(analysis, kind(), "N 1 H W", told) == []
