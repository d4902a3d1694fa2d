"""Which sizes are run next, and which branches need no run of their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.choice import following
from shapelint.lengths.domain import domain_of
from tests.runs import IMAGE, SQUARES, analysed, conv, disagreements, explored, really


class CopiesWhatIsLarge(nn.Module):
    """Tests the number of elements, for the sake of a kernel."""

    def forward(self, x):
        x = F.max_pool2d(x, 2)
        return x.contiguous() if x.numel() > 2**31 else x


class CopiesEachLevel(nn.Module):
    """Where the first level is large, so is the second."""

    def forward(self, x):
        for _ in range(2):
            x = x.contiguous() if x.numel() > 2**31 else x
            x = F.interpolate(x, scale_factor=2)
        return x


class CopiesByRatio(nn.Module):
    """Compares doubles, as samplers do that are told their output size."""

    def forward(self, x):
        half = F.max_pool2d(x, 2, ceil_mode=True)
        ratios = [a / b for a, b in zip(x.shape[2:], half.shape[2:])]
        larger = ratios[0] if ratios[0] > ratios[1] else ratios[1]
        half = half.contiguous() if half.numel() * larger > 2**31 else half
        return F.interpolate(half, size=x.shape[2:])


class CropsWhatIsLarge(nn.Module):
    def forward(self, x):
        return x[..., :8] if x.numel() > 2**31 else x


class CropsWhatIsTwiceLarge(nn.Module):
    """Each test alone changes nothing."""

    def forward(self, x):
        large = x.numel() > 2**31
        x = F.interpolate(x, scale_factor=2)
        return x[..., :8] if x.numel() > 2**31 and large else x


class CutsWhatIsLarge(nn.Module):
    """Slicing asks again what the model has asked."""

    def forward(self, x):
        x = x.flatten()
        return x[:7919] if x.shape[0] >= 7919 else x


@pytest.mark.parametrize(
    ("kind", "valid"),
    [(CopiesEachLevel, "every size"), (CopiesByRatio, "every size")],
    ids=["tests of which one follows from another", "ratios of sizes"],
)
def test_tests_that_change_nothing_are_left_out_together(kind, valid):
    found, _ = explored(kind())
    assert (found.doubts, found.valid.text) == ((), valid)
    assert not disagreements(analysed(kind()), kind(), IMAGE, SQUARES)


def test_a_test_of_the_number_of_elements_that_changes_nothing_is_left_out():
    found, session = explored(CopiesWhatIsLarge())
    assert not found.doubts
    assert found.valid.text == "H >= 2 and W >= 2"
    assert len(session.traced) == 2
    analysis = analysed(CopiesWhatIsLarge())
    assert not disagreements(analysis, CopiesWhatIsLarge(), IMAGE, SQUARES)


@pytest.mark.parametrize("kind", [CropsWhatIsLarge, CropsWhatIsTwiceLarge, CutsWhatIsLarge])
def test_one_that_changes_something_is_not(kind):
    found, _ = explored(kind())
    assert found.doubts


class FitsFarAway(nn.Module):
    """A view of sums of several products: no law decides it, and small sizes never fit."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.elements = 2 * width * width + width

    def forward(self, x):
        x = x[:, 0]
        parts = (x.flatten(1), (x.mT @ x).flatten(1), x[..., 0])
        return torch.cat(parts, 1).view(1, self.elements)


def test_a_search_among_small_sizes_proves_no_failure_elsewhere():
    module = FitsFarAway(500)
    analysis = analysed(module, "1 1 H W")
    assert really(module, "1 1 H W", {"H": 500, "W": 500}) is not None
    assert not analysis.subject.never_works
    assert analysis.evidence == "checked"
    said = [(d.severity, d.message) for d in analysis.diagnostics]
    assert said == [("warning", "runs at no size that was tried")]


class OneSize(nn.Module):
    """Only one height and width pass; what follows no law of products decides."""

    def forward(self, x):
        if x.shape[2] != 500 or x.shape[3] != 300:
            raise ValueError("built for 500 x 300")
        n, h, w = x.shape[0], x.shape[2], x.shape[3]
        rows = x.expand(n, h * w + w * w + h, h, w)[:, :, 0, 0]
        return rows.reshape(n, 500 * 300 + 300 * 300 + 500)


def test_few_sizes_that_are_left_are_asked_one_by_one():
    module = OneSize()
    analysis = analysed(module)
    assert (analysis.evidence, analysis.valid_sizes.text) == ("proven", "H == 500 and W == 300")
    sizes = [{"N": n, "H": h, "W": w} for n in (1, 2) for h, w in [(500, 300), (300, 500), (1, 1)]]
    assert disagreements(analysis, module, IMAGE, sizes) == []


class HalvesUntilSmall(nn.Module):
    """Every doubling takes another run, up to sizes that no machine can hold."""

    def forward(self, x):
        while x.shape[3] > 40:
            x = x[..., ::2]
        return x


def test_sizes_that_no_machine_can_hold_end_the_search():
    module = HalvesUntilSmall()
    analysis = analysed(module, "N 1 H H")
    assert analysis.evidence == "checked"
    sizes = [{"N": 1, "H": n} for n in (1, 40, 41, 500)]
    assert disagreements(analysis, module, "N 1 H H", sizes) == []


class Outer(nn.Module):
    """Every pair of pairs of samples, and of these: no machine holds those of a second."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(256, 1)

    def forward(self, x):
        for _ in range(3):
            x = (x.flatten(1).unsqueeze(1) * x.flatten(1).unsqueeze(2)).flatten(1)
        return self.layer(x)


def test_small_sizes_are_tried_where_no_machine_can_hold_the_others():
    module = Outer()
    analysis = analysed(module, "N 1 L")
    assert (analysis.evidence, analysis.valid_sizes.text) == ("proven", "L == 2")
    sizes = [{"N": n, "L": length} for n in (1, 2) for length in (1, 2, 3, 4)]
    assert disagreements(analysis, module, "N 1 L", sizes) == []


CHOICES = {
    "all is as it was": ([], False, (), (2, 9, 9)),
    "no length of 1": ([], True, (), (2, 8, 8)),
    "but where there is no other size": (["H <= 7"], True, (), (2, 1, 8)),
    "but where they are counted": ([], True, ("H",), (2, 1, 8)),
    "but where it would have to be far away": (["H <= 7 or H >= 73"], True, (), (1, 1, 1)),
    "even if it is larger": (["H <= 7 or H >= 72"], True, (), (2, 72, 8)),
    "as many as can be": (["H + W <= 9"], True, (), (2, 8, 1)),
}


@pytest.mark.parametrize(("conditions", "small", "counted", "sizes"), CHOICES.values(), ids=CHOICES)
def test_sizes_that_speak_for_many_are_run_first(conditions, small, counted, sizes):
    ran = analysed(conv(k=4, s=4, p=0)).session.trace({"N": 2, "H": 9, "W": 9})
    left = domain_of(conditions, ("N", "H", "W"))
    assert tuple(following(left, ran.hints, small, ran, counted).values()) == sizes
