"""Decompositions and lookups give the shapes PyTorch gives."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.oracle import SMALL, assert_agrees, case

A = B = C = range(1, 5)
LONG = torch.int64


def _regular(x: torch.Tensor) -> torch.Tensor:
    """A matrix with an inverse, of the same shape."""
    return x + torch.eye(x.shape[-2], x.shape[-1], device=x.device)


def _one_hot(x: torch.Tensor) -> torch.Tensor:
    return F.one_hot(x, 5)


LOOKUPS = [
    case("a row for each index", nn.Embedding(3, 5), ("2 A", LONG), A=A),
    case("padding row", nn.Embedding(3, 5, padding_idx=0), ("A B", LONG), A=A, B=B),
    case("table is an input", F.embedding, ("A", LONG), "3 B", A=A, B=B),
    case("table first", torch.embedding, "3 B", ("A", LONG), A=A, B=B),
    case("a bag for each row", nn.EmbeddingBag(3, 5), ("A B", LONG), A=A, B=B),
    case("a bag for each offset", nn.EmbeddingBag(3, 5), ("A", LONG), ("B", LONG), A=A, B=B),
    case("the last offset ends", nn.EmbeddingBag(3, 5, include_last_offset=True), ("1", LONG),
         ("B", LONG), B=range(2, 5)),
    case("weighted bags", lambda x, w: F.embedding_bag(
        x, torch.zeros(3, 5, device=x.device), per_sample_weights=w, mode="sum"
    ), ("2 A", LONG), "B C", A=A, B=B, C=C),
    case("one-hot", _one_hot, ("A B", LONG), A=A, B=B),
]  # fmt: skip

DISTANCES = [
    case("all pairs", torch.cdist, "2 A B", "2 3 C", A=A, B=B, C=C),
    case("all pairs of batches", torch.cdist, "A 2 2", "B 3 2", A=A, B=B),
    case("all pairs within", F.pdist, "A 3", A=SMALL),
    case("cosine", F.cosine_similarity, "A B", "2 C", A=A, B=B, C=C),
    case("cosine over a dim from the end", lambda x, y: F.cosine_similarity(x, y, dim=-1),
         "2 1 A", "B C", A=A, B=B, C=C),
    case("cosine layer", nn.CosineSimilarity(dim=0), "A B", "A B", A=A, B=B),
    case("pairwise", F.pairwise_distance, "A B", "C", A=A, B=B, C=C),
    case("pairwise keeps a dim", nn.PairwiseDistance(keepdim=True), "A B", "2 C", A=A, B=B, C=C),
]  # fmt: skip

MATRICES = [
    case("inverse", lambda x: torch.linalg.inv(_regular(x)), "2 A B", A=A, B=B),
    case("inverse by its old name", lambda x: torch.inverse(_regular(x)), "A B", A=A, B=B),
    case("determinant", torch.linalg.det, "2 A B", A=A, B=B),
    case("determinant of batch", torch.det, "2 A B", A=A, B=B),
    case("log determinant", torch.logdet, "A B", A=A, B=B),
    case("sign and log", torch.slogdet, "2 A B", A=A, B=B),
    case("power", lambda x: torch.matrix_power(x, 3), "A B", A=A, B=B),
    case("exponential", torch.matrix_exp, "2 A B", A=A, B=B),
    case("cholesky", lambda x: torch.linalg.cholesky(_regular(x)), "2 A B", A=A, B=B),
    case("eigenvalues", torch.linalg.eigh, "2 A B", A=A, B=B),
    case("general eigenvalues", torch.linalg.eig, "A B", A=A, B=B),
    case("eigenvalues alone", torch.linalg.eigvalsh, "A B", A=A, B=B),
    case("svd", torch.linalg.svd, "2 A B", A=A, B=B),
    case("thin svd", lambda x: torch.linalg.svd(x, full_matrices=False), "2 A B", A=A, B=B),
    case("svd by its old name", torch.svd, "A B", A=A, B=B),
    case("full svd by its old name", lambda x: torch.svd(x, some=False), "A B", A=A, B=B),
    case("singular values", torch.linalg.svdvals, "2 A B", A=A, B=B),
    case("thin qr", torch.linalg.qr, "2 A B", A=A, B=B),
    case("complete qr", lambda x: torch.linalg.qr(x, mode="complete"), "A B", A=A, B=B),
    case("r alone", lambda x: torch.linalg.qr(x, mode="r"), "A B", A=A, B=B),
    case("pseudo-inverse", torch.linalg.pinv, "2 A B", A=A, B=B),
    case("trace", torch.trace, "A B", A=A, B=B),
    case("rank", torch.linalg.matrix_rank, "2 A B", A=A, B=B),
    case("solve", lambda x, y: torch.linalg.solve(_regular(x), y), "2 A B", "2 C 3",
         A=A, B=B, C=C),
    case("solve for one vector", lambda x, y: torch.linalg.solve(_regular(x), y), "A B", "C",
         A=A, B=B, C=C),
    case("solve for a batch of vectors", lambda x, y: torch.linalg.solve(_regular(x), y),
         "2 A B", "2 C", A=A, B=B, C=C),
    case("solve from the right", lambda x, y: torch.linalg.solve(_regular(x), y, left=False),
         "A B", "2 C", A=A, B=B, C=C),
    case("cross product", torch.linalg.cross, "A B", "C 3", A=A, B=B, C=C),
    case("dot products", torch.linalg.vecdot, "A B", "2 C", A=A, B=B, C=C),
    case("chain", lambda x, y: torch.linalg.multi_dot([x, torch.zeros(2, 3, device=x.device), y]),
         "A B", "C 2", A=A, B=B, C=C),
    case("chain between vectors", lambda x, y, z: torch.linalg.multi_dot([x, y, z]), "A", "2 B",
         "C", A=A, B=B, C=C),
    case("differences", torch.diff, "2 A", A=SMALL),
    case("slopes", torch.gradient, "2 A", A=SMALL),
    case("slopes along one dim", lambda x: torch.gradient(x, dim=-1, edge_order=2), "1 A", A=SMALL),
    case("third differences", lambda x: torch.diff(x, n=3, dim=0), "A 2", A=SMALL),
    case("covariance", torch.cov, "A B", A=A, B=range(2, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), [*LOOKUPS, *DISTANCES, *MATRICES])
def test_linalg(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def test_one_hot_of_unknown_classes_is_not_guessed():
    with pytest.raises(AssertionError, match="depends on values"):
        assert_agrees(F.one_hot, (("A", LONG),), {"A": [2, 3]})
