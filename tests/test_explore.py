"""The domain is covered path by path: in few runs, exactly, and what is left over is said."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.covering import Budget
from shapelint.explore.paths import Outcome
from shapelint.lengths.domain import domain_of
from tests.runs import IMAGE, analysed, conv, disagreements, explored, really, up

# -- starting points ------------------------------------------------------------------------


def test_a_hint_that_fails_leads_to_sizes_that_fit():
    exploration, session = explored(nn.Sequential(nn.Flatten(), nn.Linear(8192, 2)), "N 8 H W")
    assert exploration.base.failure is None
    assert exploration.valid == domain_of(["H * W == 1024"], ("N", "H", "W"))
    assert len(session.traced) < 10


def test_a_domain_without_the_usual_hints_is_started_inside():
    exploration, session = explored(conv(s=2), lengths=("H = 5..9", "W = 1000.."))
    assert all(s in exploration.domain for s in session.traced)
    assert exploration.valid == exploration.domain


class UNet(nn.Module):
    """Four levels of pooling, undone by transposed convolutions, with skips."""

    def __init__(self) -> None:
        super().__init__()
        self.ups = nn.ModuleList(up() for _ in range(4))
        self.joins = nn.ModuleList(conv(2, 1) for _ in range(4))

    def forward(self, x):
        skips = []
        for _ in range(4):
            skips.append(x)
            x = F.max_pool2d(x, 2)
        for grow, join in zip(self.ups, self.joins):
            x = join(torch.cat([grow(x), skips.pop()], 1))
        return x


STARTS = {
    "fits": (256, 320),
    "smallest that fits": (16, 16),
    "one more": (17, 16),
    "odd on both axes": (255, 319),
    "too small for four pools": (1, 1),
    "fits along one axis": (16, 8),
    "fails at the last join": (258, 320),
}


@pytest.mark.parametrize(("height", "width"), STARTS.values(), ids=STARTS)
def test_a_unet_gives_multiples_of_16_from_any_start(height, width):
    exploration, session = explored(UNet(), hints={"H": height, "W": width})
    assert exploration.valid == domain_of(["H % 16 == 0 and W % 16 == 0"], ("N", "H", "W"))
    assert exploration.valid.text == "H % 16 == 0 and W % 16 == 0"
    assert exploration.doubts == ()
    assert len(session.traced) < 20


# -- forward raises -------------------------------------------------------------------------


class Strict(nn.Module):
    def forward(self, x):
        if x.shape[-1] % 4 or x.shape[-2] < 3:
            raise ValueError("bad size")
        assert x.shape[-1] <= 64, "too wide"
        return x


def test_sizes_for_which_forward_raises_fail():
    analysis = analysed(Strict())
    assert analysis.valid_sizes.text == "H >= 3 and W % 4 == 0 and W <= 64"
    assert analysis.evidence == "proven"
    told = analysis.predict({"N": 1, "H": 3, "W": 65})
    assert (told.ok, told.shapes) == (False, None)


class OneSize(nn.Module):
    """Raises for the height before it looks at the width; where it sees both, for one of two."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.both = both

    def forward(self, x):
        h, w = x.shape[-2:]
        if h != 64 and not (self.both and w == 64):
            raise ValueError("bad height")
        if w != 64:
            raise ValueError("bad width")
        return x


@pytest.mark.parametrize(("both", "runs"), [(False, 3), (True, 4)])
def test_a_run_on_the_way_to_the_first_size_that_works_tells_what_holds_there(both, runs):
    module = OneSize(both)
    analysis = analysed(module)
    assert len(analysis.session.traced) == runs
    assert analysis.evidence == "proven"
    sizes = [{"N": 1, "H": h, "W": w} for h in (1, 63, 64, 65, 256) for w in (1, 64, 320)]
    assert disagreements(analysis, module, IMAGE, sizes) == []


class Never(nn.Module):
    def forward(self, x):
        raise RuntimeError("not today")


def test_a_model_that_never_runs():
    exploration, session = explored(Never())
    assert len(session.traced) == 1
    assert exploration.valid.is_empty
    assert exploration.unexplored.is_empty
    assert exploration.base.failure.error == "RuntimeError: not today"


class Unforeseen(nn.Module):
    """Raises for a reason that no need explains."""

    def forward(self, x):
        return x.cholesky_solve(x)


def test_a_failure_that_nothing_explains_is_given_up_and_said():
    exploration, session = explored(Unforeseen())
    assert exploration.base.failure is not None
    assert len(session.traced) <= Budget().unexplained
    assert any("no rule knows" in doubt for doubt in exploration.doubts)
    assert exploration.outcome({"N": 3, "H": 5, "W": 7})[0] is not Outcome.RUNS


# -- the budget -----------------------------------------------------------------------------


class EverySizeIsSpecial(nn.Module):
    def __init__(self, first: int = 1):
        super().__init__()
        self.special = range(first, first + 190)

    def forward(self, x):
        for length in self.special:
            if x.shape[-1] == length:
                return x.new_zeros(length + 1)
        return x


def test_what_the_budget_did_not_cover_is_unexplored_and_said():
    module = EverySizeIsSpecial()
    exploration, session = explored(module, "N L", budget=Budget(runs=20))
    assert len(session.traced) == 20
    assert exploration.unexplored
    assert "20 runs did not cover every size" in exploration.doubts
    assert not exploration.valid & exploration.unexplored
    runs, _, _ = exploration.outcome(exploration.unexplored.smallest())
    assert runs is Outcome.ELSEWHERE


def test_nothing_is_unexplored_within_the_budget():
    exploration, session = explored(EverySizeIsSpecial(), "N L", lengths=("L = 1..20",))
    assert len(session.traced) == 20
    assert exploration.unexplored.is_empty
    assert exploration.doubts == ()


def test_a_prediction_for_what_is_unexplored_is_none():
    module = EverySizeIsSpecial(600)  # beyond the sizes that are simply run
    analysis = analysed(module, "N L", ["L <= 900"])
    assert analysis.evidence == "checked"
    sweep = [{"N": 2, "L": n} for n in range(580, 800, 3)]
    told = [analysis.predict(sizes) for sizes in sweep]
    assert {t.ok for t in told} == {True, None}
    assert all(t.shapes == really(module, "N L", s) for s, t in zip(sweep, told) if t.ok)
