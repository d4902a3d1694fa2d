"""The least and the greatest in a set of isl that has points.

Found piece by piece: of a union isl takes the optimum of an empty piece for 0.
"""

from __future__ import annotations

import islpy as isl


def least(points: isl.Set, dim: int) -> int:
    """The least value of a dim."""
    return min(piece.dim_min_val(dim).to_python() for piece in _pieces(points))


def greatest(points: isl.Set, dim: int) -> int:
    """The greatest value of a dim, which must be bounded."""
    return max(piece.dim_max_val(dim).to_python() for piece in _pieces(points))


def least_of(points: isl.Set, value: isl.Aff) -> int:
    """The least that ``value`` is at a point."""
    return min(piece.min_val(value).to_python() for piece in _pieces(points))


def _pieces(points: isl.Set) -> list[isl.Set]:
    return [isl.Set.from_basic_set(b) for b in points.get_basic_sets() if not b.is_empty()]
