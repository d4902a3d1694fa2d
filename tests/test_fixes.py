"""What a fix is said to do is what the model does once it is built that way."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.fixes import proposals
from shapelint.lengths.domain import domain_of
from shapelint.model import Fix
from tests.runs import analysed, conv, really, up


class Wave(nn.Module):
    """One stride down, one up, along ``L``."""

    def __init__(self, s: int = 2, tell: bool = False, **decoder) -> None:
        super().__init__()
        self.down = nn.Conv1d(1, 2, 3, s, 1)
        self.up = nn.ConvTranspose1d(
            2, 1, **{"kernel_size": 3, "stride": s, "padding": 1, **decoder}
        )
        self.tell = tell

    def forward(self, x):
        size = {"output_size": x.shape[-1:]} if self.tell else {}
        return self.up(self.down(x), **size)


class UNet(nn.Module):
    """Two pools, two ups, two skips."""

    def __init__(self, fit: bool = False, ceil_mode: bool = False, join: str = "cat") -> None:
        super().__init__()
        self.pool1 = nn.MaxPool2d(2, ceil_mode=ceil_mode)
        self.pool2 = nn.MaxPool2d(2, ceil_mode=ceil_mode)
        self.up2, self.up1 = up(), up()
        self.fit, self.join = fit, join

    def joined(self, y, skip):
        if self.fit:
            tall, wide = (a - b for a, b in zip(skip.shape[2:], y.shape[2:]))
            y = F.pad(y, (0, wide, 0, tall))
        return y + skip if self.join == "add" else torch.cat([y, skip], 1)[:, :1]

    def forward(self, x):
        half = self.pool1(x)
        deep = self.joined(self.up2(self.pool2(half)), half)
        return self.joined(self.up1(deep), x)


class Pooled(nn.Module):
    """A pool on the way down, and unpooling with its indices on the way up."""

    def __init__(self, tell: bool = False) -> None:
        super().__init__()
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.tell = tell

    def forward(self, x):
        size = {"output_size": x.shape[2:]} if self.tell else {}
        return self.unpool(*self.pool(x), **size)


def _head(features: int) -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(features, 3))


def _two(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 4, 3), nn.Conv1d(channels, 1, 3))


def _grown(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 4, 3), nn.ConvTranspose1d(channels, 1, 2, 2))


def _grouped(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 4, 3), nn.Conv1d(channels, 2, 3, groups=2))


def _pools(ceil_mode: bool) -> nn.Module:
    return nn.Sequential(*(nn.AvgPool1d(2, ceil_mode=ceil_mode) for _ in range(3)))


WAVE, IMAGE = "N 1 L", "N 1 H W"
FIXES = {
    "output_padding": (Wave(), Wave(output_padding=1), WAVE, "output_padding=1", "unsafe"),
    "output_padding, stride 5": (
        Wave(5),
        Wave(5, output_padding=4),
        WAVE,
        "output_padding=4",
        "unsafe",
    ),
    "too long: less output_padding": (
        Wave(4, kernel_size=4, padding=0, output_padding=2),
        Wave(4, kernel_size=4, padding=0, output_padding=0),
        WAVE,
        "output_padding=0",
        "unsafe",
    ),
    "even kernel": (Wave(), Wave(kernel_size=4), WAVE, "kernel_size=4 (k4 s2 p1)", "display"),
    "even kernel, stride 4": (
        Wave(4),
        Wave(4, kernel_size=8, padding=2),
        WAVE,
        "kernel_size=8 (k8 s4 p2)",
        "display",
    ),
    "output_size": (
        Wave(),
        Wave(tell=True),
        WAVE,
        "output_size=x.shape[-1:] in forward",
        "display",
    ),
    "output_size of an unpooling": (
        Pooled(),
        Pooled(tell=True),
        IMAGE,
        "output_size=x.shape[-2:] in forward",
        "display",
    ),
    "pad to the skip": (UNet(), UNet(fit=True), IMAGE, "F.interpolate(y, ", "display"),
    "pad to a skip that is added": (
        UNet(join="add"),
        UNet(fit=True, join="add"),
        IMAGE,
        "F.interpolate(y, ",
        "display",
    ),
    "ceil_mode": (_pools(False), _pools(True), WAVE, "ceil_mode=True", "unsafe"),
    "in_features": (_head(5), _head(4), WAVE, "in_features=4 in 2", "display"),
    "in_channels": (_two(8), _two(4), WAVE, "in_channels=4 in 1", "display"),
    "in_channels, transposed": (_grown(3), _grown(4), WAVE, "in_channels=4 in 1", "display"),
    "in_channels, in groups": (_grouped(6), _grouped(4), WAVE, "in_channels=4 in 1", "display"),
}
SWEEPS = {
    WAVE: [{"N": 2, "L": n} for n in range(1, 49)],
    IMAGE: [{"N": 2, "H": h, "W": w} for h in range(1, 21) for w in (1, 3, 4, 6, 8, 15, 16)],
}


def fix_of(module: nn.Module, inputs: str, title: str) -> Fix:
    """The one fix that any finding offers under this title."""
    analysis = analysed(module, inputs)
    offered = [f for d in analysis.diagnostics for f in d.fixes if f.title.startswith(title)]
    assert offered, [f.title for d in analysis.diagnostics for f in d.fixes]
    return offered[0]


@pytest.mark.parametrize(
    ("broken", "repaired", "inputs", "title", "applicability"), FIXES.values(), ids=FIXES
)
def test_sizes_after_a_fix_are_those_of_the_model_built_that_way(
    broken, repaired, inputs, title, applicability
):
    fix = fix_of(broken, inputs, title)
    assert fix.applicability == applicability
    before = analysed(broken, inputs).subject
    after = domain_of([fix.sizes_after], before.domain.symbols)
    gained = 0
    for sizes in SWEEPS[inputs]:
        works = _works(repaired, inputs, sizes, before.expects_roundtrip)
        assert (sizes in after) == works, sizes
        gained += works and not _works(broken, inputs, sizes, before.expects_roundtrip)
    assert gained


def _works(module: nn.Module, inputs: str, sizes: dict[str, int], and_comes_back: bool) -> bool:
    shapes = really(module, inputs, sizes)
    given = tuple(n for name, n in sizes.items() if name != "N")
    return shapes is not None and (not and_comes_back or shapes[0][2:] == given)


@pytest.mark.parametrize(
    ("broken", "inputs", "title"), [(b, i, t) for b, _, i, t, _ in FIXES.values()], ids=FIXES
)
def test_a_fix_says_what_works_and_what_it_costs(broken, inputs, title):
    fix = fix_of(broken, inputs, title)
    assert fix.note.startswith("works for ")
    costs = ("checkpoints still load", "weights change shape")
    resized = title.startswith(("kernel_size", "in_"))
    assert fix.note.endswith(costs[resized])


def test_what_a_fix_breaks_is_said():
    assert "odd L, which works today, would not" in fix_of(Wave(), WAVE, "output_padding").note
    assert "would not" not in fix_of(Wave(), WAVE, "output_size").note


# -- nothing is offered that does not help ---------------------------------------------------


class Passing(nn.Module):
    """Builds its pool each time it runs: the layer is no part of the model."""

    def forward(self, x):
        y = nn.MaxPool1d(2)(x)
        return torch.cat([x, F.interpolate(y, scale_factor=2)], 1)


class Placed(nn.Module):
    """Sixteen learned positions: what comes back is another matter."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.out = conv(k=4, s=4, p=0), up(k=4, s=4)
        self.pos = nn.Parameter(torch.zeros(1, 1, 16))

    def forward(self, x):
        y = self.patch(x)
        return self.out((y.flatten(2) + self.pos).reshape(y.shape))


class Doubled(nn.Module):
    """Resized to the skip but for the last step, which doubles."""

    def __init__(self) -> None:
        super().__init__()
        self.downs = nn.ModuleList(nn.Conv1d(1, 1, 3, 2, 1) for _ in range(3))
        self.out = nn.ConvTranspose1d(1, 1, 4, 2, 1)

    def forward(self, x):
        half = self.downs[0](x)
        y = self.downs[2](self.downs[1](half))
        return self.out(half + F.interpolate(y, size=half.shape[2:]))


OFFERED = {
    "nothing is wrong": (Wave(tell=True), WAVE, []),
    "a layer that takes its channels from its first input": (
        nn.Sequential(nn.Conv1d(1, 2, 3, 2, 1), nn.LazyConvTranspose1d(1, 3, 2, 1)),
        WAVE,
        ["output_padding=1", "output_size=x.shape[-1:] in forward", "kernel_size"],
    ),
    "nothing that lets more sizes run": (Placed(), IMAGE, []),
    "a pool that is built in forward": (
        Passing(),
        WAVE,
        ["F.interpolate(y, size=x.shape[2:])", "pad the input"],
    ),
    "no further than to the next length that works": (
        Doubled(),
        WAVE,
        ["pad the input to multiples of 2, crop the output"],
    ),
    "at least so far that the kernel in the middle fits": (
        nn.Sequential(conv(s=2), conv(k=5, p=0), up(k=5, s=1), up(k=3, p=1, output_padding=1)),
        IMAGE,
        ["pad the input to multiples of 2, at least 10, crop the output", "output_size"],
    ),
    "only the dims that are wrong": (
        nn.Sequential(conv(s=2), up(k=(3, 2), p=(1, 0))),
        IMAGE,
        ["output_padding=(1, 0)", "output_size=x.shape[-2:] in forward", "kernel_size"],
    ),
    "a stride that no even kernel fits": (
        Wave(3),
        WAVE,
        ["output_padding=2", "output_size=x.shape[-1:] in forward"],
    ),
}


@pytest.mark.parametrize(("module", "inputs", "titles"), OFFERED.values(), ids=OFFERED)
def test_what_is_offered(module, inputs, titles):
    offered = [f.title for d in analysed(module, inputs).diagnostics for f in d.fixes]
    assert len(offered) == len(titles)
    assert all(o.startswith(t) for o, t in zip(offered, titles))


def test_proposals_for_other_rules_are_not_made():
    subject = analysed(Wave(), WAVE).subject
    assert list(proposals("input-too-small", subject)) == []
    assert list(proposals("roundtrip-length", subject))


def test_a_layer_that_needs_an_illegal_output_padding_gets_none():
    """Kernel 1, stride 2: one sample is missing, and another one for the padding."""
    offered = {
        p.title for p in proposals("roundtrip-length", analysed(Wave(padding=2), WAVE).subject)
    }
    assert not any(title.startswith("output_padding") for title in offered)
