"""Equal products, axis by axis: the same truth as multiplying out."""

from __future__ import annotations

import itertools

import pytest

from shapelint.lengths.conditions import All
from shapelint.lengths.expr import product, symbol
from shapelint.lengths.pairing import same_product

B, H, W = map(symbol, "BHW")
HALF = (H + 1) // 2

CASES = [
    pytest.param([B, H], [H, B], 0, id="the same factors"),
    pytest.param([B, 4 * H], [B, 2, 2, H], 0, id="constants multiply out"),
    pytest.param([B, H, W], [B, H // 2, 2, W // 2, 2], 2, id="windows of both axes"),
    pytest.param([H, W, 8], [H // 7, 7, W // 7, 7, 8], 2, id="windows of seven"),
    pytest.param([H, W], [HALF, 2, (W + 1) // 2, 2], 2, id="rounded up, so the other is greater"),
    pytest.param([2 * H + 1, W], [H // 2, 4, W], 1, id="slopes with a common multiple"),
    pytest.param([H // 4, H], [H // 4, H // 2, 2], 1, id="a common factor that may be 0 stays"),
    pytest.param([H // 2, W], [H // 4, 2, W // 2, 2], 1, id="a greater side that may be 0"),
    pytest.param([H, W], [H // 2, 2, (W + 1) // 2, 2], 1, id="one rounded down, one up"),
    pytest.param([H, W], [36], 1, id="a constant"),
    pytest.param([H, W], [W, W], 1, id="another symbol"),
]


@pytest.mark.parametrize(("left", "right", "parts"), CASES)
def test_same_truth_as_multiplying_out(left, right, parts):
    condition = same_product(left, right, {})
    assert parts == (len(condition.parts) if isinstance(condition, All) else parts)
    for b, h, w in itertools.product(range(1, 3), range(1, 16), range(1, 16)):
        sizes = {"B": b, "H": h, "W": w}
        truth = product(left).at(sizes) == product(right).at(sizes)
        assert condition.at(sizes) == truth, sizes


@pytest.mark.parametrize(("left", "right", "parts"), CASES)
def test_each_part_has_one_axis(left, right, parts):
    condition = same_product(left, right, {})
    if parts == 2:
        assert isinstance(condition, All)
        assert sorted(len(part.symbols) for part in condition.parts) == [1, 1]


def test_a_symbol_that_may_be_zero_is_not_cancelled():
    condition = same_product([B, H], [B, H // 2, 2], {"B": (0, None)})
    assert condition.at({"B": 0, "H": 3})
    assert not condition.at({"B": 1, "H": 3})
