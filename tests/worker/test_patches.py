"""Changes tried on a model: they do what the same change in the source would do, and go away."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from shapelint.model import Input
from shapelint.worker.loading.build import Model, build
from shapelint.worker.runs import Call, plain_run, trace_run


class Pair(nn.Module):
    def __init__(self, kernel: int = 3, channels: int = 4, **up: Any) -> None:
        super().__init__()
        self.enc = nn.Conv1d(1, channels, 3, 2, 1)
        self.dec = nn.ConvTranspose1d(channels, 1, kernel, 2, 1, **up)

    def forward(self, x):
        return self.dec(self.enc(x))


class Head(nn.Module):
    def __init__(self, features: int | None) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3)
        self.head = nn.Linear(features, 2) if features else nn.LazyLinear(2)

    def forward(self, x):
        return self.head(self.conv(x).flatten(1))


class Widths(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.a = nn.Conv1d(1, 4, 3)
        self.b = nn.Conv1d(width, 2, 3)
        self.c = nn.ConvTranspose1d(2, 1, 3)

    def forward(self, x):
        return self.c(self.b(self.a(x)))


class Sized(Pair):
    def forward(self, x):
        return self.dec(self.enc(x), output_size=x.shape[2:])


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Conv1d(1, 4, 3, 2, 1)
        self.dec = nn.ConvTranspose1d(4, 1, 2, 2)

    def forward(self, x):
        return torch.cat([self.dec(self.enc(x)), x], 1)


class Padded(Pair):
    """Up to the next odd length, and cut to the one it was."""

    def __init__(self, least=1):
        super().__init__()
        self.least = least

    def forward(self, x):
        n = x.shape[-1]
        x = nn.functional.pad(x, (0, max((1 - n) % 2, self.least - n)))
        return super().forward(x)[..., :n]


CASES = [
    pytest.param(Pair(), [], Pair(), id="no change"),
    pytest.param(
        Pair(),
        [{"kind": "multiple", "of": [2], "behind": [1], "least": [0], "dims": [-1]}],
        Padded(),
        id="padded input",
    ),
    pytest.param(
        Pair(),
        [{"kind": "multiple", "of": [2], "behind": [1], "least": [9], "dims": [-1]}],
        Padded(least=9),
        id="input padded at least so far",
    ),
    pytest.param(
        Pair(),
        [{"kind": "attr", "module": "dec", "name": "output_padding", "value": [1]}],
        Pair(output_padding=1),
        id="output_padding",
    ),
    pytest.param(
        Pair(),
        [{"kind": "kernel", "module": "dec", "kernel_size": [4], "padding": [1]}],
        Pair(kernel=4),
        id="kernel",
    ),
    pytest.param(
        Head(99), [{"kind": "linear", "module": "head", "in_features": 56}], Head(56), id="linear"
    ),
    pytest.param(
        Head(99), [{"kind": "lazy", "module": "head"}], Head(None), id="as wide as its first input"
    ),
    pytest.param(
        Widths(9),
        [{"kind": "channels", "module": "b", "in_channels": 4}],
        Widths(4),
        id="in_channels",
    ),
    pytest.param(
        Pair(),
        [
            {"kind": "channels", "module": "enc", "out_channels": 6},
            {"kind": "channels", "module": "dec", "in_channels": 6},
        ],
        Pair(channels=6),
        id="channels of both layers",
    ),
    pytest.param(
        Pair(), [{"kind": "output_size", "module": "dec", "like": "enc"}], Sized(), id="output_size"
    ),
]
SIZES = [{"N": 2, "L": n} for n in (1, 2, 7, 15, 16, 33)]
CALL = Call([Input("x", ("N", 1, "L"))])


def _model(module: nn.Module) -> Model:
    return build(lambda device: module if device == "cpu" else _meta_copy(module))


def _meta_copy(module: nn.Module) -> nn.Module:
    import copy

    return copy.deepcopy(module).to("meta")


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("module", "patches", "same_as"), CASES)
def test_runs_like_the_changed_source(
    module: nn.Module, patches: list[Any], same_as: nn.Module, sizes: dict[str, int]
) -> None:
    model, other = _model(module), _model(same_as)
    before = plain_run(model, CALL, sizes)
    wanted = plain_run(other, CALL, sizes)
    patched = plain_run(model, CALL, sizes, patches=patches)
    assert (patched["ok"], patched["shapes"]) == (wanted["ok"], wanted["shapes"])
    trace = trace_run(model, CALL, sizes, patches=patches)
    shapes = [[e.at(sizes) for e in shape] for shape in trace.outputs]
    assert shapes == wanted["shapes"]
    assert {**plain_run(model, CALL, sizes), "seconds": 0} == {**before, "seconds": 0}


@pytest.mark.parametrize("length", [7, 8, 9])
@pytest.mark.parametrize("argument", [0, 1])
def test_fit_pads_or_crops_one_argument_to_another(length: int, argument: int) -> None:
    model, sizes = _model(Skip()), {"N": 2, "L": length}
    cat = next(n.name for n in trace_run(model, CALL, {"N": 2, "L": 8}).nodes if n.op == "cat")
    fit = {"kind": "fit", "node": cat, "argument": argument, "like": 1 - argument, "dims": [-1]}
    trace = trace_run(model, CALL, sizes, patches=[fit])
    assert trace.failure is None
    up = 2 * ((length + 1) // 2)
    assert [e.at(sizes) for e in trace.outputs[0]] == [2, 2, length if argument == 0 else up]
    failed = trace_run(model, CALL, sizes).failure is not None
    assert failed == (up != length)


def test_an_unknown_patch_is_refused() -> None:
    with pytest.raises(KeyError, match="paint"):
        plain_run(_model(Pair()), CALL, SIZES[0], patches=[{"kind": "paint", "module": ""}])
