"""Joins: lengths that add up, lengths that must match."""

from __future__ import annotations

import pytest
import torch

from tests.ops.oracle import SMALL, assert_agrees, case

N = range(1, 5)

JOINS = [
    case("cat", lambda x, y: torch.cat([x, y]), "H 3", "K 3", H=SMALL, K=SMALL),
    case("cat of one", lambda x: torch.cat([x], 1), "H 3", H=SMALL),
    case("cat by axis", lambda x, y: torch.concat((x, y), axis=0), "H 3", "K 3", H=N, K=N),
    case("no elements, no dims", lambda x: torch.cat((x, torch.zeros(0)), 1), "H 3", H=N),
    case("other dims differ", lambda x, y: torch.cat((x, y), 1), "H 3", "K 3", H=SMALL, K=SMALL),
    case("last dim", lambda x, y: torch.cat((x, y), -1), "H W 3", "K 2 4", H=N, W=N, K=N),
    case("no broadcasting", lambda x, y: torch.cat((x, y), 1), "H 3", "1 3", H=SMALL),
    case("third tensor", lambda x, y: torch.cat((x, x, y), 1), "H 3", "K 3", H=N, K=N),
    case("ranks differ", lambda x, y: torch.cat((x, y), 1), "H 3", "K", H=N, K=N),
    case(
        "a vector that may be empty",
        lambda x, y: torch.cat((torch.zeros(x.size(0) - 2), y)),
        *("H 3", "K"),
        H=range(2, 6),
        K=N,
    ),
    case(
        "empty vectors join anything",
        lambda x, y: torch.cat((torch.zeros(x.size(0) - 2), y)),
        *("H 3", "K 2"),
        H=range(2, 6),
        K=N,
    ),
    case("stack", lambda x, y: torch.stack((x, y), 1), "H 3", "K 3", H=SMALL, K=SMALL),
    case("stack last", lambda x, y: torch.stack((x, y), -1), "H 3", "K 3", H=N, K=N),
    case("columns", lambda x, y: torch.hstack((x, y)), "H 3", "K 3", H=N, K=N),
    case("vectors in a row", lambda x, y: torch.hstack((x, y)), "H", "K", H=N, K=N),
    case("vectors as rows", lambda x, y: torch.vstack((x, y)), "H", "K", H=N, K=N),
    case("in depth", lambda x, y: torch.dstack((x, y)), "H 2", "K 2", H=N, K=N),
    case("vectors as columns", lambda x, y: torch.column_stack((x, y)), "H 2", "K", H=N, K=N),
    case("grid", lambda x, y: torch.meshgrid(x, y, indexing="ij"), "H", "K", H=N, K=N),
    case("grid of a list", lambda x, y: torch.meshgrid([x, y], indexing="ij"), "H", "K", H=N, K=N),
    case(
        "grid of x and y",
        lambda x, y: torch.meshgrid(x, y, torch.zeros(4), indexing="xy"),
        *("H", "K"),
        H=N,
        K=N,
    ),
    case("combinations", torch.cartesian_prod, "H", "K", H=N, K=N),
    case("combinations of one", torch.cartesian_prod, "H", H=N),
    case("blocks", lambda x, y: torch.block_diag(x, y, x), "H", "K H", H=N, K=N),
]


@pytest.mark.parametrize(("f", "inputs", "sizes"), JOINS)
def test_joins(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
