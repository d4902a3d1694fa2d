"""What an analysis costs, as ratios of times measured side by side.

Run ``python benchmarks/unet.py``; :file:`benchmarks/README.md` says how to read the table.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn

import shapelint
from shapelint.worker.device import OneDevice
from shapelint.worker.tracer import ShapeTracer

CHANNELS = (64, 128, 256, 512, 1024)
SIZES = {"N": 2, "H": 256, "W": 320}

Work = Callable[[], object]


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


def ratio(work: Work, unit: Work, rounds: int) -> float:
    """Median time of ``work`` over median time of ``unit``, measured in turns."""
    times: dict[Work, list[float]] = {work: [], unit: []}
    for taken in (*times.items(),) * (rounds + 1):
        start = time.perf_counter()
        taken[0]()
        taken[1].append(time.perf_counter() - start)
    mine, theirs = (statistics.median(seconds[1:]) for seconds in times.values())
    return mine / theirs


def rows(rounds: int) -> Sequence[tuple[str, str, Work, Work, int]]:
    """What is measured, against what, and how often."""
    with torch.device("meta"):
        unet, short, long = UNet().eval(), Chain(100), Chain(5000)
    meta, few = "one forward pass on the meta device", max(1, rounds // 3)
    return [
        ("one traced run of a U-Net", meta, traced(unet), plain(unet), rounds),
        ("all sizes of a U-Net", meta, analysed(unet), plain(unet), rounds),
        ("a whole report on a U-Net", meta, reported(unet), plain(unet), few),
        ("all sizes, 100 operations", meta, analysed(short), plain(short), few),
        ("all sizes, 5000 operations", meta, analysed(long), plain(long), 1),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each (15)")
    torch.set_num_threads(1)
    print("| what | measured against | ratio |\n|---|---|---|")
    for what, unit, work, base, times in rows(parser.parse_args().rounds):
        print(f"| {what} | {unit} | {ratio(work, base, times):.1f} |", flush=True)


if __name__ == "__main__":
    main()
