"""What is predicted of a network beside what PyTorch does on the CPU."""

from __future__ import annotations

import random
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.utils import _pytree as pytree

from shapelint.analysis import Analysis
from tests.random_networks.network import FILE, Network, module_of

__all__ = ["Result", "difference", "sizes_of"]

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


def truth(network: Network, sizes: Sizes, returned: int | None) -> Result:
    """What PyTorch does on the CPU; ``returned`` is the output to compare with the input."""
    given = network.given(sizes)
    dims = network.template[0].dims
    length = [n for n, d in zip(given[0].shape, dims) if isinstance(d, str)]
    try:
        with torch.no_grad():
            leaves = pytree.tree_leaves(module_of(network)(*given))
    except Exception as exc:  # whatever it raises: it does not run
        frames = traceback.extract_tb(exc.__traceback__)
        return Result(None, [f.lineno for f in frames if f.filename == FILE][-1])
    shapes = [tuple(t.shape) for t in leaves if isinstance(t, torch.Tensor)]
    if returned is None:
        return Result(shapes)
    out = shapes[returned] if returned < len(shapes) else ()
    came = [n for n, d in zip(out, dims) if isinstance(d, str)]
    return Result(shapes, returns=len(out) == len(dims) and came == length)


def predicted(analysis: Analysis, sizes: Sizes) -> Result | None:
    """What is said of a size without running it; None if nothing is."""
    told = analysis.predict(sizes)
    if told.ok is None:
        return None
    if told.ok:
        asked = analysis.subject.returned is not None
        return Result(told.shapes, returns=sizes in analysis.roundtrip_sizes if asked else None)
    node = analysis.subject.node_raising(sizes)
    return Result(None, node.span.line if node and node.span else None)


def difference(network: Network, analysis: Analysis, sizes: Sizes) -> tuple[Result, Result] | None:
    """What is predicted and what is true, if they differ."""
    told = predicted(analysis, sizes)
    if told is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, about odd hyper-parameters
        true = truth(network, sizes, analysis.subject.returned)
    line = told.line if told.line is not None else true.line
    return None if Result(told.shapes, line, told.returns) == true else (told, true)


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
