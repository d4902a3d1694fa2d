"""What PyTorch does not confirm is never a finding: it ends as a doubt, and the rest as checked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import shapelint
from shapelint.explore.confirm import confirm_paths, confirm_sizes, device_for
from shapelint.explore.paths import Outcome
from shapelint.verdict import verdict
from shapelint.worker.names import transfer_of
from shapelint.worker.ops import OPS
from shapelint.worker.shapes import Shape, divides, ge, need
from tests.runs import analysed, conv, up


class Reported(nn.Module):
    """A length is lost on purpose: numpy sees a bare number."""

    def forward(self, x):
        half = int(np.ceil(np.float64(x.shape[-1]) / 2))
        return x[..., :half]


class Frozen(nn.Module):
    """Built for one size, in a way that no one can see."""

    def forward(self, x):
        size = int(str(x.shape[-1]))
        return F.interpolate(x, size=(x.shape[-2], size))


class Doubling(nn.Module):
    """Doubles odd lengths; the parity goes through numpy."""

    def forward(self, x):
        return torch.cat([x, x], -1) if np.array(int(str(x.shape[-1]))) % 2 else x


class Cyclic(nn.Module):
    """A list is indexed in C; the smallest size and the hint agree."""

    def forward(self, x):
        return x[..., :: [1, 2, 3].__getitem__(x.shape[-1] % 3)]


LOST = {
    "an index, where the smallest size agrees": (Cyclic, "N 2 L"),
    "a length through numpy": (Reported, "N L"),
    "a length through a text": (Frozen, "N 1 H W"),
    "a branch on numpy": (Doubling, "N L"),
}


@pytest.mark.parametrize(("kind", "inputs"), LOST.values(), ids=LOST)
def test_a_length_that_was_lost_is_noticed_and_said(kind, inputs):
    analysis = analysed(kind(), inputs)
    denied = [c for c in confirm_paths(analysis.exploration, analysis.session) if not c.agrees]
    assert denied
    assert f"PyTorch ({denied[0].run.device}) returned" in denied[0].doubt
    assert "the analysis predicted shapes" in denied[0].doubt
    said = verdict(analysis)
    assert said.report.evidence == "checked"
    assert denied[0].doubt in said.report.reason
    assert said.report.valid_sizes == analysis.valid_sizes
    (only,) = said.diagnostics
    assert (only.name, only.evidence) == ("checked-only", "checked")
    assert only.message == said.report.reason


def test_a_length_that_is_hashed_is_known_where_it_was_run():
    class Hashed(nn.Module):
        def forward(self, x):
            return x[..., :1] if hash(x.shape[-1]) == 8 else x

    analysis = analysed(Hashed(), "N L")
    assert analysis.evidence == "checked"
    assert analysis.doubts[0].startswith("a length is hashed")
    assert analysis.predict({"N": 2, "L": 8}).shapes == [(2, 1)]


@pytest.fixture
def wrong_op(monkeypatch):
    """Give an op a transfer function that is right at the hint and wrong elsewhere."""

    def wrong(name: str, change) -> None:
        right = OPS.get(name)
        monkeypatch.setitem(OPS._found, name, lambda *a, **k: change(right(*a, **k)))
        transfer_of.cache_clear()

    yield wrong
    monkeypatch.undo()
    transfer_of.cache_clear()


def _frozen(shape: Shape) -> Shape:
    """The lengths of this run, for good."""
    return Shape((*shape[:2], *map(int, shape[2:])))


WRONG = {
    "a decoder that seems to lose a row": (
        nn.Sequential(conv(s=2), up(k=3, p=1, output_padding=1)),
        "conv_transpose2d",
    ),
    "an encoder whose length seems fixed": (nn.Sequential(conv(s=2), up()), "conv2d"),
    "a pool whose length seems fixed": (nn.Sequential(nn.MaxPool2d(2), up()), "max_pool2d"),
}


@pytest.mark.parametrize(("module", "op"), WRONG.values(), ids=WRONG)
def test_a_wrong_transfer_function_is_never_a_finding(module, op, wrong_op):
    right = analysed(module)
    assert right.evidence == "proven"
    wrong_op(op, _frozen)
    analysis = analysed(module)
    said = verdict(analysis)
    assert said.report.evidence == "checked"
    assert {d.name for d in said.diagnostics} == {"checked-only"}
    assert "the analysis predicted" in said.report.reason


def _refuses_odd(shape: Shape) -> Shape:
    need(divides(2, shape[-1]), "match", "lengths must be even")
    return shape


def test_a_need_that_pytorch_does_not_have_is_never_a_finding(wrong_op):
    """At an odd size the analysis predicts a failure; PyTorch runs, so nobody hears of it."""
    wrong_op("conv2d", _refuses_odd)
    analysis = analysed(conv())
    odd = {"N": 1, "H": 8, "W": 7}
    assert analysis.exploration.outcome(odd)[0] is Outcome.FAILS
    assert analysis.predict(odd).ok is None
    said = verdict(analysis)
    assert said.report.evidence == "checked"
    assert {d.name for d in said.diagnostics} <= {"checked-only"}


def _refuses_short(shape: Shape) -> Shape:
    need(ge(shape[-1], 4), "fits", "lengths must be 4 at least")
    return shape


def test_what_only_the_run_for_a_finding_denies_is_withdrawn(wrong_op, monkeypatch):
    monkeypatch.setattr("shapelint.analysis.confirm_paths", lambda *_: ())
    wrong_op("conv2d", _refuses_short)
    analysis = analysed(nn.Sequential(conv(), nn.MaxPool2d(2)))
    assert analysis.findings.denials
    assert analysis.evidence == "checked"
    assert analysis.predict({"N": 2, "H": 32, "W": 3}).shapes == [(2, 1, 16, 1)]
    assert analysis.predict({"N": 1, "H": 999, "W": 7}).ok is None


def test_a_finding_about_a_model_that_is_not_proven_is_not_proven():
    class Lossy(Reported):
        def forward(self, x):
            return super().forward(F.max_pool2d(x, 3))

    said = verdict(analysed(Lossy(), "N 1 H W"))
    found = {d.name: d.evidence for d in said.diagnostics}
    assert found == {"input-too-small": "checked", "checked-only": "checked"}


def test_a_claim_that_holds_is_confirmed_on_both_sides():
    report = shapelint.check(nn.Sequential(conv(s=2), up(k=3, p=1)), "N 1 H W")
    finding = report.diagnostics[0]
    assert finding.evidence == "proven"
    assert any("run in PyTorch at H = 2" in note for note in finding.notes)


# -- one prediction beside one run ----------------------------------------------------------

SIDES = {
    "runs, as predicted": ({"N": 2, "L": 8}, True, "shapes [(2, 2, 4)]"),
    "fails, as predicted": ({"N": 2, "L": 6}, True, "a failure (shape '[2, -1, 4]' is invalid"),
}


@pytest.mark.parametrize(("sizes", "agrees", "predicted"), SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_prediction_is_put_beside_a_run(sizes, agrees, predicted, device):
    class Windows(nn.Module):
        def forward(self, x):
            return x.view(x.shape[0], -1, 4)

    analysis = analysed(Windows(), "N L")
    beside = confirm_sizes(analysis.exploration, analysis.session, sizes, device)
    assert (beside.agrees, beside.run.device) == (agrees, device)
    assert beside.predicted.startswith(predicted)


def test_meta_kernels_that_are_laxer_than_the_cpu_are_not_asked():
    lax = analysed(nn.Sequential(conv(s=2), up(k=3, s=2, p=1, output_padding=1)))
    assert device_for(analysed(conv()).exploration) == "meta"
    assert {device_for(lax.exploration)} <= {"meta", "cpu"}
    illegal = analysed(nn.Sequential(conv(s=2), up(k=3, s=2, p=1, output_padding=2)))
    assert device_for(illegal.exploration) == "cpu"


class Compared(nn.Module):
    """There is no meta kernel for ``torch.equal``."""

    def forward(self, x):
        return x[..., 1:] if torch.equal(x, x.new_zeros(3)) else x


def test_what_the_meta_device_lacks_values_for_is_run_on_the_cpu():
    analysis = analysed(Compared(), "N 4 L")
    assert analysis.evidence == "proven"
    assert analysis.predict({"N": 2, "L": 3}).shapes == [(2, 4, 3)]


class Covariance(nn.Module):
    """No meta kernel either, and next to the size that is traced the CPU is not asked."""

    def forward(self, x):
        return torch.cov(x[0].flatten(1))


def test_what_is_too_large_for_values_contradicts_nothing():
    assert analysed(Covariance(), "N 4 D H W").evidence == "proven"


class OneSize(nn.Module):
    def forward(self, x):
        assert x.shape[-1] == 24
        return x * 2


def test_where_forward_raises_only_what_fails_is_run_on_the_cpu():
    analysis = analysed(OneSize(), "N 4 L")
    confirmed = list(confirm_paths(analysis.exploration, analysis.session))
    assert {(c.run.ok, c.run.device) for c in confirmed} == {(True, "meta"), (False, "cpu")}


def test_what_takes_steps_is_run_where_they_are_fast():
    assert device_for(analysed(nn.GRU(4, 3), "L N 4").exploration) == "cpu"


class EmptyPool(nn.Module):
    """The meta device pools nothing without complaint, the CPU refuses."""

    def forward(self, x):
        return F.adaptive_avg_pool1d(x[..., 3:], 6)


def test_where_the_meta_device_is_laxer_the_cpu_decides():
    analysis = analysed(EmptyPool(), "N 4 L")
    assert device_for(analysis.exploration) == "meta"
    devices = {c.run.device for c in confirm_paths(analysis.exploration, analysis.session)}
    assert devices == {"meta", "cpu"}
    assert analysis.evidence == "proven"
    assert analysis.valid_sizes.text == "L >= 4"


class Recurrent(nn.Module):
    """Every pixel is a step in time."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 2, batch_first=True)

    def forward(self, x):
        return self.lstm(x.flatten(2).transpose(1, 2))[0]


def test_what_goes_step_by_step_is_run_at_few_steps():
    analysis = analysed(Recurrent(), "N 3 H W")
    assert analysis.evidence == "proven"
    ran = [c.sizes for c in confirm_paths(analysis.exploration, analysis.session)]
    assert len(ran) > 1
    assert max(sizes["H"] * sizes["W"] for sizes in ran) < 100
