"""Which changes of resolution a model has, and which of them belong together."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.lengths.formulas import formula
from shapelint.losses import first_loss, shrinks_by_design
from shapelint.stages import Structure, level
from tests.runs import Fn, analysed, conv, really, up


def _patches(x):
    """Patches of 4 x 4 as channels, by view."""
    n, c, h, w = x.shape
    x = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(n, 16 * c, h // 4, w // 4)


def _resize(x):
    return F.interpolate(x, scale_factor=0.5)


STAGES = {
    "stride 1 changes nothing": (conv(), []),
    "unpadded stride 1 changes nothing": (conv(p=0), []),
    "global pooling leaves no length": (nn.AdaptiveAvgPool2d(1), []),
    "stride of a convolution": (conv(s=2), ["1/2"]),
    "unpadded stride": (conv(s=3, p=0), ["1/3"]),
    "stride of a dilated one": (conv(s=2, dilation=2), ["1/2"]),
    "pool": (nn.MaxPool2d(2), ["1/2"]),
    "pool with ceil_mode": (nn.AvgPool2d(3, 2, 1, ceil_mode=True), ["1/2"]),
    "stride of 1 and pool": (nn.Sequential(conv(), nn.MaxPool2d(4)), ["1/4"]),
    "transposed": (up(), ["2"]),
    "upsample": (nn.Upsample(scale_factor=3), ["3"]),
    "interpolate down": (Fn(_resize), ["1/2"]),
    "pixel shuffle": (nn.PixelShuffle(1), []),
    "pixel unshuffle": (nn.PixelUnshuffle(2), ["1/2"]),
    "patches by view": (Fn(_patches), ["1/4"]),
    "slice with a step": (Fn(lambda x: x[:, :, ::2, ::2]), ["1/2"]),
    "down and up": (nn.Sequential(conv(s=2), up()), ["1/2", "2"]),
    "a loop over a list": (nn.Sequential(*(conv(s=2) for _ in range(3))), ["1/2"] * 3),
}


def _structure(module: nn.Module, inputs: str = "N 1 H W") -> Structure:
    analysis = analysed(module, inputs)
    assert analysis.evidence == "proven", analysis.doubts
    return analysis.subject.structure


@pytest.mark.parametrize(("module", "factors"), STAGES.values(), ids=STAGES)
def test_stages_are_changes_of_resolution(module, factors):
    found = _structure(module)
    for symbol in ("H", "W"):
        factor = Fraction(1)
        for stage, expected in zip(found.of(symbol), factors, strict=True):
            assert stage.factor == Fraction(expected)
            assert stage.entered == factor
            factor *= stage.factor
            assert stage.left == factor
            assert stage.is_down == (stage.factor < 1)


@pytest.mark.parametrize(("module", "factors"), STAGES.values(), ids=STAGES)
def test_the_level_of_the_output_is_the_slope_of_its_real_length(module, factors):
    analysis = analysed(module)
    shapes = [really(module, "N 1 H W", {"N": 1, "H": h, "W": 144}) for h in (144, 288)]
    slope = Fraction(shapes[1][0][2] - shapes[0][0][2], 144)
    found = level(analysis.exploration.base.outputs[0], "H")
    assert (found[0] if found else 0) == slope


def test_pixel_shuffle_is_a_stage_up():
    (stage, _) = _structure(nn.PixelShuffle(2), "N 4 H W").stages
    assert (stage.factor, formula(stage.after), formula(stage.local)) == (2, "2*H", "2*n")


LOCAL = {
    "a stride": (conv(s=2), "ceil(n/2)"),
    "a stride without padding": (conv(s=2, p=0), "ceil(n/2) - 1"),
    "a pool": (nn.MaxPool2d(2), "floor(n/2)"),
    "a pool that rounds up": (nn.MaxPool2d(2, ceil_mode=True), "ceil(n/2)"),
    "transposed": (up(k=3, p=1), "2*n - 1"),
    "output_padding": (up(k=3, p=1, output_padding=1), "2*n"),
}


@pytest.mark.parametrize(("layer", "text"), LOCAL.values(), ids=LOCAL)
def test_a_stage_knows_its_map_wherever_it_stands(layer, text):
    found = _structure(nn.Sequential(conv(s=3), layer))
    stage = found.of("H")[-1]
    assert formula(stage.local) == text
    for n in range(3, 20):
        assert stage.local.at({"n": n}) == layer(torch.zeros(1, 1, n, 9)).shape[2]


# -- pairs ----------------------------------------------------------------------------------


class Net(nn.Module):
    """Encoder and decoder stages in loops; skips are joined by ``join``, if at all."""

    def __init__(self, down, grow, join=None) -> None:
        super().__init__()
        self.down, self.grow, self.join = nn.ModuleList(down), nn.ModuleList(grow), join

    def forward(self, x):
        skips = []
        for stage in self.down:
            skips.append(x)
            x = stage(x)
        for stage in self.grow:
            x, skip = stage(x), skips.pop() if skips else None
            if self.join == "add":
                x = x + skip
            if self.join == "cat":
                x = torch.cat([x, skip], 1)[:, :1]
        return x


class Nested(nn.Module):
    """A U-Net whose every junction joins what two depths say about one level (U-Net++)."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ModuleList(up() for _ in range(3))

    def forward(self, x):
        half = F.max_pool2d(x, 2)
        quarter = F.max_pool2d(half, 2)
        shallow = x + self.up[0](half)
        middle = half + self.up[1](quarter)
        return shallow + self.up[2](middle)


class Inner(nn.Module):
    """A U-Net inside a U-Net, as in U^2-Net."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.up = inner, up()

    def forward(self, x):
        return x + self.up(self.inner(F.max_pool2d(x, 2)))


def _strides(*values: int):
    return [conv(s=s) for s in values]


def _ups(*values: int):
    return [up(k=s, s=s) for s in values]


PAIRS = {
    "no encoder: a generator": (nn.Sequential(up(), up()), []),
    "no decoder: a classifier": (nn.Sequential(conv(s=2), nn.MaxPool2d(2)), []),
    "up before down": (nn.Sequential(up(), conv(s=2)), []),
    "parallel towers": (Fn(lambda x: (F.max_pool2d(x, 2), F.interpolate(x, scale_factor=2))), []),
    "one down, one up": (Net(_strides(2), _ups(2)), [(0, 0)]),
    "inside out": (Net(_strides(2, 2, 2), _ups(2, 2, 2)), [(2, 0), (1, 1), (0, 2)]),
    "different strides, mirrored": (
        Net(_strides(2, 3, 5), _ups(5, 3, 2)),
        [(2, 0), (1, 1), (0, 2)],
    ),
    "skips by add": (Net(_strides(2, 2), _ups(2, 2), "add"), [(1, 0), (0, 1)]),
    "skips by cat": (Net(_strides(2, 2), _ups(2, 2), "cat"), [(1, 0), (0, 1)]),
    "pool and upsample": (
        Net([nn.MaxPool2d(2)] * 2, [nn.Upsample(scale_factor=2)] * 2),
        [(1, 0), (0, 1)],
    ),
    "one stage up spans two down": (Net(_strides(2, 2), _ups(4)), [(0, 0)]),
    "one stage up spans the inner two": (Net(_strides(2, 2, 2), _ups(4, 2)), [(1, 0), (0, 1)]),
    "two stages up for one down": (Net(_strides(4), _ups(2, 2)), [(0, 0)]),
    "a decoder that stops half way": (Net(_strides(2, 2), _ups(2)), [(1, 0)]),
    "a stage up that goes too far": (Net(_strides(2), _ups(4)), [(0, 0)]),
    "a super-resolver on top": (Net(_strides(2), _ups(2, 2)), [(0, 0)]),
    "nested twice": (Inner(Inner(nn.Identity())), [(1, 0), (0, 1)]),
    "U-Net++": (Nested(), [(0, 0), (1, 1)]),
}


@pytest.mark.parametrize(("module", "expected"), PAIRS.values(), ids=PAIRS)
def test_pairs_are_matched_inside_out(module, expected):
    found = _structure(module)
    for symbol in ("H", "W"):
        stages = found.of(symbol)
        down = [s for s in stages if s.is_down]
        grow = [s for s in stages if not s.is_down]
        pairs = [
            (down.index(p.encoder), grow.index(p.decoder))
            for p in found.pairs
            if p.symbol == symbol
        ]
        assert pairs == expected
    assert found.has_decoder == bool(expected)


def test_a_pair_is_exact_if_it_returns_the_length_for_every_size():
    exact = _structure(Fn(lambda x: F.interpolate(F.max_pool2d(x, 2), size=x.shape[2:])))
    assert [p.is_exact for p in exact.pairs] == [True, True]
    lossy = _structure(Net(_strides(2), _ups(2)))
    assert [p.is_exact for p in lossy.pairs] == [False, False]


DEEPEST = {
    "nothing": (nn.Identity(), 1),
    "only up": (up(), 1),
    "one": (conv(s=2), Fraction(1, 2)),
    "four": (nn.Sequential(*_strides(2, 2, 2, 2)), Fraction(1, 16)),
    "four and back": (Net(_strides(2, 2, 2, 2), _ups(2, 2, 2, 2)), Fraction(1, 16)),
}


@pytest.mark.parametrize(("module", "deepest"), DEEPEST.values(), ids=DEEPEST)
def test_the_deepest_level(module, deepest):
    assert _structure(module).deepest("H") == deepest


def test_what_a_node_depends_on_lies_above_it():
    found = _structure(Net(_strides(2), _ups(2), "add"))
    nodes = {n.op: n.index for n in found.trace.nodes}
    assert found.above(nodes["add"]) == set(range(len(found.trace.nodes)))
    assert found.above(nodes["conv2d"]) == {0, nodes["conv2d"]}


# -- losses ---------------------------------------------------------------------------------

AT = {"N": 2, "H": 64, "W": 64}
LOSSES = {
    "an exact net": (Net(_strides(2, 2), _ups(2, 2)), AT, None),
    "a generator, exact": (nn.Sequential(*_ups(2, 2)), AT, None),
    "only the first is wrong": (
        Net(_strides(2, 2), [up(k=3, p=1), up()]),
        AT,
        ("grow.0", 32, 31),
    ),
    "only the second is wrong": (
        Net(_strides(2, 2), [up(), up(k=3, p=1)]),
        AT,
        ("grow.1", 64, 63),
    ),
    "both: the first is blamed": (
        Net(_strides(2, 2), [up(k=3, p=1), up(k=3, p=1)]),
        AT,
        ("grow.0", 32, 31),
    ),
    "one that is right, behind one that is wrong": (
        Net([conv(k=10, s=5, p=2), conv(k=4, s=4, p=0)], [up(k=4, s=4, p=0), up(k=10, s=5, p=2)]),
        {"N": 2, "H": 40, "W": 40},
        ("grow.1", 40, 21),
    ),
    "at a size that it was not made for": (
        Net(_strides(2), _ups(2)),
        {"N": 2, "H": 33, "W": 64},
        ("grow.0", 33, 34),
    ),
    "padded by one below, along the axis that comes back": (
        nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), conv(s=2, p=0), up()),
        {"N": 2, "H": 64, "W": 65},
        ("2", 66, 64),
    ),
    "two stages up for one down": (
        Net(_strides(4), [up(), up(k=3, p=1)]),
        AT,
        ("grow.1", 64, 63),
    ),
}


@pytest.mark.parametrize(("module", "sizes", "expected"), LOSSES.values(), ids=LOSSES)
def test_the_first_stage_that_loses_length_is_blamed(module, sizes, expected):
    loss = first_loss(analysed(module).subject, sizes)
    told = loss and (loss.stage.node.module, loss.expected, loss.actual)
    assert told == expected


SHRINK = {
    "same padding": (Net(_strides(2), _ups(2)), False),
    "a convolution without padding": (nn.Sequential(conv(p=0), conv()), True),
    "padded back": (nn.Sequential(conv(p=0), conv(p=2)), False),
    "a stride is no shrinking": (conv(s=2, p=0), False),
    "the original U-Net": (
        nn.Sequential(conv(p=0), nn.MaxPool2d(2), conv(p=0), up(), conv(p=0)),
        True,
    ),
}


@pytest.mark.parametrize(("module", "shrinks"), SHRINK.values(), ids=SHRINK)
def test_unpadded_convolutions_shrink_by_design(module, shrinks):
    assert shrinks_by_design(analysed(module).subject) == shrinks
