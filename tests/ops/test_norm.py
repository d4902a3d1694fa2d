"""Normalization keeps shapes, counts channels, and wants more than one value in training."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.oracle import SMALL, assert_agrees, case

N = C = H = W = range(1, 5)


def _cropped(x: torch.Tensor) -> torch.Tensor:
    return x.narrow(-1, 0, x.shape[-1] - 1)


BATCH = [
    case("eval", nn.BatchNorm1d(3).eval(), "N 3 H", N=N, H=H),
    case("eval of one value", nn.BatchNorm1d(3).eval(), "N 3", N=N),
    case("training", nn.BatchNorm1d(3), "N 3 H", N=N, H=H),
    case("training on rows", nn.BatchNorm1d(3), "N 3", N=N),
    case("training on images", nn.BatchNorm2d(3), "N 3 H W", N=N, H=H, W=W),
    case("training on nothing", lambda x: F.batch_norm(_cropped(x), None, None, training=True),
         "1 3 H", H=SMALL),
    case("num_features", nn.BatchNorm2d(3).eval(), "2 C 2 2", C=C),
    case("num_features of rows", nn.BatchNorm1d(3), "2 C", C=C),
    case("rows of nothing", lambda x: nn.BatchNorm1d(6).to(x).eval()(_cropped(x).flatten(1)),
         "N 3 H", N=N, H=H),
    case("no channels at all", lambda x: nn.BatchNorm1d(6).to(x).eval()(x[:, :0].flatten(1)),
         "2 3 H", H=H),
    case("without statistics", nn.BatchNorm1d(3, track_running_stats=False), "2 C H", C=C, H=H),
    case("without anything", nn.BatchNorm1d(3, affine=False, track_running_stats=False), "2 C 2",
         C=C),
    case("builtin", lambda x, w: torch.batch_norm(x, w, w, w, w, True, 0.1, 1e-5, False),
         "N C H", "W", N=N, C=C, H=H, W=W),
    case("any tensor as weight", lambda x, w: F.batch_norm(x, None, None, w, training=True),
         "2 C H", "W", C=C, H=H, W=W),
    case("images only", nn.BatchNorm2d(3), "2 3 H", H=[1, 2]),
]  # fmt: skip

INSTANCE = [
    case("training", nn.InstanceNorm1d(3), "N 3 H", N=N, H=H),
    case("images", nn.InstanceNorm2d(3), "N 3 H W", N=N, H=H, W=W),
    case("unbatched", nn.InstanceNorm1d(3), "3 H", H=H),
    case("any channels without weights", nn.InstanceNorm1d(3), "2 C 3", C=C),
    case("channels of weights", nn.InstanceNorm1d(3, affine=True), "2 C 3", C=C),
    case("eval with statistics", nn.InstanceNorm1d(3, track_running_stats=True).eval(), "2 C H",
         C=C, H=H),
    case("statistics and weights", lambda x, w: F.instance_norm(x, w, w, w, w), "N C H", "W",
         N=N, C=C, H=H, W=W),
    case("builtin", lambda x, w: torch.instance_norm(x, w, w, w, w, True, 0.1, 1e-5, False),
         "N C H", "W", N=N, C=C, H=H, W=W),
]  # fmt: skip

GROUP = [
    case("divides", nn.GroupNorm(2, 6), "N 6 H", N=N, H=H),
    case("one value in a group", nn.GroupNorm(6, 6), "N 6 H", N=N, H=H),
    case("one channel in a group, no spatial dims", nn.GroupNorm(3, 3), "N 3", N=N),
    case("channels", nn.GroupNorm(2, 4), "2 C 3", C=SMALL),
    case("without weights", nn.GroupNorm(2, 4, affine=False), "N C H", N=N, C=SMALL, H=H),
    case("bias without weight", lambda x, b: F.group_norm(x, 1, None, b), "2 C 3", "W", C=[3],
         W=[3]),
    case("builtin", lambda x: torch.group_norm(x, 2), "N C H", N=N, C=SMALL, H=H),
]  # fmt: skip

LAYER = [
    case("last dim", nn.LayerNorm(4), "2 3 H", H=SMALL),
    case("last dims", nn.LayerNorm((2, 3)), "N H W", N=N, H=H, W=W),
    case("without weights", nn.LayerNorm(4, elementwise_affine=False), "H", H=SMALL),
    case("the dims of the input", lambda x: F.layer_norm(x, x.shape[1:]), "N H W", N=N, H=H, W=W),
    case("computed weight", lambda x, w, b: F.layer_norm(x, (3,), w, b), "2 3", "H", "W",
         H=H, W=W),
    case("too few dims", nn.LayerNorm((2, 3)), "H", H=[1, 3]),
    case("root mean square", nn.RMSNorm(4), "2 H", H=SMALL),
    case("root mean square of dims", nn.RMSNorm((2, 3)), "N H W", N=N, H=H, W=W),
    case("root mean square, computed weight", lambda x, w: F.rms_norm(x, (3,), w), "2 3", "H",
         H=H),
]  # fmt: skip

OTHERS = [
    case("local response", nn.LocalResponseNorm(2), "N C H", N=N, C=C, H=H),
    case("local response of images", nn.LocalResponseNorm(3), "2 C H W", C=C, H=H, W=W),
    case("lengths of vectors", lambda x: F.normalize(x, dim=1), "N C H", N=N, C=C, H=H),
    case("weight norm", nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)), "N C", N=N, C=C),
    case("spectral norm", nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2)).eval(), "N C",
         N=N, C=C),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:input's size at dim")
@pytest.mark.parametrize(("f", "inputs", "sizes"), [*BATCH, *INSTANCE, *GROUP, *LAYER, *OTHERS])
def test_norms(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
