"""Which sizes come back, which are ordinary, and of which models a round trip is expected."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.lengths.domain import domain_of
from shapelint.subject import Subject
from tests.runs import Fn, analysed, conv, really, up

IMAGE = "N 1 H W"


def _subject(module: nn.Module, inputs: str = IMAGE) -> Subject:
    return analysed(module, inputs).subject


class Mirrored(nn.Module):
    """Behind the linear layers the decoder starts where the encoder ended, at 4 x 4."""

    def __init__(self, extra: int = 0, starts: int = 4) -> None:
        super().__init__()
        self.down = nn.Sequential(conv(s=2), conv(s=2))
        self.linear, self.starts = nn.Linear(16, starts * starts), starts
        self.up = nn.Sequential(*(up(k=3, p=1, output_padding=extra) for _ in range(2)))

    def forward(self, x):
        code = self.linear(self.down(x).flatten(1))
        return self.up(code.view(-1, 1, self.starts, self.starts))


DOWN_UP = nn.Sequential(conv(s=2), up())

EXPECTED = {
    "nothing happens": (nn.Identity(), False),
    "a classifier": (nn.Sequential(conv(s=2), nn.AdaptiveAvgPool2d(1)), False),
    "an encoder": (conv(s=2), False),
    "a generator": (up(), False),
    "an output of another rank": (nn.Sequential(DOWN_UP, nn.Flatten()), False),
    "half way up": (nn.Sequential(conv(s=2), conv(s=2), up()), False),
    "an autoencoder": (DOWN_UP, True),
    "with another result beside it": (Fn(lambda x: (F.max_pool2d(x, 2), DOWN_UP(x))), True),
}


@pytest.mark.parametrize(("module", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_a_round_trip_is_expected_of_what_goes_down_and_up_again(module, expected):
    assert _subject(module).expects_roundtrip is expected


def test_what_comes_back_may_stand_elsewhere_on_other_ways():
    two_ways = Fn(lambda x: DOWN_UP(x) if x.shape[2] < 100 else (x, DOWN_UP(x)))
    assert _subject(two_ways).roundtrips.text == "H % 2 == 0 and W % 2 == 0"
    longer = Fn(lambda x: DOWN_UP(x) if x.shape[2] < 100 else (x.mean(), DOWN_UP(x)))
    for height in (7, 107):
        sizes = {"N": 2, "H": height, "W": 8}
        assert [n.at(sizes) for n in _subject(longer).result_at(sizes)] == [2, 1, height + 1, 8]


def test_ways_that_return_as_many_return_it_in_the_same_place():
    def ways(x):
        if x.shape[3] == 1:
            return x + 1, F.pad(x, (0, 1))
        return F.max_pool2d(x, (1, 2)), x + 1

    subject = _subject(Fn(ways))
    assert subject.roundtrips.text == "W >= 2"
    sizes = {"N": 1, "H": 2, "W": 1}
    assert [n.at(sizes) for n in subject.result_at(sizes)] == [1, 1, 2, 2]


def test_on_one_way_a_dim_may_be_one_that_other_ways_do_not_speak_of():
    squeezed = Fn(lambda x: x.squeeze(3) * x.new_ones(len(x), 4, 1, 1, 1))
    sizes = {"N": 4, "D": 1, "H": 1, "W": 3}
    subject = _subject(squeezed, "N 4 D H W")
    assert [n.at(sizes) for n in subject.exploration.outcome(sizes)[2][0]] == [4, 4, 4, 1, 3]
    assert sizes not in subject.roundtrips
    assert {**sizes, "H": 2} in subject.roundtrips


RETURNED = {
    "the only one": (DOWN_UP, IMAGE, 0),
    "the one at the level of the input": (Fn(lambda x: (F.max_pool2d(x, 2), x + 1)), IMAGE, 1),
    "not the input itself": (Fn(lambda x: (x, x + 1)), IMAGE, 1),
    "none of that rank": (nn.Flatten(), IMAGE, None),
    "none that was made": (nn.Identity(), IMAGE, None),
}


@pytest.mark.parametrize(("module", "inputs", "index"), RETURNED.values(), ids=RETURNED)
def test_the_output_that_corresponds_to_the_input(module, inputs, index):
    assert _subject(module, inputs).returned == index


SPATIAL = {
    "images": ("N 1 H W", ("H", "W")),
    "one wave": ("N 1 L", ("L",)),
    "a vector": ("L", ("L",)),
    "channels last": ("N H W 3", ("H", "W")),
    "the batch in another place too": ("N N L", ("N", "L")),
}


@pytest.mark.parametrize(("inputs", "symbols"), SPATIAL.values(), ids=SPATIAL)
def test_the_batch_is_no_spatial_dim(inputs, symbols):
    assert _subject(nn.ReLU(), inputs).spatial == symbols


ORDINARY = {
    "no stride": (conv(), 1),
    "only up": (up(), 1),
    "two strides": (nn.Sequential(conv(s=2), conv(s=3)), 6),
    "down and up": (DOWN_UP, 2),
}


@pytest.mark.parametrize(("module", "step"), ORDINARY.values(), ids=ORDINARY)
def test_ordinary_sizes_are_multiples_of_the_downsampling(module, step):
    subject = _subject(module)
    assert subject.granularity("H") == step
    assert subject.ordinary == domain_of([f"H % {step} == 0 and W % {step} == 0"], ("N", "H", "W"))


class Refuses(nn.Module):
    """A decoder of fixed factor, which is right for the sizes that are let in."""

    def __init__(self, step: int, rest: int) -> None:
        super().__init__()
        self.down, self.step, self.rest = conv(s=2), step, rest

    def forward(self, x):
        assert x.shape[2] % self.step == self.rest
        if x.shape[3] % self.step != self.rest:
            raise ValueError(f"no multiple of {self.step} plus {self.rest}")
        size = [2 * n - 1 for n in self.down(x).shape[2:]]
        return F.interpolate(self.down(x), size)


REFUSALS = {
    "all multiples: the others are ordinary": (2, 1, "H % 2 == 1 and W % 2 == 1"),
    "some multiples: the rest of them are": (4, 0, "H % 4 == 0 and W % 4 == 0"),
}


@pytest.mark.parametrize(("step", "rest", "ordinary"), REFUSALS.values(), ids=REFUSALS)
def test_sizes_that_a_model_refuses_are_not_ordinary(step, rest, ordinary):
    analysis = analysed(Refuses(step, rest), IMAGE)
    assert analysis.subject.ordinary.text == ordinary
    (breach,) = [d for d in analysis.diagnostics if d.name == "roundtrip-length"] or [None]
    assert (breach is None) == (rest == 1)


class Parity(nn.Module):
    """Pads odd heights only: widths come back if even, heights always."""

    def forward(self, x):
        tall = x.shape[-2]
        y = F.pad(x, (0, 0, 0, 1)) if tall % 2 else x
        return F.interpolate(F.max_pool2d(y, 2), scale_factor=2)[..., :tall, :]


COME_BACK = {
    "everywhere": nn.Sequential(conv()),
    "even sizes": DOWN_UP,
    "odd sizes": nn.Sequential(conv(s=2), up(k=3, p=1)),
    "different along the axes": Parity(),
    "one longer": conv(p=2, k=4),
    "nowhere": nn.Sequential(conv(p=0)),
    "fails at some": nn.Sequential(nn.MaxPool2d(4), nn.Upsample(scale_factor=4)),
    "handed back where it is small": Fn(lambda x: x[..., :-1, :] if x.shape[2] > 2 else x),
    "axes exchanged": Fn(lambda x: torch.relu(x).transpose(-1, -2)),
}


@pytest.mark.parametrize("module", COME_BACK.values(), ids=COME_BACK)
def test_sizes_that_come_back_are_those_that_really_do(module):
    subject = _subject(module)
    for h in range(1, 14):
        for w in (*range(1, 10), 16, 17):
            sizes = {"N": 2, "H": h, "W": w}
            shapes = really(module, IMAGE, sizes)
            assert (sizes in subject.roundtrips) == (shapes is not None and shapes[0][2:] == (h, w))


GAPS = {
    "one more": (conv(k=2), 1, True),
    "not two more": (conv(k=2), 2, False),
    "only ordinary sizes count": (nn.Sequential(conv(s=2), up(k=3, p=1)), -1, True),
    "not for all": (nn.Sequential(conv(s=2), conv(s=2), up(k=4, s=4, output_padding=1)), 0, False),
}


@pytest.mark.parametrize(("module", "gap", "constant"), GAPS.values(), ids=GAPS)
def test_a_constant_gap(module, gap, constant):
    assert _subject(module).constant_gap("H", gap) is constant


def test_witnesses_keep_the_batch_of_the_base_run_and_are_small():
    subject = _subject(nn.Sequential(nn.MaxPool2d(4), conv()))
    (failing, *_) = subject.failing("fits")
    witness = subject.witness(failing.sizes)
    assert witness == {"N": 2, "H": 1, "W": 4}
    assert really(nn.MaxPool2d(4), IMAGE, witness) is None
    assert subject.node_of(failing).op == "max_pool2d"
    assert subject.node_raising(witness) == subject.node_of(failing)
    assert subject.node_raising({"N": 2, "H": 8, "W": 8}) is None


def test_where_no_small_size_runs_nothing_is_said_of_those_that_come_back():
    volume = Fn(lambda x: DOWN_UP(x.view(len(x), 1 if x.numel() ** 0.3 > 20 else 2, *x.shape[2:])))
    analysis = analysed(volume, IMAGE)
    assert not analysis.valid_sizes
    assert analysis.predict({"N": 2, "H": 320, "W": 320}).shapes == [(2, 1, 320, 320)]
    assert "SHP101" not in {d.code for d in analysis.diagnostics}


def test_a_decoder_of_a_fixed_size_has_to_return_what_its_encoder_got():
    analysis = analysed(Mirrored(), IMAGE)
    (found,) = (d for d in analysis.diagnostics if d.code == "SHP101")
    assert found.message == "output is 3 shorter than the input for H == 16"
    assert {s: found.witness[s] for s in "HW"} == {"H": 16, "W": 16}
    assert "kernel_size=4 (k4 s2 p1)" in {f.title for f in found.fixes}


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(Mirrored(extra=1), id="comes back"),
        pytest.param(Mirrored(starts=5), id="begins elsewhere: another size is meant"),
        pytest.param(nn.Sequential(Mirrored(), up()), id="ends at another level"),
    ],
)
def test_a_decoder_of_a_fixed_size_that_is_meant_as_it_is(module):
    codes = {d.code for d in analysed(module, IMAGE).diagnostics}
    assert "SHP401" in codes
    assert not codes & {"SHP101", "SHP102"}
