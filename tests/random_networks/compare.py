"""What is predicted of a network beside what PyTorch does on the CPU."""

from __future__ import annotations

import random
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch.utils import _pytree as pytree

from shapelint.analysis import Analysis
from tests.random_networks.network import FILE, Network, module_of

Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """What happens at one size, in truth or as predicted."""

    shapes: list[tuple[int, ...]] | None
    """None if it raises."""
    line: int | None = None
    """The line of the file that raises."""
    returns: bool | None = None
    """Whether the output is as long as the input; None if that is not asked."""


_NO_ROOM = "can't allocate memory"


def truth(network: Network, sizes: Sizes) -> Result | None:
    """What PyTorch does on the CPU; None if it has not the memory for it.

    That an output comes back is asked of the analysis.
    """
    try:
        with torch.no_grad():
            leaves = pytree.tree_leaves(module_of(network)(*network.given(sizes)))
    except Exception as exc:  # whatever it raises: it does not run
        if isinstance(exc, MemoryError) or _NO_ROOM in str(exc):
            return None
        frames = traceback.extract_tb(exc.__traceback__)
        return Result(None, [f.lineno for f in frames if f.filename == FILE][-1])
    return Result([tuple(t.shape) for t in leaves if isinstance(t, torch.Tensor)])


def predicted(analysis: Analysis, sizes: Sizes) -> Result | None:
    """What is said of a size without running it; None if nothing is."""
    told = analysis.predict(sizes)
    if told.ok is None:
        return None
    if told.ok:
        return Result(told.shapes)
    node = analysis.subject.node_raising(sizes)
    return Result(None, node.span.line if node and node.span else None)


def difference(
    analysis: Analysis, sizes: Sizes, told: Result, true: Result
) -> tuple[Result, Result] | None:
    """What is predicted and what is true, with whether it comes back, if they differ."""
    if told.line is None:
        told = replace(told, line=true.line)
    if true.shapes and analysis.subject.returned is not None and _speaks_of(analysis, sizes):
        told = replace(told, returns=sizes in analysis.roundtrip_sizes)
        true = replace(true, returns=_comes_back(analysis, sizes, true.shapes))
    return None if told == true else (told, true)


def _speaks_of(analysis: Analysis, sizes: Sizes) -> bool:
    """Whether the set of sizes that come back says anything of these: listed sets have a window."""
    window = analysis.roundtrip_sizes.window or {}
    return all((low or 1) <= sizes[s] <= (high or sizes[s]) for s, (low, high) in window.items())


def _comes_back(analysis: Analysis, sizes: Sizes, shapes: list[tuple[int, ...]]) -> bool:
    """Whether what corresponds to the input is as long as that, wherever it is returned."""
    dims = analysis.inputs[0].dims
    out = tuple(n.at(sizes) for n in analysis.subject.result_at(sizes))
    length = [(n, sizes[d]) for n, d in zip(out, dims) if isinstance(d, str)]
    return out in shapes and bool(length) and all(n == m for n, m in length)


_TOPS = {
    1: (4, 6, 10, 20, 20, 48, 90, 200),
    2: (3, 4, 6, 10, 20, 32, 48, 70),
    3: (3, 4, 6, 8, 12, 16),
}


def sizes_of(network: Network, seed: int) -> list[dict[str, int]]:
    """Small sizes, and some that are larger and off all powers of two."""
    chosen = random.Random(seed)
    spatial = [s for s in network.symbols if s not in "NM"]
    batch = [s for s in network.symbols if s in "NM"]
    tops = _TOPS[min(len(spatial), 3)]
    return [
        {
            **{s: chosen.choice([1, 2, 3]) for s in batch},
            **{s: chosen.randint(1, top) for s in spatial},
        }
        for top in tops
    ]
