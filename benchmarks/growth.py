"""How the cost of an analysis grows with the model: time per operation, side by side in one run.

Run ``python benchmarks/growth.py``; :file:`benchmarks/README.md` says how to read the table.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

import shapelint

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)


class Chain(nn.Module):
    """Padded convolutions, one after the other."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv1d(1, 1, 3, padding=1) for _ in range(length)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 1, L) -> (N, 1, L)``."""
        return self.layers(x)


class Nested(nn.Module):
    """Levels of a U-Net, one inside the other, joined by ``cat``."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(2, 2, 2, 2)
        self.inner = Nested(levels - 1) if levels > 1 else nn.Identity()
        self.up = nn.ConvTranspose2d(2, 2, 2, 2)
        self.mix = nn.Conv2d(4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 2, H, W) -> (N, 2, H, W)``."""
        return self.mix(torch.cat([x, self.up(self.inner(self.down(x)))], 1))


class Strides(nn.Module):
    """Down by the first primes, and up again."""

    def __init__(self, count: int) -> None:
        super().__init__()
        down = [nn.Conv1d(1, 1, s, s) for s in PRIMES[:count]]
        up = [nn.ConvTranspose1d(1, 1, s, s) for s in PRIMES[:count][::-1]]
        self.layers = nn.Sequential(*down, *up)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 1, L) -> (N, 1, L')``."""
        return x + self.layers(x)


class Axes(nn.Module):
    """Every axis is halved and doubled, and must come back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The shape of the input, of any rank."""
        for dim in range(x.dim()):
            half = x.unfold(dim, 2, 2).select(-1, 0)
            x = x + half.repeat_interleave(2, dim)
        return x


class Branches(nn.Module):
    """As many tests of the length as asked for; each sends one length another way."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 1, L) -> (N, 1, L)``."""
        for i in range(self.count):
            if x.shape[-1] == 3 * i + 5:
                x = torch.tanh(x)
            x = torch.relu(x)
        return x


@dataclass(frozen=True)
class Family:
    """Models of one kind and rising size; the first is what the others are compared with."""

    name: str
    unit: str
    model: Callable[[int], nn.Module]
    inputs: Callable[[int], tuple[object, ...]]
    sizes: Sequence[int]


FAMILIES = (
    Family("convolutions in a chain", "layers", Chain, lambda n: ("N", 1, "L"), (100, 1000, 5000)),
    Family("U-Net", "levels", Nested, lambda n: ("N", 2, "H", "W"), (1, 2, 4, 8, 12)),
    Family("strides 2, 3, 5, 7, ...", "strides", Strides, lambda n: ("N", 1, "L"), (1, 2, 4, 6, 8)),
    Family("axes", "axes", lambda n: Axes(), lambda n: tuple("ABCDEF"[:n]), (1, 2, 4, 6)),
    Family("branches", "branches", Branches, lambda n: ("N", 1, "L"), (2, 4, 16, 64)),
)


def cost(family: Family, size: int, rounds: int) -> tuple[float, shapelint.Analysis]:
    """Median seconds per traced operation, over all runs of the model."""
    with torch.device("meta"):
        model = family.model(size).eval()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        analysis = shapelint.analyze(model, inputs=[family.inputs(size)])
        _ = analysis.exploration.valid
        taken.append(time.perf_counter() - start)
    operations = sum(len(trace.nodes) for trace in analysis.exploration.traces)
    return statistics.median(taken) / operations, analysis


def rows(family: Family, rounds: int) -> Iterator[str]:
    """Lines of the table."""
    unit: float | None = None
    cost(family, family.sizes[0], 1)
    for size in family.sizes:
        seconds, analysis = cost(family, size, rounds)
        unit = unit or seconds
        runs = analysis.exploration.traces
        yield (
            f"| {family.name} | {size} {family.unit} | {len(runs)} | {len(runs[0].nodes)} "
            f"| {seconds / unit:.1f} | {analysis.evidence} |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (3)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("| model | size | runs | operations | time per operation | evidence |")
    print("|---|---|---|---|---|---|")
    for family in FAMILIES:
        for row in rows(family, rounds):
            print(row, flush=True)


if __name__ == "__main__":
    main()
