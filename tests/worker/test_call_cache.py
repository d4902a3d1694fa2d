"""A run that takes from earlier ones what calls have said tells what a run on its own tells."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.trace import Trace
from shapelint.worker import kernels
from shapelint.worker.caches import Caches
from shapelint.worker.tracer import ShapeTracer

IMAGE = {"0": (("N", 1, "H", "W"), torch.float32)}
FIRST = {"N": 2, "H": 32, "W": 48}


class Net(nn.Module):
    """``body`` of an image; the layers have no state that a run changes."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, 2, 1)
        self.body = body

    def forward(self, x: torch.Tensor) -> Any:
        return self.body(self, x)


def _pads(net: Net, x: torch.Tensor) -> torch.Tensor:
    if x.shape[-1] % 2:
        x = F.pad(x, (0, 1))
    return net.conv(net.conv(x).relu_())


def _broadcasts(net: Net, x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(net.conv(x), scale_factor=2) + x


def _attends(net: Net, x: torch.Tensor) -> torch.Tensor:
    y = net.conv(x).flatten(2).transpose(1, 2)
    y = torch.softmax(y @ y.mT, -1) @ y
    return y.transpose(1, 2).unflatten(2, (-1, 2)).relu()


def _views(net: Net, x: torch.Tensor) -> torch.Tensor:
    y = net.conv(x).permute(0, 2, 3, 1)
    return y.contiguous().view(y.shape[0], -1) if y.shape[1] > 2 else y.view(y.shape[0], -1)


def _catches(net: Net, x: torch.Tensor) -> torch.Tensor:
    for _ in range(2):
        try:
            x = x + net.conv(x)
        except RuntimeError:
            x = x.tanh()
    return x


def _counts(net: Net, x: torch.Tensor) -> list[torch.Tensor]:
    return [piece.relu() for piece in net.conv(x).split(8, 3)]


def _writes(net: Net, x: torch.Tensor) -> torch.Tensor:
    sizes = torch.tensor([x.shape[2], x.shape[3]])
    x.add_(1)
    sizes.mul_(2)
    return x.new_zeros(sizes.tolist())


def _cuts(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.conv(x)[:, :, :4].contiguous().view(len(x), -1)


def _regroups(net: Net, x: torch.Tensor) -> torch.Tensor:
    return torch.cat((x, x), 1).permute(0, 3, 1, 2).flatten(0, 1).view(-1)


def _reshapes(net: Net, x: torch.Tensor) -> torch.Tensor:
    n, _, h, w = x.shape
    for y in torch.cat((x, x), 1), torch.cat((x, x), 1).mT.contiguous().mT:
        x = x + y.reshape(n, -1).reshape(n, 2, h, w).view(n, 2, h * w).view(n, 2, h, w).sum()
    return x.reshape(n * w, -1).view(-1)


BODIES = {f.__name__.strip("_"): f for f in (
    _pads, _broadcasts, _attends, _views, _catches, _counts, _writes, _cuts, _regroups, _reshapes,
)}  # fmt: skip
SIZES = {
    "the same size": FIRST,
    "another size on the same way": {"N": 3, "H": 34, "W": 64},
    "odd": {"N": 2, "H": 33, "W": 49},
    "one": {"N": 1, "H": 1, "W": 1},
    "one in one dim": {"N": 2, "H": 1, "W": 48},
    "small": {"N": 1, "H": 4, "W": 3},
}


def _traced(net: nn.Module, sizes: dict[str, int], caches: Caches | None = None) -> Trace:
    with torch.device("meta"):
        return ShapeTracer(caches=caches).run(net, IMAGE, sizes)


@pytest.mark.parametrize("first", [FIRST, {**FIRST, "N": 1}], ids=["two samples", "one sample"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_was_said_before_makes_no_difference(body: Any, first: dict[str, int]) -> None:
    net, caches = Net(body).to("meta"), Caches()
    for sizes in (first, *SIZES.values()):
        again, alone = (_traced(net, sizes, e) for e in (caches, None))
        assert again == alone, sizes


def _runs(monkeypatch: pytest.MonkeyPatch, body: Any, sizes: dict[str, int]) -> list[str]:
    """The ops that PyTorch runs at ``sizes`` after a run at the first ones."""
    net, caches, seen = Net(body).to("meta"), Caches(), []
    _traced(net, FIRST, caches)
    original = kernels.run_on_meta

    def run(func: Any, args: Any, kwargs: Any) -> Any:
        seen.append(func.__name__)
        return original(func, args, kwargs)

    monkeypatch.setattr(kernels, "run_on_meta", run)
    _traced(net, sizes, caches)
    return seen


_VIEWS = ["flatten", "transpose", "__get__", "transpose", "unflatten"]
RUN = {
    "no kernel at another size": (_pads, {"N": 2, "H": 64, "W": 64}, []),
    "what is new on another way": (
        _pads,
        {"N": 2, "H": 32, "W": 49},
        ["pad", "conv2d", "relu_", "conv2d"],
    ),
    "views, because they share memory": (_attends, {"N": 2, "H": 64, "W": 64}, _VIEWS),
}


@pytest.mark.parametrize(("body", "sizes", "expected"), RUN.values(), ids=RUN)
def test_only_what_is_new_is_run(
    monkeypatch: pytest.MonkeyPatch, body: Any, sizes: dict[str, int], expected: list[str]
) -> None:
    assert _runs(monkeypatch, body, sizes) == expected
