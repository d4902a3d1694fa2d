"""One run is a torch.fx graph, a list of records, and a check of every op against PyTorch."""

from __future__ import annotations

import copy
import dataclasses
import sys
import types

import pytest
import torch
from torch import fx, nn
from torch.nn import functional as F

from shapelint.lengths.formulas import formula
from shapelint.local import LocalSession
from shapelint.template import template_of
from shapelint.worker.claim import ShapeMismatch
from shapelint.worker.decompose import decomposed
from shapelint.worker.names import transfer_of
from shapelint.worker.ops import OPS
from shapelint.worker.python.builtins import _SEEN, in_modules_of
from shapelint.worker.python.swaps import swapped
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor
from shapelint.worker.tracer import ShapeTracer
from tests.runs import Fn

SIZES = {"N": 2, "H": 32, "W": 48}
IMAGE = {"0": (("N", 1, "H", "W"), torch.float32)}


class Net(nn.Module):
    """A bit of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 4, 3, 2, 1)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose2d(4, 1, 2, 2)
        self.register_buffer("scale", torch.ones(1))

    def forward(self, x):
        y = F.relu(self.norm(self.down(x)))
        left, right = y.chunk(2, dim=1)
        y = torch.cat([right, left], 1)[..., : y.shape[-1]]
        return {"image": torch.cat([self.up(y), x], 1) * self.scale, "mean": y.mean((2, 3))}


def traced(module: nn.Module, inputs=IMAGE, sizes=SIZES, **rest):
    tracer = ShapeTracer()
    with torch.device("meta"):
        return tracer, tracer.run(module.to("meta"), inputs, sizes, **rest)


def test_the_graph_is_a_graph_of_torch_fx():
    tracer, _ = traced(Net())
    tracer.graph.lint()
    ops = [n.op for n in tracer.graph.nodes]
    assert ops[0] == "placeholder"
    assert ops[-1] == "output"
    assert {"call_function", "call_method", "get_attr"} >= set(ops[1:-1])
    assert {n.target for n in tracer.graph.nodes if n.op == "get_attr"} >= {"down.weight", "scale"}


def test_the_graph_computes_what_the_module_computes():
    module = Net().eval()
    tracer, _ = traced(Net().eval())
    copy = fx.GraphModule(module, tracer.graph)
    x = torch.rand(2, 1, 32, 48)
    ours, real = copy(x), module(x)
    assert ours.keys() == real.keys()
    assert all(torch.equal(ours[k], real[k]) for k in real)


def test_every_node_of_the_graph_knows_its_lengths_and_its_record():
    tracer, trace = traced(Net())
    by_name = {r.name: r for r in trace.nodes}
    calls = [n for n in tracer.graph.nodes if n.name in by_name]
    assert len(calls) == len(trace.nodes)
    for node in calls:
        assert node.meta["record"] is by_name[node.name]
        assert all(isinstance(s, Shape) for s in node.meta["lengths"])


def test_records_say_what_was_called_where():
    _, trace = traced(Net())
    assert [r.index for r in trace.nodes] == list(range(len(trace.nodes)))
    conv = next(r for r in trace.nodes if r.op == "conv2d")
    assert (conv.module, conv.module_type) == ("down", "Conv2d")
    assert conv.attrs["stride"] == [2, 2]
    assert [[formula(e) for e in s] for s in conv.shapes] == [["N", "4", "ceil(H/2)", "ceil(W/2)"]]
    assert [e and formula(e) for e in conv.local] == [None, None, "ceil(n/2)", "ceil(n/2)"]
    assert conv.inputs == (0, -1, -1)
    assert conv.span.path == __file__
    joined = [r for r in trace.nodes if r.op == "cat"][-1]
    assert joined.module == ""
    assert [trace.nodes[i].op for i in joined.inputs] == ["conv_transpose2d", "placeholder"]


def test_outputs_are_listed_in_the_order_of_the_pytree():
    _, trace = traced(Net())
    assert [len(s) for s in trace.outputs] == [4, 2]
    assert [trace.nodes[i].op for i in trace.results] == ["mul", "mean"]


def test_a_dataclass_is_looked_into_field_by_field():
    @dataclasses.dataclass
    class Found:
        places: torch.Tensor
        label: str
        scores: torch.Tensor

    class Finds(nn.Module):
        def forward(self, x):
            return [Found(x.mean((1, 2)), "all", x)]

    _, trace = traced(Finds())
    assert [trace.nodes[i].op for i in trace.results] == ["mean", "placeholder"]


def test_an_input_that_is_returned_is_its_own_result():
    _, trace = traced(nn.Identity())
    assert trace.results == trace.inputs == (0,)


def test_a_tensor_of_no_size_has_no_node():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.zeros(3)

    _, trace = traced(Constant())
    assert (trace.results, [[formula(e) for e in s] for s in trace.outputs]) == ((-1,), [["3"]])


# -- agreement ------------------------------------------------------------------------------


@pytest.fixture
def replaced(monkeypatch):
    """Replace the transfer function of an op."""

    def replace(name: str, function) -> None:
        monkeypatch.setitem(OPS._found, name, function)
        transfer_of.cache_clear()

    yield replace
    monkeypatch.undo()
    transfer_of.cache_clear()


def _raises(input, *args, **kwargs):
    raise ZeroDivisionError("oops")


WRONG = {
    "a length": (lambda input, *a, **k: Shape((*input.lengths[:3], input.lengths[3] + 1))),
    "a dim too few": (lambda input, *a, **k: Shape(input.lengths[:3])),
    "an exception": _raises,
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_a_wrong_transfer_function_is_noticed_at_once(function, replaced):
    replaced("relu", function)
    with pytest.raises(ShapeMismatch, match="relu"):
        traced(nn.ReLU())


def test_a_wrong_number_of_results_is_noticed(replaced):
    class Halves(nn.Module):
        def forward(self, x):
            return x.chunk(2, -1)

    assert len(traced(Halves())[1].outputs) == 2
    replaced("chunk", lambda input, *a, **k: [Shape(input.lengths)])
    with pytest.raises(ShapeMismatch, match="1 shapes for 2 tensors"):
        traced(Halves())


def test_the_error_of_pytorch_goes_before_a_broken_transfer_function(replaced):
    replaced("conv2d", _raises)
    _, trace = traced(nn.Conv2d(3, 1, 3))
    assert "to have 3 channels, but got 1 channels" in trace.failure.error


# -- failures -------------------------------------------------------------------------------


class Raises(nn.Module):
    def forward(self, x):
        raise KeyError("no")


FAILURES = {
    "a need": (nn.Conv2d(1, 1, 64), 1, True, "RuntimeError: Calculated padded input size"),
    "forward": (Raises(), -1, False, "KeyError: 'no'"),
}


@pytest.mark.parametrize(("module", "node", "explained", "error"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_part_of_the_trace(module, node, explained, error):
    tracer, trace = traced(module)
    assert (trace.failure.node, trace.failure.explained) == (node, explained)
    assert trace.failure.error.startswith(error)
    assert trace.outputs == ()
    tracer.graph.lint()


def test_the_call_of_modules_is_not_replaced():
    seen = []

    class Looks(nn.Module):
        def forward(self, x):
            seen.append(nn.Module.__call__)
            return x

    traced(Looks())
    assert seen == [nn.Module.__call__]


class Compiled(nn.Module):
    """``compile`` is told to call something else, as PyTorch's own compilers are."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.conv.compile(backend=_no_backend)

    def forward(self, x):
        return copy.deepcopy(self.conv)(self.conv(x))


def _no_backend(graph, inputs):
    raise AssertionError("compiled")


def test_a_layer_that_would_be_compiled_is_run_and_a_copy_of_it_is_a_function():
    module = Compiled()
    compiled = module.conv._compiled_call_impl
    _, trace = traced(module)
    assert [n.module for n in trace.nodes if n.op == "conv2d"] == ["conv", ""]
    assert module.conv._compiled_call_impl is compiled


def test_nothing_is_left_behind():
    before = nn.Module._call_impl, nn.ConvTranspose2d._output_padding
    traced(Raises())
    net = Net()
    attributes = [set(vars(m)) for m in net.modules()]
    traced(net)
    assert (nn.Module._call_impl, nn.ConvTranspose2d._output_padding) == before
    assert [set(vars(m)) for m in net.modules()] == attributes
    assert "int" not in globals()


# -- ops that are not known -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["relu", "transpose"])
def test_an_op_without_a_transfer_function_is_probed(name, replaced):
    replaced(name, None)
    module = nn.ReLU() if name == "relu" else Fn(lambda x: x.transpose(-1, -2))
    _, trace = traced(module)
    expected = ["N", "1", "H", "W"] if name == "relu" else ["N", "1", "W", "H"]
    assert [formula(e) for e in trace.outputs[0]] == expected
    assert any("has no transfer function; its shape was probed" in text for text in trace.checked)


FORMULAS = {
    "neither": ("max_pool2d", Fn(lambda x: torch.max_pool2d(x, 3, 2)), None),
    "affine": ("conv_transpose2d", nn.ConvTranspose2d(1, 1, 5, 3, 1), "3*W"),
    "a constant": ("sum", Fn(lambda x: x.sum(-1, keepdim=True)), "1"),
}


@pytest.mark.parametrize(("name", "module", "last"), FORMULAS.values(), ids=FORMULAS)
def test_a_probed_formula_explains_all_runs_or_is_given_up(name, module, last, replaced):
    replaced(name, None)
    _, trace = traced(module)
    assert trace.checked
    if last is None:
        assert any("fits no formula" in text for text in trace.checked)
        assert formula(trace.outputs[0][-1]) == "23"
    else:
        assert formula(trace.outputs[0][-1]) == last


# -- composites -----------------------------------------------------------------------------


def test_a_composite_runs_its_body_and_gives_the_same():
    x = torch.rand(3, 4)
    copy = decomposed(F.normalize)
    assert copy is decomposed(F.normalize)
    assert copy is not F.normalize
    assert torch.equal(copy(x, dim=0), F.normalize(x, dim=0))
    assert copy.__kwdefaults__ == F.normalize.__kwdefaults__


def test_the_calls_of_a_composite_are_seen():
    _, trace = traced(Fn(lambda x: F.normalize(x, dim=1)))
    assert len(trace.nodes) > 2
    assert not trace.checked


# -- builtins -------------------------------------------------------------------------------


def test_models_see_their_own_builtins_and_nobody_else_does():
    source = """
from torch import nn
class M(nn.Module):
    def forward(self, x):
        return x[..., : int(x.shape[-1] / 2)], len(x), isinstance(x.shape[0], int)
"""
    module = types.ModuleType("made_up_module")
    exec(source, vars(module))
    sys.modules["made_up_module"] = module
    vars(module)["M"].__module__ = "made_up_module"
    try:
        model = module.M()
        with swapped(in_modules_of(model)):
            assert module.int is _SEEN["int"]
        assert not hasattr(module, "int")
        _, trace = traced(model)
    finally:
        del sys.modules["made_up_module"]
    assert [formula(e) for e in trace.outputs[0]] == ["N", "1", "H", "floor(W/2)"]
    assert not trace.checked


def test_a_module_that_has_its_own_int_keeps_it():
    module = types.ModuleType("with_own_int")
    module.int = str
    module.M = type("M", (nn.Module,), {"__module__": "with_own_int"})
    sys.modules["with_own_int"] = module
    try:
        with swapped(in_modules_of(module.M())):
            assert module.int is str
            assert module.len is _SEEN["len"]
        assert module.int is str
    finally:
        del sys.modules["with_own_int"]


QUARTER = 0.25


class Halves(nn.Module):
    """Floats of every origin, each on the left of a length."""

    share = 0.5

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.own = kind, 0.5

    def forward(self, x, default=0.5):
        factor = {
            "class": self.share,
            "self": self.own,
            "module": QUARTER + QUARTER,
            "default": default,
            "nested": sum(0.25 * (self.own + 0.5) for _ in range(2)),
        }
        n = x.shape[-1]
        return x[..., : int(0.5 * n if self.kind == "code" else factor[self.kind] * n)]


@pytest.mark.parametrize("kind", ["code", "class", "self", "module", "default", "nested"])
def test_a_float_before_a_length_gives_way(kind):
    module = Halves(kind)
    before = [type(v) for v in (module.own, Halves.share, QUARTER)], Halves.forward.__code__
    _, trace = traced(module)
    assert formula(trace.outputs[0][-1]) == "floor(W/2)"
    assert not trace.checked
    assert before == ([float, float, float], Halves.forward.__code__)
    assert [type(v) for v in (module.own, Halves.share, QUARTER)] == before[0]
    assert Halves.forward.__defaults__ == (0.5,)
    assert type(Halves.forward.__defaults__[0]) is float


def test_what_a_run_assigns_is_not_taken_back():
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen = 0.0

        def forward(self, x):
            self.seen = self.seen + 1.0
            return x

    module = Counts()
    traced(module)
    assert module.seen == 1.0


# -- output_size ----------------------------------------------------------------------------


class Told(nn.Module):
    def __init__(self, told) -> None:
        super().__init__()
        self.up, self.told = nn.ConvTranspose2d(1, 1, 3, 2, 1), told

    def forward(self, x):
        return self.up(x, output_size=self.told(x))


def _doubled(x):
    return [2 * n for n in x.shape[2:]]


def test_output_size_is_two_needs_per_dim_and_no_branch():
    _, trace = traced(Told(_doubled))
    assert {e.kind for e in trace.events} <= {"need"}
    assert [formula(e) for e in trace.outputs[0]] == ["N", "1", "2*H", "2*W"]


@pytest.mark.parametrize("more", range(-4, 4))
def test_an_output_size_out_of_reach_fails_in_the_words_of_pytorch(more):
    def told(x):
        return [n + more for n in _doubled(x)]

    _, trace = traced(Told(told))
    assert _result(trace) == _done(Told(told))


def _result(trace) -> tuple[int, ...] | str:
    """The shape of the output, or the error."""
    return trace.failure.error if trace.failure else tuple(e.at(SIZES) for e in trace.outputs[0])


def _done(module: nn.Module) -> tuple[int, ...] | str:
    try:
        return tuple(module(torch.zeros(2, 1, 32, 48)).shape)
    except ValueError as exc:
        return f"ValueError: {exc}"


def test_shape_tensors_stay_inside():
    tracer, _ = traced(Net())
    assert not any(isinstance(a, ShapeTensor) for n in tracer.graph.nodes for a in n.args)


@pytest.mark.parametrize(
    ("length", "made"),
    [(8, []), (9, [9, 8]), (2**40 + 1, [])],
    ids=["meta tells", "meta does not tell", "no room for it"],
)
def test_what_meta_cannot_tell_is_run_on_the_cpu_where_there_is_room(monkeypatch, length, made):
    class Halved(nn.Module):
        def forward(self, x):
            return x + F.avg_pool1d(x, 2).repeat_interleave(2, -1)

    seen = []
    full = torch.full
    monkeypatch.setattr(torch, "full", lambda n, *a, **k: seen.append(*n) or full(n, *a, **k))
    run = LocalSession(Halved(), template_of(["1 1 L"])).trace({"L": length})
    assert (run.failure is None) == (length % 2 == 0)
    assert seen == made
