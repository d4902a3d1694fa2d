"""Code outside the modules that define a model's classes sees lengths as well."""

from __future__ import annotations

import functools
import sys
import types

import pytest
import torch
from torch import nn

from shapelint.lengths.formulas import formula
from shapelint.worker.python.reached import functions_of
from shapelint.worker.tracer import ShapeTracer
from tests.runs import analysed

HELPERS = """
import functools

def halved(n):
    return int(n / 2)

def through(n):
    return halved(n)

def wrapping(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner

@wrapping
def decorated(n):
    return int(n / 2)

class Halver:
    share = 2
    def __call__(self, n):
        return self.work(n)
    def work(self, n):
        return int(n / self.share)

def unused(n):
    return n
"""


@pytest.fixture
def helpers():
    module = types.ModuleType("made_up_helpers")
    sys.modules[module.__name__] = module
    exec(HELPERS, vars(module))
    yield module
    del sys.modules[module.__name__]


class Cut(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return x[..., : self.function(x.shape[-1])]


WAYS = {
    "not at all": lambda m: lambda n: n - n // 2 - n % 2,
    "a function": lambda m: m.halved,
    "a function that calls another": lambda m: m.through,
    "what a decorator wraps": lambda m: m.decorated,
    "a partial": lambda m: functools.partial(m.halved),
    "a closure": lambda m: lambda n: m.halved(n) + 0,
    "a method of an object": lambda m: m.Halver(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_length_survives_in_a_helper_of_another_module(way, helpers):
    model = Cut(way(helpers))
    trace = ShapeTracer().run(model, {"0": (("L",), torch.float32)}, {"L": 64})
    assert formula(trace.outputs[0][0]) == "floor(L/2)"
    assert not trace.checked
    assert not hasattr(helpers, "int")


def test_only_what_is_named_is_reached(helpers):
    names = {f.__name__ for f in functions_of(Cut(helpers.through))}
    assert names == {"forward", "through", "halved"}


class Halving(torch.autograd.Function):
    """In the older of the two ways to write it."""

    @staticmethod
    def forward(ctx, x, times):
        ctx.save_for_backward(x)
        ctx.mark_non_differentiable(x)
        return x[..., :: 2 * times]


class HalvingApart(torch.autograd.Function):
    @staticmethod
    def forward(x, times):
        return x[..., :: 2 * times]

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.times, ctx.shape = inputs[1], output.shape


@pytest.mark.parametrize("function", [Halving, HalvingApart], ids=["with ctx", "setup_context"])
def test_lengths_go_through_a_custom_autograd_function(function):
    class Model(nn.Module):
        def forward(self, x):
            return function.apply(x, 1).relu()

    applied = vars(torch.autograd.Function)["apply"]
    trace = ShapeTracer().run(Model(), {"0": (("L",), torch.float32)}, {"L": 64})
    assert trace.failure is None
    assert formula(trace.outputs[0][0]) == "ceil(L/2)"
    assert vars(torch.autograd.Function)["apply"] is applied


def test_a_normalisation_that_visits_every_channel_asks_no_size():
    inputs = {"0": (("N", "C", "L", 5), torch.float32)}
    sizes = {"N": 2, "C": 256, "L": 7}
    trace = ShapeTracer().run(nn.CrossMapLRN2d(3), inputs, sizes)
    assert [formula(d) for d in trace.outputs[0]] == ["N", "C", "L", "5"]
    assert trace.events == ()
    assert len(trace.nodes) == 2
    flat = ShapeTracer().run(nn.CrossMapLRN2d(3), {"0": (("C", "L"), torch.float32)}, sizes)
    assert "to be 4D, got 2D" in flat.failure.error


def test_what_stands_for_a_missing_package_is_not_asked_anything(helpers):
    class Missing:
        def __getattr__(self, name):
            raise ImportError("no such package")

    helpers.missing = Missing()
    exec("def uses(n):\n    return n // 2 if n else missing(n)", vars(helpers))
    trace = ShapeTracer().run(Cut(helpers.uses), {"0": (("L",), torch.float32)}, {"L": 64})
    assert trace.failure is None
    assert formula(trace.outputs[0][0]) == "floor(L/2)"


def test_what_has_attributes_of_its_own_kind_is_left_alone(helpers):
    class Foreign:
        """As what numba makes of a library: it answers ``__dict__`` with something else."""

        __dict__ = property(lambda self: object())

        def __call__(self):
            raise NotImplementedError

    helpers.foreign = Foreign()
    exec("def uses(n):\n    return n // 2 if n else foreign()", vars(helpers))
    assert analysed(Cut(helpers.uses), "L").evidence == "proven"
