"""What an analysis costs, in forward passes of the same model on the meta device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

import shapelint
from benchmarks.page import head, row
from benchmarks.timing import Work, medians
from shapelint.worker.device import OneDevice
from shapelint.worker.tracer import ShapeTracer

CHANNELS = (64, 128, 256, 512, 1024)
SIZES = {"N": 2, "H": 256, "W": 320}


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Four levels, as in the paper, with padded convolutions and batch norm."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True))
        self.down = nn.ModuleList(map(block, (3, *CHANNELS[:-1]), CHANNELS))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs)
        self.join = nn.ModuleList(block(2 * b, b) for _, b in pairs)
        self.head = nn.Conv2d(CHANNELS[0], 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 3, H, W) -> (N, 2, H, W)``."""
        skips = []
        for down in self.down[:-1]:
            x = down(x)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.down[-1](x)
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return self.head(x)


class Chain(nn.Module):
    """As many ReLUs as asked for: does the time per operation depend on their number?"""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 3, H, W) -> (N, 3, H, W)``."""
        for _ in range(self.length):
            x = torch.relu(x)
        return x


def plain(model: nn.Module) -> Work:
    """One forward pass without data."""
    x = torch.empty(SIZES["N"], 3, SIZES["H"], SIZES["W"], device="meta")
    return torch.no_grad()(lambda: model(x))


def traced(model: nn.Module) -> Work:
    """One run with lengths riding along."""
    inputs = {"0": (("N", 3, "H", "W"), torch.float32)}

    def work() -> None:
        with OneDevice("meta"):
            ShapeTracer().run(model, inputs, SIZES)

    return work


def analysed(model: nn.Module) -> Work:
    """Every size at once."""
    return lambda: shapelint.analyze(model, inputs=[("N", 3, "H", "W")]).exploration.valid


def reported(model: nn.Module) -> Work:
    """All sizes, confirmed in PyTorch, with the findings of all rules, and every fix tried."""
    return lambda: shapelint.check(model, "N 3 H W")


def lines(rounds: int) -> Iterator[str]:
    """The table; what takes long is measured less often."""
    torch.set_num_threads(1)
    with torch.device("meta"):
        unet, short, long = UNet().eval(), Chain(100), Chain(5000)
    few = max(1, rounds // 3)
    yield head("what", "forward passes")
    for what, model, work, times in (
        ("one traced run of a U-Net", unet, traced, rounds),
        ("all sizes of a U-Net", unet, analysed, rounds),
        ("a whole report on a U-Net", unet, reported, few),
        ("all sizes, 100 operations", short, analysed, few),
        ("all sizes, 5000 operations", long, analysed, 1),
    ):
        mine, pass_ = medians([work(model), plain(model)], times)
        yield row(what, f"{mine / pass_:.1f}")
