"""What is predicted for a fixture model at any size is what PyTorch does there on the CPU.

Each axis is swept from 1 to 128, then 40 random sizes with H != W are tried. Nothing may be left
to belief: the evidence must be ``proven``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
from torch.utils import _pytree as pytree

from shapelint.worker.state import restoring
from tests.fixture_models import FileSession, Model, analysis_of, sweep
from tests.models import MODELS

if TYPE_CHECKING:
    from shapelint.analysis import Analysis

torch.set_num_threads(1)

NOT_PROVEN: dict[str, str] = {}
"""Models whose evidence is less than proven, with the reason that must be given."""


def real(session: FileSession, model: Model, sizes: dict[str, int]) -> list[tuple[int, ...]] | None:
    """Output shapes of a plain run on the CPU; None if it raises.

    The values rise: every pool finds its maximum in the last place, the one that unpooling into a
    map that is too small has no room for.
    """
    torch.manual_seed(0)
    shapes = [[sizes.get(d, d) for d in i.dims] for i in model.template]
    rising = (torch.arange(math.prod(s)).view(s) / math.prod(s) for s in shapes)
    module = session.model.on("cpu")
    with torch.no_grad(), restoring(module):  # a lazy layer is as wide as its first input
        try:
            out = module(*rising)
        except Exception:  # whatever it raises: it does not run
            return None
    return [tuple(t.shape) for t in pytree.tree_leaves(out)]


def came_back(
    model: Model, analysis: Analysis, sizes: dict[str, int], shapes: list[tuple[int, ...]] | None
) -> bool:
    """Whether the output that corresponds to the first input is as long as that."""
    which = analysis.subject.returned
    if shapes is None or which is None:
        return False
    dims = [sizes.get(d, d) for d in model.template[0].dims]
    return all(shapes[which][d] == dims[d] for d in analysis.subject.compared)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_predicted_is_what_pytorch_does(model):
    session, analysis = analysis_of(model)
    wrong = []
    for sizes in sweep(model):
        shapes = real(session, model, sizes)
        if sizes not in analysis.exploration.domain:
            assert analysis.predict(sizes).ok is None
            continue
        told = analysis.predict(sizes)
        claims = (
            told.ok,
            told.shapes,
            sizes in analysis.valid_sizes,
            sizes in analysis.roundtrip_sizes,
        )
        truth = (
            shapes is not None,
            shapes,
            shapes is not None,
            came_back(model, analysis, sizes, shapes),
        )
        if claims != truth:
            wrong.append((sizes, "claimed", claims, "true", truth, told.reason))
    assert not wrong, f"{len(wrong)} sizes, the first: {wrong[0]}"


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_every_claim_is_proven(model):
    _, analysis = analysis_of(model)
    reason = NOT_PROVEN.get(model.file)
    assert analysis.evidence == ("checked" if reason else "proven"), analysis.doubts
    assert reason is None or reason in " ".join(analysis.doubts)


@pytest.mark.parametrize("model", [m for m in MODELS if "H W" in m.inputs], ids=lambda m: m.id)
def test_sweeps_try_sizes_that_are_not_square(model):
    random = list(sweep(model))[-40:]
    assert sum(s["H"] != s["W"] for s in random) > 30
