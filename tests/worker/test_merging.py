"""Blocks whose ways agree behind them take one run; where they differ, every way is taken."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.confirm import confirm_paths
from shapelint.worker import merging, replay
from shapelint.worker.claim import ShapeMismatch
from tests.runs import analysed, disagreements

POINTS = [{"N": 2, "L": n} for n in range(1, 41)]


class Block(nn.Module):
    """A layer that does something else where the length is odd."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 2, 2)
        self.seen: list[int] = []
        self.odd = False


class Returns(Block):
    def forward(self, x):
        return self.conv(x) if x.shape[-1] % 2 else x


class ReturnsAFlag(Block):
    def forward(self, x):
        odd = x.shape[-1] % 2
        return F.pad(x, (0, 1)) if odd else x.clone(), bool(odd)


class LeavesAFlag(Block):
    def forward(self, x):
        self.odd = bool(x.shape[-1] % 2)
        return self.conv(F.pad(x, (0, 1)) if self.odd else x)


class LeavesAnEntry(Block):
    def forward(self, x):
        if x.shape[-1] % 2:
            self.seen.append(1)
            x = F.pad(x, (0, 1))
        return self.conv(x)


class ReturnsAnotherType(Block):
    def forward(self, x):
        return x.double() if x.shape[-1] % 2 else x.float()


class ReturnsAnotherOrder(Block):
    def forward(self, x):
        return x.transpose(0, 2) if x.shape[-1] % 2 else x.permute(2, 1, 0).contiguous()


class Demands(Block):
    def forward(self, x):
        if x.shape[-1] % 2:
            return F.pad(F.pad(x, (3, 3), "reflect"), (-3, -3))
        return x.clone()


class Looks(Block):
    """At a tensor that it was not given."""

    def forward(self, x):
        if self.conv.whole.shape[-1] % 2:
            return x + self.conv.whole[..., :1]
        return x + 0


FLAG = 0


class Switch:
    on = False


SWITCH = Switch()


class RebindsAGlobal(Block):
    def forward(self, x):
        global FLAG  # noqa: PLW0603  that is the case
        if x.shape[-1] % 2:
            FLAG = 1
            return self.conv(F.pad(x, (0, 1)))
        FLAG = 0
        return self.conv(x)


class SetsAnAttributeOfAGlobal(Block):
    def forward(self, x):
        SWITCH.on = bool(x.shape[-1] % 2)
        return self.conv(F.pad(x, (0, 1)) if SWITCH.on else x)


class TellsAnother(Block):
    """A module that is not part of it."""

    def forward(self, x):
        self.seen[0].odd = bool(x.shape[-1] % 2)
        return self.conv(F.pad(x, (0, 1)) if self.seen[0].odd else x)


class PadsForTheStride(Block):
    def forward(self, x):
        if x.shape[-1] % 2:
            x = F.pad(x, (0, 1))
        return self.conv(x)


class PadsToFour(Block):
    def forward(self, x):
        rest = x.shape[-1] % 4
        return F.pad(x, (0, 4 - rest)) if rest else x.clone()


class PadsAndCrops(Block):
    def forward(self, x):
        n = x.shape[-1]
        if n < 3:
            x = F.pad(x, (0, 3 - n))
        return F.pad(x, (2, 2), "reflect")[..., : n + 4].clone()


class Fits(Block):
    def forward(self, x):
        up = F.interpolate(self.conv(F.pad(x, (0, 1))), scale_factor=2.0)
        if up.shape[-1] != x.shape[-1]:
            up = F.pad(up, (0, x.shape[-1] - up.shape[-1]))
        return torch.cat([x, up], 1).sum(1, keepdim=True)


class CopiesWhatIsLarge(Block):
    def forward(self, x):
        if x.shape[0] >= 64:
            x = x.contiguous()
        if x.numel() > 2**26:
            x = x.contiguous()
        return self.conv(F.pad(x, (0, 1)))


class To(nn.Module):
    def forward(self, x, size):
        return (F.pad(x, (0, 1))[..., : size[0]] if size[0] % 2 else x).clone()


class IsGivenASize(Block):
    def __init__(self) -> None:
        super().__init__()
        self.fitted = To()

    def forward(self, x):
        size = x.shape[-1:]
        self.seen[:] = [1]  # so that nothing is known of this call itself
        x = self.fitted(x, size)
        self.seen.clear()
        return x


class Turned(nn.Module):
    def forward(self, x):
        x = x.transpose(1, 2).sum(1, keepdim=True)
        return (F.pad(x, (0, 1)) if x.shape[-1] % 2 else x).clone()


class IsGivenAView(Block):
    def __init__(self) -> None:
        super().__init__()
        self.turned = Turned()

    def forward(self, x):
        self.seen[:] = [1]
        x = self.turned(torch.cat([x, x], 1).transpose(1, 2))
        self.seen.clear()
        return x


class IsAnotherWhereLarge(Block):
    def forward(self, x):
        return self.conv(F.pad(x, (0, 1))) if x.numel() > 2**26 else x


class Refuses(Block):
    def forward(self, x):
        if x.shape[-1] % 3 == 1:
            raise ValueError("one too many")
        return self.conv(F.pad(x, (0, x.shape[-1] % 2)) if x.shape[-1] % 2 else x)


class RefusesAndReturnsAView(Block):
    def forward(self, x):
        if x.shape[-1] % 3 == 2:
            raise ValueError("two too many")
        return x[..., ::2]


class RefusesBehindATest(Block):
    def forward(self, x):
        x = F.pad(x, (0, 1)) if x.shape[-1] % 2 else x
        if x.shape[-1] % 3 == 2:
            raise ValueError("two too many")
        return self.conv(x)


class InARow(nn.Module):
    """Blocks one after the other, and code that reads what they may have left behind."""

    def __init__(self, kind: type[Block], count: int = 3) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(kind() for _ in range(count))

    def forward(self, x):
        for block in self.blocks:
            block.seen.clear()
            block.conv.whole = x
            x = block(x)
            x = x[0] if isinstance(x, tuple) else x
            if block.odd or block.seen or FLAG or SWITCH.on:
                x = F.pad(x, (1, 0))
        return x


SEVERAL = (
    (Returns, "the lengths differ"),
    (ReturnsAFlag, "a plain value differs"),
    (LeavesAFlag, "an attribute is set"),
    (LeavesAnEntry, "a list has grown"),
    (ReturnsAnotherType, "the dtype differs"),
    (ReturnsAnotherOrder, "the order in memory differs"),
    (Demands, "one way demands more"),
    (Looks, "what is looked at is no argument"),
    (RebindsAGlobal, "a global is rebound"),
    (SetsAnAttributeOfAGlobal, "an attribute of a global is set"),
)
ONE = (
    (PadsForTheStride, "rounded up by both"),
    (PadsToFour, "a multiple by both"),
    (PadsAndCrops, "the same formula"),
    (Fits, "as long as the skip"),
    (CopiesWhatIsLarge, "no size is found that is large"),
    (IsGivenASize, "a size is an argument"),
    (IsGivenAView, "strides are those of the sizes at hand"),
)


def _ran(kind: type[Block]) -> int:
    model = InARow(kind)
    analysis = analysed(model, "N 1 L")
    assert disagreements(analysis, model, "N 1 L", POINTS) == []
    assert analysis.evidence == "proven"
    return len(analysis.exploration.traces)


@pytest.mark.parametrize("kind", [k for k, _ in SEVERAL], ids=[why for _, why in SEVERAL])
def test_ways_that_differ_are_all_taken(kind):
    assert _ran(kind) > 1


@pytest.mark.parametrize("kind", [k for k, _ in ONE], ids=[why for _, why in ONE])
def test_ways_that_agree_take_one_run(kind):
    assert _ran(kind) == 1


@pytest.mark.parametrize("kind", [k for k, _ in ONE], ids=[why for _, why in ONE])
def test_every_way_is_confirmed(kind):
    analysis = analysed(InARow(kind), "N 1 L")
    beside = analysis.exploration.base.replayed
    assert beside
    confirmed = [c.sizes for c in confirm_paths(analysis.exploration, analysis.session) if c.agrees]
    assert all(sizes in confirmed for sizes in beside[:4])


def test_no_way_is_passed_over_where_none_of_its_sizes_is_found():
    analysis = analysed(InARow(IsAnotherWhereLarge, 1), "N 1 L")
    assert analysis.predict({"N": 2, "L": 7}).shapes == [(2, 1, 7)]
    assert analysis.predict({"N": 2**14, "L": 2**13}).shapes is None


def test_a_way_that_raises_is_a_way_of_its_own():
    assert _ran(Refuses) == 4


def test_what_one_way_returns_is_compared_with_nothing(monkeypatch):
    compared = []
    monkeypatch.setattr(replay, "_kind", compared.append)
    analysed(InARow(RefusesAndReturnsAView, 1), "N 1 L")
    assert not compared


class Caught(InARow):
    """What a block raises is no failure of the model."""

    def forward(self, x):
        try:
            return super().forward(x)
        except ValueError:
            return x


class Suppressed(InARow):
    def forward(self, x):
        with suppress(ValueError):
            x = super().forward(x)
        return x


RAISING = {
    "raises wherever it is called": (InARow(Refuses), 2),
    "a view is returned": (InARow(RefusesAndReturnsAView, 1), 1),
    "it hangs on another test": (InARow(RefusesBehindATest, 1), 3),
    "the model catches it": (Caught(RefusesAndReturnsAView, 1), 2),
    "a context catches it": (Suppressed(RefusesAndReturnsAView, 1), 2),
}


@pytest.mark.parametrize(("model", "runs"), RAISING.values(), ids=RAISING)
def test_what_was_seen_to_raise_takes_no_run_of_its_own(model, runs):
    analysis = analysed(model, "N 1 L")
    assert disagreements(analysis, model, "N 1 L", POINTS) == []
    assert analysis.evidence == "proven"
    assert len(analysis.session.traced) == runs


class Told(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks, self.odd = nn.ModuleList(TellsAnother() for _ in range(3)), False
        for block in self.blocks:
            block.seen.append(self)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
            if self.odd:
                x = F.pad(x, (1, 0))
        return x


def test_what_is_left_in_another_module_is_found_out_by_running_the_other_ways():
    analysis = analysed(Told(), "N 1 L")
    assert analysis.evidence == "checked"
    assert "the analysis predicted" in analysis.doubts_of_paths[0]


class PadsMore(Block):
    """For the stride, and by as much as it is told."""

    more = 0

    def forward(self, x):
        x = self.conv(F.pad(x, (0, 1)) if x.shape[-1] % 2 else x)
        return F.pad(x, (0, self.more))


class Long(nn.Module):
    """Long inputs take another way behind a block."""

    def __init__(self) -> None:
        super().__init__()
        self.block = PadsMore()

    def forward(self, x):
        x = self.block(x)
        return x[..., 1:] if x.shape[-1] >= 21 else x


class LongIsTold(Long):
    """Long inputs take another way, on which the block is told something else."""

    def forward(self, x):
        self.block.more = 2 if x.shape[-1] >= 21 else 0
        return self.block(x)


class LongAgain(Long):
    """A block is called again, told something else."""

    def forward(self, x):
        self.block.more = 0
        first = self.block(x)
        self.block.more = 3
        second = self.block(x)
        return second if x.shape[-1] >= 21 else first


AGAIN = {
    "told nothing else": (Long(), 1),
    "told something else on a way of its own": (LongIsTold(), 2),
    "told something else before it is called again": (LongAgain(), 2),
}


@pytest.mark.parametrize(("model", "times"), AGAIN.values(), ids=AGAIN)
def test_ways_are_compared_once_for_all_runs_that_reach_them_alike(model, times, monkeypatch):
    compared = []
    found = merging._Merge.merged
    monkeypatch.setattr(merging._Merge, "merged", lambda *a: compared.append(a) or found(*a))
    analysis = analysed(model, "N 1 L")
    assert disagreements(analysis, model, "N 1 L", POINTS) == []
    assert analysis.evidence == "proven"
    assert len(analysis.session.traced) == 2
    assert len(compared) == times


def test_ways_of_a_changed_model_are_compared_anew():
    session = analysed(InARow(PadsForTheStride), "N 1 L").session
    change = {"kind": "attr", "module": "blocks.0.conv", "name": "stride", "value": [3]}
    outputs = [session.trace({"N": 2, "L": 64}, patches=p).outputs for p in ([], [change])]
    assert [[n.at({"N": 2, "L": 7}) for n in shape] for (shape,) in outputs] == [[2, 1, 1]] * 2
    assert [[n.at({"N": 2, "L": 9}) for n in shape] for (shape,) in outputs] == [
        [2, 1, 2],
        [2, 1, 1],
    ]


def test_what_raises_in_comparing_ways_is_none_of_the_models_errors(monkeypatch):
    def broken(_pieces):
        raise KeyError("ours")

    monkeypatch.setattr(merging, "one_formula", broken)
    with pytest.raises(
        ShapeMismatch, match=r"paths through a PadsForTheStride: KeyError\('ours'\)"
    ):
        _ = analysed(InARow(PadsForTheStride), "N 1 L").valid_sizes
