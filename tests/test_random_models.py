"""Random encoder-decoder networks: what is predicted is what PyTorch does on the CPU.

Hyper-parameters are random and may be illegal; sizes are random too. ``HYPOTHESIS_PROFILE=long``
tries two thousand networks instead of a few dozen. A failure prints the specification of the
network and the call that shows the difference.
"""

from __future__ import annotations

import os
import random
from typing import Any

import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tests.runs import analysed, really

_EXAMPLES = 2000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 30

INPUTS = {1: "N 2 L", 2: "N 2 H W"}
CONV = {1: nn.Conv1d, 2: nn.Conv2d}
GROW = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d}
POOL = {1: (nn.MaxPool1d, nn.AvgPool1d), 2: (nn.MaxPool2d, nn.AvgPool2d)}

Spec = dict[str, Any]
"""A network: its rank, the layers on the way down and up, and how skips are joined."""


class Net(nn.Module):
    """The network of a specification. Every map has two channels."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.down = nn.ModuleList(layer(spec["rank"], s) for s in spec["down"])
        self.up = nn.ModuleList(layer(spec["rank"], s) for s in spec["up"])

    def forward(self, x):
        skips = []
        for stage in self.down:
            skips.append(x)
            x = stage(x)
        for stage, join in zip(self.up, self.spec["joins"]):
            x = joined(stage(x), skips.pop() if skips else x, join)
        return x


class Resize(nn.Module):
    """``F.interpolate`` by a factor, nearest or linear."""

    def __init__(self, rank: int, factor: float, smooth: bool) -> None:
        super().__init__()
        self.factor, self.mode = factor, ["nearest", ["linear", "bilinear"][rank - 1]][smooth]

    def forward(self, x):
        return F.interpolate(x, scale_factor=self.factor, mode=self.mode)


class ToEven(nn.Module):
    """Pads every odd length by one."""

    def forward(self, x):
        for dim in range(2, x.dim()):
            if x.shape[dim] % 2:
                x = torch.cat([x, x.narrow(dim, 0, 1)], dim)
        return x


def layer(rank: int, spec: tuple[Any, ...]) -> nn.Module:
    kind, *values = spec
    if kind == "conv":
        k, s, p, d = values
        return CONV[rank](2, 2, k, s, p, dilation=d)
    if kind == "grow":
        k, s, p, extra, d = values
        return GROW[rank](2, 2, k, s, p, output_padding=extra, dilation=d)
    if kind == "pool":
        which, k, s, p, ceil_mode = values
        return POOL[rank][which](k, s, p, ceil_mode=ceil_mode)
    return Resize(rank, *values) if kind == "resize" else ToEven()


def joined(x, skip, how: str):
    if how == "cat":
        return torch.cat([x, skip], 1)[:, :2]
    if how == "add":
        return x + skip
    if how == "fit":
        return F.interpolate(x, size=skip.shape[2:]) + skip
    if how == "crop":
        return x[..., : skip.shape[-1]]
    return x


def _n(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


_CONV = st.tuples(st.just("conv"), _n(1, 5), _n(1, 4), _n(0, 2), _n(1, 2))
_POOL = st.tuples(st.just("pool"), _n(0, 1), _n(1, 4), _n(1, 3), _n(0, 2), st.booleans())
_GROW = st.tuples(st.just("grow"), _n(1, 5), _n(1, 4), _n(0, 2), _n(0, 2), _n(1, 2))
_SCALES = st.sampled_from([0.5, 2.0, 3.0, 1.5, 0.25])
_RESIZE = st.tuples(st.just("resize"), _SCALES, st.booleans())
_JOIN = st.sampled_from(["none", "cat", "add", "fit", "crop"])
_EVEN = st.just(("even",))


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    depth = draw(_n(0, 3))
    down = draw(st.lists(_CONV | _POOL | _EVEN, min_size=depth, max_size=depth))
    up = draw(st.lists(_GROW | _RESIZE | _CONV, min_size=0, max_size=depth))
    joins = draw(st.lists(_JOIN, min_size=len(up), max_size=len(up)))
    return {"rank": draw(st.sampled_from([1, 1, 2])), "down": down, "up": up, "joins": joins}


def sizes_of(rank: int, seed: int) -> list[dict[str, int]]:
    """Small sizes, and some that are larger and off all powers of two."""
    chosen = random.Random(seed)
    names = ["L"] if rank == 1 else ["H", "W"]
    return [
        {"N": chosen.choice([1, 2, 3]), **{s: chosen.randint(1, top) for s in names}}
        for top in (6, 6, 20, 20, 20, 70, 70, 150)
    ]


def difference(spec: Spec, sizes: dict[str, int], analysis: Any = None) -> Any:
    """What is predicted beside what PyTorch did; None if they agree or nothing is predicted."""
    module, inputs = Net(spec), INPUTS[spec["rank"]]
    told = (analysis or analysed(module, inputs)).predict(sizes)
    truth = really(module, inputs, sizes)
    if told.ok is None or (told.ok, told.shapes) == (truth is not None, truth):
        return None
    return {"told": told, "true": truth}


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(specs(), _n(0, 2**32))
def test_what_is_predicted_is_what_pytorch_does(spec: Spec, seed: int) -> None:
    try:
        module = Net(spec)
    except ValueError:  # refused by the constructor, as PyTorch does
        return
    analysis = analysed(module, INPUTS[spec["rank"]])
    if analysis.evidence == "proven":
        assert analysis.exploration.unexplored.is_empty
    for sizes in sizes_of(spec["rank"], seed):
        wrong = difference(spec, sizes, analysis)
        if wrong:
            note(
                f"from tests.test_random_models import difference\ndifference({spec!r}, {sizes!r})"
            )
        assert not wrong or analysis.evidence != "proven", wrong


def test_the_test_above_can_fail() -> None:
    """A network whose prediction is wrong on purpose is told from one whose is right."""
    spec: Spec = {"rank": 1, "down": [("conv", 3, 2, 1, 1)], "up": [], "joins": []}
    other = {**spec, "down": [("conv", 3, 2, 0, 1)]}
    sizes = {"N": 1, "L": 9}
    assert difference(spec, sizes) is None
    assert difference(spec, sizes, analysed(Net(other), "N 2 L"))
