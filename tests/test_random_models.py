"""Random networks: what is predicted is what PyTorch does on the CPU, and where it says so.

Compared at random sizes: whether it runs, the shape of every output, whether it comes back as long
as it went in, and the line of ``forward`` that raises. ``HYPOTHESIS_PROFILE=long`` tries ten
thousand networks instead of a few dozen. A failure prints a file to paste, and the size.
"""

from __future__ import annotations

import os
import random
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.analysis import Analysis
from tests.networks import Network, Step, module_of, networks
from tests.runs import analysed

_EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 40
_FILE = "random_network.py"


@dataclass(frozen=True)
class Result:
    """What happens at one size, in truth or as predicted."""

    shapes: list[tuple[int, ...]] | None
    """None if it raises."""
    line: int | None
    """The line of the file that raises."""
    returns: bool | None
    """Whether the first output is as long as the input; None if that is not asked."""


def truth(net: nn.Module, shape: tuple[int, ...], first: int | None) -> Result:
    """What PyTorch does on the CPU; ``first`` is the output to compare with the input."""
    try:
        with torch.no_grad():
            outputs = pytree.tree_leaves(net(torch.rand(shape)))
    except Exception as exc:  # whatever it raises: it does not run
        frames = traceback.extract_tb(exc.__traceback__)
        return Result(None, max(f.lineno or 0 for f in frames if f.filename == _FILE), None)
    shapes = [tuple(t.shape) for t in outputs]
    return Result(shapes, None, None if first is None else shapes[first][2:] == shape[2:])


def predicted(analysis: Analysis, sizes: dict[str, int]) -> Result | None:
    """What is said of a size without running it; None if nothing is."""
    told = analysis.predict(sizes)
    if told.ok is None:
        return None
    if told.ok:
        asked = analysis.subject.returned is not None
        returns = sizes in analysis.roundtrip_sizes if asked else None
        return Result(told.shapes, None, returns)
    node = analysis.subject.node_raising(sizes)
    return Result(None, node.span.line if node and node.span else None, None)


def difference(network: Network, analysis: Analysis, sizes: dict[str, int]) -> Any:
    """What is predicted beside what is true, if they differ."""
    told = predicted(analysis, sizes)
    if told is None:
        return None
    shape = (sizes["N"], 4, *(sizes[s] for s in network.symbols))
    true = truth(module_of(network, _FILE), shape, analysis.subject.returned)
    line = told.line if told.line is not None else true.line
    return None if Result(told.shapes, line, told.returns) == true else (told, true)


def sizes_of(network: Network, seed: int) -> list[dict[str, int]]:
    """Small sizes, and some that are larger and off all powers of two."""
    chosen = random.Random(seed)
    return [
        {"N": chosen.choice([1, 2, 3]), **{s: chosen.randint(1, top) for s in network.symbols}}
        for top in (4, 6, 10, 20, 20, 32, 48, 70, 90)
    ]


@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(networks(), st.integers(0, 2**32))
def test_what_is_predicted_is_what_pytorch_does(network: Network, seed: int) -> None:
    try:
        net = module_of(network, _FILE)
    except ValueError:  # refused by the constructor, as PyTorch does
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, about odd hyper-parameters
        analysis = analysed(net, network.inputs)
        if analysis.evidence != "proven":
            return
        assert analysis.exploration.unexplored.is_empty
        for sizes in sizes_of(network, seed):
            wrong = difference(network, analysis, sizes)
            if wrong:
                note(f"# {network.inputs} at {sizes}\n{network.source}")
            assert not wrong


_HALF = Step(("x = {layer}(x)",), "nn.Conv1d(4, 4, 3, 2, 1)")
_DOUBLE = Step(("x = {layer}(x)",), "nn.ConvTranspose1d(4, 4, 3, 2, 1)")
_FAILS = Step(("x = x.narrow(2, 0, 3)",))


def test_the_test_above_can_fail() -> None:
    """The analysis of another network is told from the right one: shapes, lengths and lines."""
    network = Network("N 4 L", (_HALF, _DOUBLE, _FAILS))
    right = analysed(module_of(network, _FILE), network.inputs)
    assert not any(difference(network, right, {"N": 1, "L": n}) for n in (2, 3, 8, 9))
    for other in [(_HALF,), (_DOUBLE, _FAILS), (_HALF, _FAILS, _DOUBLE)]:
        wrong = analysed(module_of(Network("N 4 L", other), _FILE), "N 4 L")
        assert any(difference(network, wrong, {"N": 1, "L": n}) for n in (2, 3, 8, 9)), other
