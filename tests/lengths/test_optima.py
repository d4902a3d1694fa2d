"""The optima of sets that have pieces without points."""

from __future__ import annotations

import islpy as isl
import pytest

from shapelint.lengths.optima import greatest, least, least_of

WITHOUT = isl.Set("{ [a, b] : a = 3 and 0 < b < a; [a, b] : a = 3 and 193 <= b < a }")
WITH = isl.Set("{ [a, b] : a = 3 and 4 < b < 9; [a, b] : a = 3 and 193 <= b < 200 }")


@pytest.mark.parametrize(
    ("points", "low", "high"),
    [pytest.param(WITH, 5, 199, id="two pieces"), pytest.param(WITHOUT, 1, 2, id="an empty one")],
)
def test_a_piece_without_points_has_no_optimum(points: isl.Set, low: int, high: int) -> None:
    assert (least(points, 1), greatest(points, 1)) == (low, high)
    b = isl.Aff.var_on_domain(isl.LocalSpace.from_space(points.space), isl.dim_type.set, 1)
    assert least_of(points, b) == low
