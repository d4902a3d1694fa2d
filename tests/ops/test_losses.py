"""Losses reduce to what PyTorch reduces to; where it only warns, nothing is needed."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.oracle import assert_agrees, case

A = B = C = range(1, 4)
FEW = range(2, 5)
LONG = torch.int64

NONE = {"reduction": "none"}

ELEMENTWISE = [
    case("squares", nn.MSELoss(), "2 A", "2 B", A=A, B=B),
    case("squares, unreduced", nn.MSELoss(**NONE), "A 3", "B", A=A, B=B),
    case("old spelling", lambda x, y: F.mse_loss(x, y, reduce=False), "A", "B", A=A, B=B),
    case("weighted squares", lambda x, y, w: F.mse_loss(x, y, weight=w, **NONE), "2 A", "2 B",
         "2 C", A=A, B=B, C=C),
    case("absolute", nn.L1Loss(**NONE), "2 A", "2 B", A=A, B=B),
    case("smooth", nn.SmoothL1Loss(**NONE), "2 A", "2 B", A=A, B=B),
    case("smooth without a corner", nn.SmoothL1Loss(beta=0.0), "2 A", "2 B", A=A, B=B),
    case("huber", nn.HuberLoss(**NONE), "2 A", "B", A=A, B=B),
    case("weighted huber", lambda x, y, w: F.huber_loss(x, y, weight=w), "A 2", "B 2", "C 2",
         A=A, B=B, C=C),
    case("soft margin", nn.SoftMarginLoss(**NONE), "A 3", "B", A=A, B=B),
    case("soft margin writes into the input", nn.SoftMarginLoss(), "A 2", "2 B", A=A, B=B),
    case("divergence", nn.KLDivLoss(**NONE), "2 A", "2 B", A=A, B=B),
    case("divergence by batch", nn.KLDivLoss(reduction="batchmean"), "A 2", "B 2", A=A, B=B),
    case("hinge", nn.HingeEmbeddingLoss(**NONE), "2 A", "B", A=A, B=B),
    case("poisson", nn.PoissonNLLLoss(**NONE), "2 A", "2 B", A=A, B=B),
    case("gaussian", nn.GaussianNLLLoss(**NONE), "2 A", "2 A", "2 B", A=A, B=B),
    case("gaussian, one variance a row", nn.GaussianNLLLoss(), "2 A", "2 B", "C", A=A, B=B, C=C),
    case("gaussian, one variance in all", nn.GaussianNLLLoss(), "A B", "A B", "C 1",
         A=A, B=B, C=C),
    case("gaussian, a number", lambda x, y: F.gaussian_nll_loss(x, y, 0.5), "A", "B", A=A, B=B),
]  # fmt: skip

BINARY = [
    case("binary", nn.BCELoss(), "2 A", "2 B", A=A, B=B),
    case("binary, unreduced", nn.BCELoss(**NONE), "A 2", "B 2", A=A, B=B),
    case("binary, other rank", nn.BCELoss(), "A 1", "A", A=A),
    case("binary, weighted", lambda x, y, w: F.binary_cross_entropy(x, y, w, **NONE), "A B",
         "A B", "C 2", A=A, B=B, C=C),
    case("logits", nn.BCEWithLogitsLoss(), "2 A", "2 B", A=A, B=B),
    case("logits, weighted", lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, w, **NONE),
         "A B", "A B", "C 2", A=A, B=B, C=C),
    case("logits, positives weighted",
         lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, pos_weight=w), "A B", "A B",
         "C 2", A=A, B=B, C=C),
    case("labels", nn.MultiLabelSoftMarginLoss(**NONE), "A B", "A C", A=A, B=B, C=C),
]  # fmt: skip

CLASSES = [
    case("classes", nn.CrossEntropyLoss(), "A 3", ("B", LONG), A=A, B=B),
    case("classes, unreduced", nn.CrossEntropyLoss(**NONE), "A C", ("B", LONG), A=A, B=B, C=C),
    case("unbatched", nn.CrossEntropyLoss(**NONE), "C", ("1", LONG), C=FEW),
    case("unbatched targets", nn.CrossEntropyLoss(), "4", ("B", LONG), B=B),
    case("classes of pixels", nn.CrossEntropyLoss(**NONE), "A 3 B C", ("2 2 C", LONG),
         A=A, B=B, C=C),
    case("classes of samples", nn.CrossEntropyLoss(**NONE), "A 3 B", ("2 C", LONG),
         A=A, B=B, C=C),
    case("classes of voxels", nn.CrossEntropyLoss(**NONE), "2 3 A B 2", ("2 2 C 2", LONG),
         A=A, B=B, C=C),
    case("weighted classes", F.cross_entropy, "2 A", ("2", LONG), "B",
         A=A, B=B),
    case("weighted classes of pixels", F.cross_entropy, "2 A 2 2",
         ("2 2 2", LONG), "B", A=A, B=B),
    case("smoothed labels", nn.CrossEntropyLoss(label_smoothing=0.1), "A 3", ("B", LONG),
         A=A, B=B),
    case("probabilities", nn.CrossEntropyLoss(**NONE), "A B", "2 C", A=A, B=B, C=C),
    case("probabilities of samples", nn.CrossEntropyLoss(**NONE), "2 A B", "2 C 2",
         A=A, B=B, C=C),
    case("probabilities of pixels", nn.CrossEntropyLoss(**NONE), "2 3 A B", "2 3 2 C",
         A=A, B=B, C=C),
    case("probabilities of one sample", nn.CrossEntropyLoss(), "A", "B", A=A, B=B),
    case("weighted probabilities", F.cross_entropy, "2 A", "2 A", "B",
         A=A, B=B),
    case("likelihood", nn.NLLLoss(**NONE), "A 3", ("B", LONG), A=A, B=B),
    case("likelihood of pixels", nn.NLLLoss(), "2 3 A B", ("2 2 C", LONG), A=A, B=B, C=C),
    case("likelihood of samples", nn.NLLLoss(), "2 3 A", ("2 C", LONG), A=A, C=C),
    case("margins of classes", nn.MultiMarginLoss(**NONE), "A 3", ("B", LONG), A=A, B=B),
    case("margins of one sample", nn.MultiMarginLoss(), "3", ("B", LONG), B=B),
    case("weighted margins", lambda x, y, w: F.multi_margin_loss(x, y, weight=w), "2 A",
         ("2", LONG), "B", A=A, B=B),
    case("margins of labels", nn.MultiLabelMarginLoss(**NONE), "A B", ("2 C", LONG),
         A=A, B=B, C=C),
]  # fmt: skip


def _ctc(x, y, n, m):
    return F.ctc_loss(x, y, n, m, **NONE)


SAMPLES = [
    case("alignment", _ctc, "4 A 3", ("B 2", LONG), ("C", LONG), ("2", LONG), A=A, B=B, C=C),
    case("cosines", nn.CosineEmbeddingLoss(**NONE), "2 A", "B 3", "C", A=A, B=B, C=C),
    case("cosine of vectors", lambda x, y, t: F.cosine_embedding_loss(x, y, t.sum()), "A", "B",
         "1", A=A, B=B),
    case("ranking", nn.MarginRankingLoss(**NONE), "A", "B", "C", A=A, B=B, C=C),
    case("ranking of other ranks", nn.MarginRankingLoss(), "A", "1 A", "A", A=A),
    case("triplets", nn.TripletMarginLoss(**NONE), "A 2", "B 2", "2 C", A=A, B=B, C=C),
    case("swapped triplets", nn.TripletMarginLoss(swap=True, **NONE), "2 A", "2 B", "2 C",
         A=A, B=B, C=C),
    case("triplets by another distance", nn.TripletMarginWithDistanceLoss(**NONE), "2 A", "2 B",
         "2 C", A=A, B=B, C=C),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("f", "inputs", "sizes"), [*ELEMENTWISE, *BINARY, *CLASSES, *SAMPLES])
def test_losses(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
