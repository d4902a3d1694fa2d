"""Where elements lie in memory at all sizes, those of length 1 too: as few runs as that takes."""

from __future__ import annotations

import itertools

import pytest
from torch import nn
from torch.nn import functional as F

from tests.runs import analysed, disagreements

INPUT = "N A B 2"
POINTS = [dict(zip("NAB", sizes)) for sizes in itertools.product((1, 2, 3, 4), repeat=3)]


class EvenHeight(nn.Module):
    def forward(self, x):
        return F.pad(x, (0, 0, 0, 1)) if x.shape[2] % 2 else x.clone()


class Regrouped(nn.Module):
    """Gives a block what was regrouped there and back, and lies as if it had not been."""

    def __init__(self) -> None:
        super().__init__()
        self.block = EvenHeight()

    def forward(self, x):
        turned = x.permute(2, 3, 0, 1).flatten(2)
        return self.block(turned.unflatten(2, x.shape[:2]).permute(2, 3, 0, 1))


class Joined(nn.Module):
    """Views dims as one that lie behind each other."""

    def forward(self, x):
        return x.permute(2, 0, 1, 3).flatten(1, 2).view(x.shape[2], -1, 2)


class ViewedAsItLies(nn.Module):
    """A clone lies in the order of what it copies: where lengths are 1, that is not to be seen."""

    def forward(self, x):
        return x.permute(2, 1, 3, 0).clone().view(x.shape[2], -1, x.shape[0])


class LaidAlike(nn.Module):
    """An activation lies as what it is applied to: a copy, but a view where lengths are 1."""

    def forward(self, x):
        rows = x.permute(1, 2, 0, 3).reshape(x.shape[1], -1, 2)
        return (rows.relu() + 1).view(-1, 2)


CASES = {
    "a view that keeps its order, though some length may be 1": (Regrouped, 1),
    "dims that are joined, though one may be 1": (Joined, 2),
    "an order that lengths of 1 hide": (ViewedAsItLies, 4),
    "the order of what was copied, or not": (LaidAlike, 5),
}


@pytest.mark.parametrize(("kind", "runs"), CASES.values(), ids=CASES)
def test_where_elements_lie_is_told_for_lengths_of_1(kind, runs):
    analysis = analysed(kind(), INPUT)
    assert disagreements(analysis, kind(), INPUT, POINTS) == []
    assert analysis.evidence == "proven"
    assert len(analysis.session.traced) == runs
