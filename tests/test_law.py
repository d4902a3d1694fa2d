"""The law of mirrored pairs: a convolution undone by a transposed one with the same parameters.

``out = L - r + output_padding`` with ``r = (L + 2p - d(k - 1) - 1) mod s``. It follows from the two
formulas: the convolution returns ``(reach - r)/s + 1`` where ``reach = L + 2p - d(k - 1) - 1``, and
its transpose adds back what it took, except for ``r``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from shapelint.explore.paths import Outcome, follow, read
from shapelint.lengths.conditions import unequal
from shapelint.lengths.expr import symbol
from shapelint.lengths.sets import SizeSet
from tests.ops.oracle import traced

torch.set_num_threads(1)


@dataclass(frozen=True)
class Pair:
    """Parameters that both layers of a pair share, and the output padding of the second."""

    kernel: int
    stride: int
    padding: int
    dilation: int
    output_padding: int

    @property
    def shared(self) -> dict[str, int]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    @property
    def is_legal(self) -> bool:
        """PyTorch: output padding must be smaller than either stride or dilation."""
        return self.output_padding < max(self.stride, self.dilation)

    def reach(self, length):
        """How far the last window may start behind the first; works for lengths of any kind."""
        return length + 2 * self.padding - self.dilation * (self.kernel - 1) - 1

    def law(self, length):
        """What the pair returns for ``length``, if it runs."""
        return length - self.reach(length) % self.stride + self.output_padding

    def module(self) -> nn.Module:
        down = nn.Conv1d(1, 1, self.kernel, **self.shared)
        up = nn.ConvTranspose1d(
            1, 1, self.kernel, output_padding=self.output_padding, **self.shared
        )
        return nn.Sequential(down, up)


def pytorch(pair: Pair, length: int) -> int | None:
    """The length that PyTorch returns on the CPU; None if it raises."""
    weight = torch.ones(1, 1, pair.kernel)
    try:
        down = F.conv1d(torch.ones(1, 1, length), weight, **pair.shared)
        up = F.conv_transpose1d(down, weight, output_padding=pair.output_padding, **pair.shared)
    except RuntimeError:
        return None
    return up.shape[-1]


def expected(pair: Pair, length: int) -> int | None:
    """The law where it applies: the window fits, something comes out, the padding is legal."""
    if not pair.is_legal or pair.reach(length) < 0 or pair.law(length) < 1:
        return None
    return pair.law(length)


def test_the_pair_of_the_documentation():
    """k3 s2 p1: 32 -> 16 -> 31, with output_padding=1 32 -> 16 -> 32, and 33 -> 17 -> 34."""
    assert pytorch(Pair(3, 2, 1, 1, 0), 32) == Pair(3, 2, 1, 1, 0).law(32) == 31
    assert pytorch(Pair(3, 2, 1, 1, 1), 32) == Pair(3, 2, 1, 1, 1).law(32) == 32
    assert pytorch(Pair(3, 2, 1, 1, 1), 33) == Pair(3, 2, 1, 1, 1).law(33) == 34


SMALL_PAIRS = [
    Pair(k, s, p, d, op)
    for k, s, p, d in itertools.product(range(1, 6), range(1, 6), range(4), range(1, 4))
    for op in range(max(s, d) + 1)
]


def test_pytorch_obeys_for_all_small_parameters():
    """The last output padding of each is illegal, and refused at every length."""
    for pair in SMALL_PAIRS:
        for length in (1, 2, 3, 5, 8, 9, 12, 14):
            assert pytorch(pair, length) == expected(pair, length), (pair, length)


@pytest.mark.parametrize("stride", range(1, 6))
def test_the_expression_is_the_law_for_every_length(stride):
    """Proven, not tried: the set of lengths where the two differ is empty."""
    every = SizeSet.universe(("L",))
    for pair in (p for p in SMALL_PAIRS if p.stride == stride and p.is_legal):
        trace = traced(pair.module(), ("1 1 L",), {"L": 64})
        assert trace.failure is None
        runs = read(trace, every).runs
        length = symbol("L")
        differs = SizeSet.of(unequal(trace.outputs[0][2], pair.law(length)), ("L",))
        assert not (runs & differs), pair
        for n in range(1, 20):
            assert ({"L": n} in runs) == (expected(pair, n) is not None), (pair, n)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    stride, dilation = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    return Pair(
        kernel=draw(st.integers(1, 20)),
        stride=stride,
        padding=draw(st.integers(0, 12)),
        dilation=dilation,
        output_padding=draw(st.integers(0, max(stride, dilation))),
    )


@settings(max_examples=150, deadline=None)
@given(pairs(), st.integers(1, 400))
def test_pytorch_and_the_trace_agree_with_the_law(pair, length):
    trace = traced(pair.module(), ("1 1 L",), {"L": 300})
    outcome, _ = follow(trace, {"L": length})
    if outcome is Outcome.ELSEWHERE:
        assert pair.law(length) == 0, "only an empty map goes another way"
        outcome = Outcome.FAILS
    told = trace.outputs[0][2].at({"L": length}) if outcome is Outcome.RUNS else None
    assert told == pytorch(pair, length) == expected(pair, length)


@settings(max_examples=100, deadline=None)
@given(pairs(), st.integers(1, 400))
def test_one_output_padding_serves_one_residue_class(pair, length):
    """Of ``s`` neighbouring lengths exactly one comes back, whatever the output padding."""
    for output_padding in range(pair.stride):
        padded = replace(pair, output_padding=output_padding)
        (back,) = [n for n in range(length, length + pair.stride) if padded.law(n) == n]
        assert pytorch(padded, back) in (back, None)
        assert pytorch(padded, back) == expected(padded, back)
