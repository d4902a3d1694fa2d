"""Layers that several paths of a block have in common are called once, if they do the same."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.lengths.conditions import at_least
from shapelint.lengths.expr import symbol
from shapelint.trace import Event
from shapelint.worker import replay_cache
from shapelint.worker.recorder import Recorder
from tests.runs import analysed, disagreements

POINTS = [{"N": 2, "H": h, "W": w} for h, w in itertools.product(range(1, 10), repeat=2)]


class Body(nn.Module):
    """Layers, of which ``forward`` is another in each case."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.cut = 0

    def forward(self, x):
        return F.relu(self.conv(x))


class Even(nn.Module):
    """Brings both axes to even lengths: four paths, all of which run the body."""

    body: type[Body] = Body

    def __init__(self) -> None:
        super().__init__()
        self.inner = self.body()

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner(x)
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class Cutting(Body):
    def forward(self, x):
        y = self.conv(x)
        return y[..., : y.shape[-1] - self.cut].clone() if self.cut else y


class SetsWhatTheBodyReads(Even):
    """And sets it back, so that nothing is left behind."""

    body = Cutting

    def forward(self, x):
        h, w = x.shape[-2:]
        if h % 2:
            x = x + 0
        self.inner.cut = 1 if w % 2 else 0
        y = self.inner(x)
        self.inner.cut = 0
        return y


class HandsOverOthers(Even):
    def forward(self, x):
        h, w = x.shape[-2:]
        return self.inner(F.pad(x, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else x.clone())


class Writing(Body):
    def forward(self, x):
        x += 1
        return self.conv(x)


class HandsOverWhatIsWrittenTo(Even):
    body = Writing


class Turning(Body):
    def forward(self, x):
        return self.conv(x).transpose(2, 3)


class GetsAView(Even):
    body = Turning


class Copying(Body):
    def forward(self, x, scale):
        return self.conv(x) * (1 if scale is None else scale)


class HandsOverAllInOneView(Even):
    body = Copying

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner((x + 1).unsqueeze(0).squeeze(0), None)
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class HandsOverOtherNumbers(Even):
    body = Copying

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner(x + 0, 2.0 * (h % 2 > 0) + 4.0 * (w % 2 > 0))
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class HandsOverAPart(Even):
    """Where the length in front is 1 its elements lie next to each other, else not."""

    body = Copying

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner(torch.cat([x, x], 3)[..., :w], None)
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class Branching(Body):
    def forward(self, x):
        return self.conv(x if x.shape[-1] % 3 else F.pad(x, (0, 1)))


class BranchesInTheBody(Even):
    body = Branching


class Shortening(Body):
    def forward(self, x):
        return self.conv(x[..., :4].clone())


class ShortensAsTheBodyDoes(Even):
    """What the body asks the block has asked before, so that no rule is asked again."""

    body = Shortening

    def forward(self, x):
        x = x + 0 if x.shape[-2] % 2 else x.clone()
        return x[..., :4].mean() * self.inner(x)


class LookingUp(Body):
    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.Parameter(torch.ones(2))

    def forward(self, x):
        return self.conv(x) * self.scales[(x > 0).long()]


class LooksUpWhatItsRangeTells(Even):
    body = LookingUp


class HandsOverWhatMayLieOtherwise(Even):
    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner(F.relu(x.transpose(2, 3).reshape(x.shape)))
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class Regrouping(Body):
    def forward(self, x):
        n, c, h, w = x.shape
        return self.conv(x.view(n, c * h, w).view(n, c, h, w))


class RegroupsAView(HandsOverAllInOneView):
    body = Regrouping

    def forward(self, x):
        h, w = x.shape[-2:]
        y = self.inner((x + 1).unsqueeze(0).squeeze(0))
        return F.pad(y, (0, w % 2, 0, h % 2)) if h % 2 or w % 2 else y.clone()


class OneAxis(Even):
    """One axis alone: a single other path."""

    axis = -1

    def forward(self, x):
        y = self.inner(x)
        odd = x.shape[self.axis] % 2
        return y + 0 if odd else y.clone()


class BlockInABlock(OneAxis):
    axis = -2
    body = OneAxis


class Meeting(Body):
    def forward(self, x):
        y = self.conv(x)
        return y + 0 if x.shape[-1] % 2 else y.clone()


class BranchesThatMeet(Even):
    body = Meeting

    def forward(self, x):
        y = self.inner(x)
        h = x.shape[-2]
        return y.clone() if h % 2 else y + (1 if h % 3 else 2)


class Outer(nn.Module):
    """The block is no root, whose paths are never merged."""

    def __init__(self, kind: type[nn.Module]) -> None:
        super().__init__()
        self.block = kind()

    def forward(self, x):
        return self.block(x) * torch.tensor(2.0)


TAKEN = (
    (Even, "the same layers on all paths"),
    (HandsOverOthers, "the lengths are the same formulas on some"),
    (HandsOverAllInOneView, "what is handed over shows all of a tensor in its order"),
    (RegroupsAView, "it views again what is handed over, which is a view in its order"),
    (HandsOverWhatMayLieOtherwise, "it does not ask how what is handed over lies in memory"),
    (LooksUpWhatItsRangeTells, "it picks by numbers whose range is known"),
    (BlockInABlock, "a replay was made by a replay"),
    (BranchesThatMeet, "it branches, and returns one formula"),
    (ShortensAsTheBodyDoes, "what it asks was asked before on some paths"),
)
NOT_TAKEN = (
    (SetsWhatTheBodyReads, "an attribute is set on some paths"),
    (HandsOverWhatIsWrittenTo, "it writes to what it is given"),
    (GetsAView, "it returns a view"),
    (HandsOverAPart, "what is handed over has gaps"),
    (HandsOverOtherNumbers, "another number is handed over"),
    (BranchesInTheBody, "it branches"),
)


def _taken(monkeypatch: pytest.MonkeyPatch, model: nn.Module) -> int:
    """How many calls were not made again; what is said of the model is right."""
    asked, taken = replay_cache._Made.again, []

    def again(made, tracer):
        result = asked(made, tracer)
        taken.extend([] if result is None else [made])
        return result

    monkeypatch.setattr(replay_cache._Made, "again", again)
    analysis = analysed(model, "N 1 H W")
    assert disagreements(analysis, model, "N 1 H W", POINTS) == []
    assert analysis.evidence == "proven"
    return len(taken)


@pytest.mark.parametrize("kind", [k for k, _ in NOT_TAKEN], ids=[why for _, why in NOT_TAKEN])
def test_what_may_differ_is_called_again(monkeypatch, kind):
    assert _taken(monkeypatch, Outer(kind)) == 0


@pytest.mark.parametrize("kind", [k for k, _ in TAKEN], ids=[why for _, why in TAKEN])
def test_what_is_the_same_is_called_once(monkeypatch, kind):
    assert _taken(monkeypatch, Outer(kind)) > 0


EVENT = Event("need", at_least(symbol("L"), 3), True, 0)


@pytest.mark.parametrize(
    ("length", "caught", "known"),
    [(8, Exception, False), (8, IndexError, False), (2, KeyboardInterrupt, False),
     (8, KeyboardInterrupt, True)],
    ids=["everything is caught", "one error is caught", "it fails here", "it is needed here"],
)  # fmt: skip
def test_what_was_needed_elsewhere_is_recorded_where_it_is_a_need(length, caught, known):
    recorder = Recorder({"L": length}, is_caught=lambda error: issubclass(error, caught))
    assert recorder.asks_nothing_else([EVENT.condition], [EVENT]) is known
    assert [e.condition for e in recorder.events] == ([EVENT.condition] if known else [])


def test_nothing_is_recorded_where_more_would_be_asked():
    recorder = Recorder({"L": 8})
    assert not recorder.asks_nothing_else([at_least(symbol("L"), 5)], [EVENT])
    assert recorder.events == []
    assert not recorder.path.implies(EVENT.condition)
