"""How the cost of an analysis grows with the model: time per operation, side by side in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

import shapelint
from benchmarks.page import head, row
from benchmarks.timing import medians

LONGEST = 3600
"""Seconds of one analysis: what it takes is what is measured."""
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


class Bits(nn.Module):
    """Every bit of the length sends it another way: the ways multiply."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, 1, L) -> (N, 1, L)``."""
        for i in range(self.count):
            if x.shape[-1] // 2**i % 2:
                x = torch.tanh(x)
            x = torch.relu(x)
        return x


class Folds(nn.Module):
    """A product of lengths is folded again and again, each time by another prime."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(H, W) -> (H * W / 2 / 3 / 5 ..., ...)``."""
        x = x.flatten()
        for prime in PRIMES[: self.count]:
            x = x.view(-1, prime).sum(1)
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
    Family(
        "convolutions in a chain", "layers", Chain, lambda n: ("N", 1, "L"), (10, 100, 1000, 5000)
    ),
    Family("U-Net", "levels", Nested, lambda n: ("N", 2, "H", "W"), (1, 2, 4, 8, 12)),
    Family("strides 2, 3, 5, 7, ...", "strides", Strides, lambda n: ("N", 1, "L"), (1, 2, 4, 6, 8)),
    Family("axes", "axes", lambda n: Axes(), lambda n: tuple("ABCDEF"[:n]), (1, 2, 4, 6)),
    Family("branches", "branches", Branches, lambda n: ("N", 1, "L"), (2, 4, 16, 64)),
    Family("bits of the length", "bits", Bits, lambda n: ("N", 1, "L"), (2, 4, 6, 8, 12)),
    Family("folds of a product", "folds", Folds, lambda n: ("H", "W"), (1, 2, 4, 8)),
)


def lines(rounds: int) -> Iterator[str]:
    """The table."""
    torch.set_num_threads(1)
    yield head("model", "size", "runs", "operations", "time per operation", "evidence")
    for family in FAMILIES:
        yield from _rows(family, max(1, rounds // 5))


def _rows(family: Family, rounds: int) -> Iterator[str]:
    unit: float | None = None
    for size in family.sizes:
        seconds, analysis = _measured(family, size, rounds)
        runs = analysis.exploration.traces
        each = seconds / sum(len(trace.nodes) for trace in runs)
        unit = unit or each
        named = f"{size} {family.unit}"
        evidence = f"{analysis.evidence}: {analysis.doubts[0]}" if analysis.doubts else "proven"
        yield row(family.name, named, len(runs), len(runs[0].nodes), f"{each / unit:.1f}", evidence)


def _measured(family: Family, size: int, rounds: int) -> tuple[float, shapelint.Analysis]:
    """Median seconds, and what comes out."""
    with torch.device("meta"):
        model = family.model(size).eval()

    def analysed() -> shapelint.Analysis:
        analysis = shapelint.analyze(model, inputs=[family.inputs(size)], timeout=LONGEST)
        _ = analysis.exploration.valid
        return analysis

    return medians([analysed], rounds)[0], analysed()
