"""The domain is covered path by path: in few runs, exactly, and what is left over is said."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.explore.choice import following
from shapelint.explore.covering import Budget, explore
from shapelint.explore.paths import Outcome
from shapelint.lengths.domain import domain_of
from shapelint.template import hints_for, symbols_of, template_of
from tests.runs import CountingSession, analysed, conv, disagreements, really, up

IMAGE = "N 1 H W"
SQUARES = [{"N": 2, "H": h, "W": w} for h, w in itertools.product(range(1, 13), repeat=2)]


def explored(
    module: nn.Module,
    inputs: str = IMAGE,
    hints: dict[str, int] | None = None,
    lengths: tuple[str, ...] = (),
    budget: Budget | None = None,
):
    template = template_of(inputs.split(","))
    domain = domain_of(lengths, symbols_of(template))
    session = CountingSession(module, template)
    start = {**hints_for(template), **(hints or {})}
    return explore(session, domain, start, budget=budget or Budget()), session


# -- what is explored apart, and what is not ------------------------------------------------


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


# -- branches that make no difference -------------------------------------------------------


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
    "as many as can be": (["H + W <= 9"], True, (), (2, 8, 1)),
}


@pytest.mark.parametrize(("conditions", "small", "counted", "sizes"), CHOICES.values(), ids=CHOICES)
def test_sizes_that_speak_for_many_are_run_first(conditions, small, counted, sizes):
    ran = analysed(conv(k=4, s=4, p=0)).session.trace({"N": 2, "H": 9, "W": 9})
    left = domain_of(conditions, ("N", "H", "W"))
    assert tuple(following(left, ran.hints, small, ran, counted).values()) == sizes
