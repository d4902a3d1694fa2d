"""Matrix products multiply what PyTorch multiplies, and refuse the rest in its words."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.oracle import SMALL, assert_agrees, case

FEW = range(1, 5)
A = B = C = D = FEW

LINEAR = [
    case("matrix", nn.Linear(3, 5), "N 3", N=SMALL),
    case("in_features", nn.Linear(4, 2), "2 L", L=SMALL),
    case("vector", nn.Linear(4, 2), "L", L=SMALL),
    case("without bias", nn.Linear(4, 2, bias=False), "2 3 L", L=SMALL),
    case("many dims", nn.Linear(4, 2), "2 A 3 L", A=A, L=SMALL),
    case("flattened features", nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), "2 3 H W",
         H=FEW, W=FEW),
    case("weight of one dim", F.linear, "2 A", "B", A=A, B=B),
    case("computed weight and bias", F.linear, "2 A", "B C", "D",
         A=A, B=B, C=C, D=D),
    case("bilinear", nn.Bilinear(3, 2, 4), "N A", "M B", N=FEW, A=A, M=FEW, B=B),
    case("bilinear of vectors", nn.Bilinear(3, 2, 4), "A", "B", A=A, B=B),
]  # fmt: skip

MATMUL = [
    case("vector by vector", torch.matmul, "A", "B", A=A, B=B),
    case("matrix by vector", torch.matmul, "A B", "C", A=A, B=B, C=C),
    case("batch by vector", torch.matmul, "2 A B", "C", A=A, B=B, C=C),
    case("vector by matrix", torch.matmul, "A", "B C", A=A, B=B, C=C),
    case("vector by batch", torch.matmul, "A", "2 B C", A=A, B=B, C=C),
    case("operator", lambda x, y: x @ y, "A B", "C D", A=A, B=B, C=C, D=D),
    case("batch by matrix", torch.matmul, "2 A B", "C D", A=A, B=B, C=C, D=D),
    case("matrix by batch", torch.matmul, "A B", "2 C D", A=A, B=B, C=C, D=D),
    case("batches broadcast", torch.matmul, "A 3 2", "B 2 4", A=A, B=B),
    case("more batch dims", torch.matmul, "A B 2 C", "D C 3", A=A, B=B, C=C, D=D),
    case("constant on the right", lambda x: x @ torch.zeros(3, 2), "2 A B", A=A, B=B),
    case("constant on the left", lambda x: torch.zeros(3, 2).matmul(x), "2 A B", A=A, B=B),
    case("attention scores", lambda q, k: q @ k.transpose(-1, -2), "2 4 A B", "2 4 C B",
         A=A, B=B, C=C),
    case("number is refused", lambda x: x.view(()) @ x, "A", A=[1]),
]  # fmt: skip

NAMED = [
    case("mm", torch.mm, "A B", "C D", A=A, B=B, C=C, D=D),
    case("mm wants matrices", torch.mm, "A B", "2 C D", A=[2], B=[2], C=[2], D=[2]),
    case("bmm", torch.bmm, "A B 2", "C D 3", A=A, B=B, C=C, D=D),
    case("mv", torch.mv, "A B", "C", A=A, B=B, C=C),
    case("dot", torch.dot, "A", "B", A=A, B=B),
    case("outer", torch.outer, "A", "B", A=A, B=B),
    case("inner", torch.inner, "2 A", "3 B C", A=A, B=B, C=C),
    case("kron", torch.kron, "A 2", "3 B C", A=A, B=B, C=C),
    case("addmm", torch.addmm, "A", "2 B", "C D", A=A, B=B, C=C, D=D),
    case("addmm of a matrix", torch.addmm, "A B", "C 2", "2 D", A=A, B=B, C=C, D=D),
    case("baddbmm", torch.baddbmm, "A 1 B", "C 2 3", "2 3 D", A=A, B=B, C=C, D=D),
    case("addbmm", torch.addbmm, "A 1", "C 2 B", "2 D 3", A=A, B=B, C=C, D=D),
    case("addmv", torch.addmv, "A", "B C", "D", A=A, B=B, C=C, D=D),
    case("addr", torch.addr, "A B", "C", "D", A=A, B=B, C=C, D=D),
    case("tensordot by count", lambda x, y: torch.tensordot(x, y, 2), "2 A B", "C D 3",
         A=A, B=B, C=C, D=D),
    case("tensordot by dims", lambda x, y: torch.tensordot(x, y, dims=([2, 0], [0, -1])),
         "A 2 B", "C 3 D", A=A, B=B, C=C, D=D),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), [*LINEAR, *MATMUL, *NAMED])
def test_products(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


EINSUM = [
    case("product", lambda x, y: torch.einsum("ij,jk->ik", x, y), "A B", "C D",
         A=A, B=B, C=C, D=D),
    case("one operand", lambda x: torch.einsum("bij->bji", x), "2 A B", A=A, B=B),
    case("sum over all", lambda x: torch.einsum("ij->", x), "A B", A=A, B=B),
    case("implicit output is sorted", lambda x: torch.einsum("ba", x), "A B", A=A, B=B),
    case("upper case first", lambda x: torch.einsum("aB", x), "A B", A=A, B=B),
    case("implicit output has what occurs once", lambda x, y: torch.einsum("ab,bc", x, y),
         "A B", "C D", A=A, B=B, C=C, D=D),
    case("outer", lambda x, y: torch.einsum("i,j->ij", x, y), "A", "B", A=A, B=B),
    case("size 1 stretches", lambda x, y: torch.einsum("ij,ij->ij", x, y), "A B", "C D",
         A=A, B=B, C=C, D=D),
    case("diagonal", lambda x: torch.einsum("ii->i", x), "A B", A=A, B=B),
    case("trace of a batch", lambda x: torch.einsum("...ii", x), "3 A B", A=A, B=B),
    case("attention", lambda q, k: torch.einsum("b h i d, b h j d -> b h i j", q, k),
         "2 4 A B", "2 4 C D", A=A, B=B, C=C, D=D),
    case("three operands", lambda x, y, z: torch.einsum("ab,ab,b", x, y, z), "2 A", "2 B", "C",
         A=A, B=B, C=C),
    case("ellipsis", lambda x, y: torch.einsum("...ij,...jk->...ik", x, y), "A 2 B", "C B 3",
         A=A, B=B, C=C),
    case("ellipses of two lengths", lambda x, y: torch.einsum("b...,b...->b...", x, y),
         "2 A B", "2 C", A=A, B=B, C=C),
    case("ellipsis summed over", lambda x: torch.einsum("i...->i", x), "A B C", A=A, B=B, C=C),
    case("empty ellipsis", lambda x: torch.einsum("ij->j...", x), "A B", A=A, B=B),
    case("list of operands", lambda x, y: torch.einsum("ij,j", [x, y]), "A B", "C",
         A=A, B=B, C=C),
    case("sublists", lambda x, y: torch.einsum(x, [0, 27], y, [27, 2], [2, 0]), "A B", "C D",
         A=A, B=B, C=C, D=D),
    case("sublists without output", lambda x, y: torch.einsum(x, [..., 1], y, [1, 0]), "A B",
         "C D", A=A, B=B, C=C, D=D),
    case("unknown output label", lambda x: torch.einsum("i->j", x), "A", A=[1, 2]),
    case("too few labels", lambda x: torch.einsum("i->i", x), "A B", A=[1, 2], B=[1, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), EINSUM)
def test_einsum(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
