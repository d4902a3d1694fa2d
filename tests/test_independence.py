"""Axes are explored apart where they never meet, and together where they influence each other."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.covering import Budget
from shapelint.explore.paths import Outcome
from shapelint.lengths.domain import domain_of
from tests.runs import IMAGE, SQUARES, analysed, disagreements, explored, up


class ParityLevels(nn.Module):
    """At every level each odd axis is padded before it is halved."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, x):
        for _ in range(self.levels):
            if x.shape[-1] % 2:
                x = F.pad(x, (0, 1))
            if x.shape[-2] % 2:
                x = F.pad(x, (0, 0, 0, 1))
            x = F.max_pool2d(x, 2)
        return x


@pytest.mark.parametrize("levels", [0, 1, 2, 3, 5])
def test_axes_that_never_meet_cost_the_sum_of_their_paths(levels):
    module = ParityLevels(levels)
    analysis = analysed(module)
    assert analysis.valid_sizes.is_universe
    assert analysis.evidence == "proven"
    paths = 2**levels
    assert paths <= len(analysis.session.traced) <= 2 * paths + Budget().crossings
    sizes = [{"N": 1, "H": h, "W": w} for h, w in itertools.product((1, 2, 7, 31, 32, 33), (3, 64))]
    assert disagreements(analysis, module, IMAGE, sizes) == []


class PaddedToTheSkip(nn.Module):
    """Norms want more than one element, on whichever axis; going up each axis is padded."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.ups = nn.ModuleList(up() for _ in range(levels))

    def forward(self, x):
        skips = []
        for _ in self.ups:
            skips.append(F.instance_norm(x))
            x = F.max_pool2d(skips[-1], 2)
        x = F.instance_norm(x)
        for layer in self.ups:
            x, skip = layer(x), skips.pop()
            if x.shape[-1] != skip.shape[-1]:
                x = F.pad(x, (0, 1))
            if x.shape[-2] != skip.shape[-2]:
                x = F.pad(x, (0, 0, 0, 1))
            x = x + skip
        return x


def test_a_need_with_alternatives_does_not_tie_axes_together():
    module = PaddedToTheSkip(3)
    analysis = analysed(module)
    assert analysis.evidence == "proven"
    assert len(analysis.session.traced) <= 40  # not 8 * 8
    assert analysis.valid_sizes == domain_of(
        ["H >= 8", "W >= 8", "H >= 16 or W >= 16"], ("N", "H", "W")
    )
    sizes = [{"N": 1, "H": h, "W": w} for h, w in itertools.product((7, 8, 15, 16), repeat=2)]
    assert disagreements(analysis, module, IMAGE, sizes) == []
    assert any(len(f.sizes.symbols) > 1 for f in analysis.exploration.failures)


class AddedToTheSkip(nn.Module):
    """What comes up is never 1 long: the sum is as long, and a skip of 1 is stretched."""

    def forward(self, x):
        deep = F.max_pool2d(x, 4, ceil_mode=True)
        return x + up()(up()(deep))


def test_which_length_broadcasts_is_no_branch_where_one_is_never_1():
    analysis = analysed(AddedToTheSkip())
    assert len(analysis.session.traced) == 1
    assert disagreements(analysis, AddedToTheSkip(), IMAGE, SQUARES) == []


class Row(nn.Module):
    """Only a row fits, and the norm wants more than one element of it."""

    def forward(self, x):
        row = x.new_zeros(*x.shape[:2], 1, x.shape[3])
        return torch.cat((F.instance_norm(x), row), 1)


@pytest.mark.parametrize(
    ("h", "w", "words"),
    [(1, 2, ""), (1, 1, "Expected more than 1 spatial"), (3, 1, "Sizes of tensors must match")],
)
def test_what_fails_is_told_at_the_size_itself(h, w, words):
    _, event, _ = analysed(Row()).exploration.outcome({"N": 2, "H": h, "W": w})
    assert words in (event.why if event else "")
    assert (event is None) == (words == "")


class Small(nn.Module):
    """What is not wide is given back; what is wide is pooled, which takes three rows, and fails."""

    def forward(self, x):
        if x.shape[-2] < 2:
            x = x.relu()
        if x.shape[-1] < 300:
            return x
        return F.max_pool1d(F.max_pool2d(x, (3, 1))[0, ..., :2], 3)


@pytest.mark.parametrize(("h", "op"), [(3, "max_pool1d"), (1, "max_pool2d")])
def test_what_fails_first_where_only_an_early_return_runs(h, op):
    subject = analysed(Small()).subject
    assert subject.node_raising({"N": 2, "H": h, "W": 299}) is None
    assert subject.node_raising({"N": 2, "H": h, "W": 301}).op == op


class Divisible(nn.Module):
    """As encoders check their input before the first layer."""

    def forward(self, x):
        if x.shape[-2] % 32 or x.shape[-1] % 32:
            raise ValueError("height and width must be multiples of 32")
        return F.max_pool2d(x, 2)


def test_a_test_that_raises_does_not_tie_axes_together():
    analysis = analysed(Divisible())
    assert analysis.evidence == "proven"
    assert len(analysis.session.traced) <= 4
    assert analysis.valid_sizes == domain_of(["H % 32 == 0", "W % 32 == 0"], ("N", "H", "W"))


class Mixed(nn.Module):
    """The parity of the height decides about the width."""

    def forward(self, x):
        return F.pad(x, (0, 1)) if x.shape[-2] % 2 else x


class Combined(nn.Module):
    """Two flags, computed from one axis each, that are combined later."""

    def forward(self, x):
        tall, wide = bool(x.shape[-2] % 2), bool(x.shape[-1] % 2)
        return F.pad(x, (3, 0, 0, 0)) if tall and wide else x


class Refused(nn.Module):
    """Two flags, neither of which is a problem by itself."""

    def forward(self, x):
        tall, wide = bool(x.shape[-2] % 2), bool(x.shape[-1] % 2)
        if tall and wide:
            raise ValueError("one of the two must be even")
        return x


class Mean(nn.Module):
    """Both axes change the same dim of the output."""

    def forward(self, x):
        tall = 2 if x.shape[-2] % 2 else 1
        wide = 2 if x.shape[-1] % 2 else 1
        return x.new_zeros(tall * wide)


class Added(nn.Module):
    """A width that fits leads to a need of the height."""

    def forward(self, x):
        y = F.pad(x, (3, 0, 2, 0))[..., ::2, ::2]
        return y + x if y.shape[-1] == x.shape[-1] else y


class Averaged(nn.Module):
    """A mean of nothing is one; an average of nothing for more than one place is none."""

    def forward(self, x):
        x = x[..., 1:, max(x.shape[3] - 16, 0) :]
        return F.adaptive_avg_pool2d(x, [max(n // 2, 1) for n in x.shape[2:]])


class Landscape(nn.Module):
    """One comparison of both axes."""

    def forward(self, x):
        return x if x.shape[-1] >= x.shape[-2] else x.transpose(-1, -2)


@pytest.mark.parametrize("kind", [Mixed, Combined, Refused, Mean, Added, Averaged, Landscape])
def test_axes_that_influence_each_other_are_explored_together(kind):
    module = kind()
    analysis = analysed(module)
    assert analysis.evidence == "proven", analysis.doubts
    assert disagreements(analysis, module, IMAGE, SQUARES) == []
    symbols = {frozenset(c.symbols) for c in analysis.exploration.components}
    assert kind is Mixed or any({"H", "W"} <= group for group in symbols)


def test_crossings_are_what_finds_flags_that_are_combined_later():
    exploration, _ = explored(Refused(), budget=Budget(crossings=0))
    assert exploration.outcome({"N": 2, "H": 1, "W": 1})[0] is not Outcome.FAILS
