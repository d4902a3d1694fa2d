"""A model in this process is asked the same questions, and left as it was."""

from __future__ import annotations

import copy
import sys
import warnings

import pytest
import torch
from torch import nn

from shapelint.local import LocalSession
from shapelint.model import Input
from shapelint.session import Session

INPUTS = [Input("0", ("N", 1, "L"))]
SIZES = {"N": 2, "L": 16}


def _module() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, 4, 3, 2, 1), nn.BatchNorm1d(4), nn.ConvTranspose1d(4, 1, 3, 2, 1)
    )


def test_trace_and_run_agree_with_the_module() -> None:
    module = _module()
    session: Session = LocalSession(module, INPUTS)
    shape = tuple(module(torch.zeros(2, 1, 16)).shape)
    trace = session.trace(SIZES)
    assert tuple(e.at(SIZES) for e in trace.outputs[0]) == shape
    assert session.run(SIZES).shapes == (shape,)
    assert session.run(SIZES, "cpu").shapes == (shape,)


def test_the_module_is_not_changed() -> None:
    module = _module()
    before = {k: v.clone() for k, v in module.state_dict().items()}
    patch = {"kind": "attr", "module": "2", "name": "output_padding", "value": [1]}
    session = LocalSession(module, INPUTS)
    assert session.run(SIZES, "cpu", [patch]).shapes == ((2, 1, 16),)
    assert session.trace(SIZES, patches=[patch]).outputs[0][2].at(SIZES) == 16
    assert module[2].output_padding == (0,)
    assert module[1].training
    after = module.state_dict()
    assert all(torch.equal(after[k], v) and v.device.type == "cpu" for k, v in before.items())


def test_its_training_flag_is_respected() -> None:
    module = nn.Sequential(nn.BatchNorm1d(1))
    sizes = {"N": 1, "L": 1}
    assert "Expected more than 1 value per channel" in LocalSession(module, INPUTS).run(sizes).error
    assert LocalSession(module.eval(), INPUTS).run(sizes, "cpu").ok


def test_lazy_layers_get_their_sizes_in_the_copies() -> None:
    module = nn.Sequential(nn.LazyConv1d(4, 3, 2, 1), nn.LazyBatchNorm1d())
    session = LocalSession(module, INPUTS)
    assert session.trace(SIZES).outputs[0][2].at(SIZES) == 8
    assert session.run(SIZES, "cpu").shapes == ((2, 4, 8),)
    assert module[0].has_uninitialized_params()


class Large(nn.Module):
    """Needs more memory than there are addresses."""

    def forward(self, x):
        return x + torch.empty(1 << 50)[: x.shape[2]]


def test_what_does_not_fit_into_memory_is_run_without_values() -> None:
    run = LocalSession(Large(), INPUTS).run(SIZES, "cpu")
    assert (run.ok, run.device, run.shapes) == (True, "meta", ((2, 1, 16),))


@pytest.mark.parametrize(
    ("length", "device"), [(1 << 22, "cpu"), ((1 << 22) + 1, "meta"), (1 << 50, "meta")]
)
def test_what_is_large_is_run_without_values(length, device) -> None:
    run = LocalSession(nn.ReLU(), INPUTS).run({"N": 1, "L": length}, "cpu")
    assert (run.ok, run.device) == (True, device)


def test_frozen_layers_stay_frozen() -> None:
    module = nn.Sequential(nn.BatchNorm1d(1)).train()
    module[0].eval()
    session = LocalSession(module, INPUTS)
    assert session.run({"N": 1, "L": 1}, "cpu").ok
    assert session.trace({"N": 1, "L": 1}).failure is None


def test_shared_weights_stay_shared() -> None:
    module = nn.Sequential(nn.Conv1d(1, 1, 3), nn.Conv1d(1, 1, 3))
    module[1].weight = module[0].weight
    session = LocalSession(module, INPUTS)
    assert session.run(SIZES, "cpu").shapes == ((2, 1, 12),)
    assert session.trace(SIZES).failure is None


def test_weights_that_a_parametrisation_computed_can_be_copied() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the old weight_norm is what many use
        module = nn.Sequential(nn.utils.weight_norm(nn.Conv1d(1, 1, 3)))
    session = LocalSession(module, INPUTS)
    assert session.run(SIZES, "cpu").shapes == ((2, 1, 14),)
    assert session.trace(SIZES).failure is None
    assert not module[0].weight.is_leaf


class Counted(nn.Module):
    """Knows its parent, shares a list with others, and has a copy of its own kind."""

    def __init__(self, parent: nn.Module, shared: list[int]) -> None:
        super().__init__()
        self.parent = (parent,)
        self.shared = shared

    def forward(self, x):
        self.shared.append(len(self.shared))
        return x[..., : len(self.parent[0].children_of[0].shared)]


class CopiedByItself(Counted):
    def __deepcopy__(self, memo):
        made = memo[id(self)] = type(self)(self, copy.deepcopy(self.shared, memo))
        made.parent = copy.deepcopy(self.parent, memo)
        return made


@pytest.mark.parametrize("kind", [Counted, CopiedByItself])
def test_what_modules_share_is_shared_by_their_copies(kind) -> None:
    module, shared = nn.Sequential(), []
    module.extend([kind(module, shared), kind(module, shared)])
    module.children_of = [*module]
    session = LocalSession(module, INPUTS)
    assert session.trace(SIZES).failure is None
    assert session.run(SIZES, "cpu").shapes == ((2, 1, 1),)
    assert shared == []


@pytest.mark.parametrize("last", [nn.Identity(), CopiedByItself(nn.Identity(), [])])
def test_plain_attributes_of_many_layers_are_not_copied_one_by_one(last: nn.Module) -> None:
    module = nn.Sequential(*(nn.Conv1d(1, 1, 3) for _ in range(50)), last)
    asked = 0

    def count(frame, event, arg) -> None:
        nonlocal asked
        asked += event == "call" and frame.f_code is copy.deepcopy.__code__

    sys.setprofile(count)
    try:
        LocalSession(module, INPUTS)
    finally:
        sys.setprofile(None)
    assert asked < len(module)
