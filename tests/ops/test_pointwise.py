"""Elementwise ops keep or broadcast shapes, and refuse what PyTorch refuses."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shapelint.worker.ops import pointwise
from tests.ops.oracle import SMALL, assert_agrees, case, traced

H = W = range(1, 5)
ANY = range(1, 5)

ONE = [
    case("activation", F.gelu, "2 H", H=H),
    case("activation in place", lambda x: F.relu(x, inplace=True), "2 H", H=H),
    case("private name of a public function", lambda x: F.threshold(x, 0, 1), "2 H", H=H),
    case("randomized", lambda x: F.rrelu(x, training=True), "2 H", H=H),
    case("dropout", lambda x: F.dropout(x, training=True), "2 H", H=H),
    case("channels drop", lambda x: F.dropout2d(x, training=True), "2 3 H W", H=H, W=W),
    case("unbatched channels drop", lambda x: F.dropout1d(x, training=True), "3 H", H=H),
    case("keeps mean and variance", lambda x: F.alpha_dropout(x, training=True), "2 H", H=H),
    case("softmax", lambda x: F.softmax(x, 1), "2 H", H=H),
    case("softmax of a dim that is not there", lambda x: F.softmax(x, 2), "2 H", H=H),
    case("before the first dim", lambda x: F.log_softmax(x, dim=-3), "2 H", H=H),
    case("module without the dim", nn.Softmax(dim=3), "2 H", H=H),
    case("softmin composes", lambda x: F.softmin(x, 1), "2 H", H=H),
    case("gumbel composes", F.gumbel_softmax, "2 H", H=H),
    case("normalize composes", F.normalize, "2 H", H=H),
    case("operators", lambda x: ~(-abs(x) > 0), "2 H", H=H),
    case("special function", torch.special.expit, "2 H", H=H),
    case("real part as attribute", lambda x: x.real + x.imag, ("2 H", torch.cfloat), H=H),
    case("complex as pairs", torch.view_as_real, ("2 H", torch.cfloat), H=H),
    case("pairs as complex", torch.view_as_complex, "3 H", H=SMALL),
]

GATES = [
    case("half of even lengths", F.glu, "3 H", H=range(1, 12)),
    case("half of a middle dim", lambda x: F.glu(x, dim=1), "2 H 3", H=range(1, 12)),
    case("module", nn.GLU(0), "H W", H=SMALL, W=SMALL),
    case("dim out of range", lambda x: F.glu(x, dim=3), "2 H", H=H),
    case("number has no half", lambda x: F.glu(x.sum()), "2 H", H=H),
]

SLOPES = [
    case("one for all", nn.PReLU(), "2 C H", C=H, H=H),
    case("one for each channel", nn.PReLU(3), "2 C H", C=SMALL, H=H),
    case("vector has one channel", nn.PReLU(3), "H", H=H),
    case("vector with one", nn.PReLU(1), "H", H=H),
    case("number is refused", lambda x: F.prelu(x.sum(), torch.zeros(1)), "H", H=H),
    case("as many as the last dim", F.prelu, "H W", "K", H=H, W=W, K=H),
]

TWO = [
    case("number", lambda x: 1 - x**2 / 3 + 2**x, "2 H", H=H),
    case("length times tensor", lambda x: x.shape[1] * x, "2 H", H=H),
    case("tensor plus length", lambda x: x + x.shape[1] - (x.shape[1] - x), "2 H", H=H),
    case("length compared with a tensor", lambda x: (x < x.shape[1]) | (x.shape[1] == x),
         "2 H", H=H),
    case("same tensor", lambda x: x * x, "2 H", H=H),
    case("lengths are free", lambda x, y: x + y, "2 H", "2 W", H=ANY, W=ANY),
    case("each other's dim", lambda x, y: x - y, "H 1", "W", H=ANY, W=ANY),
    case("other rank", lambda x, y: y / x, "H", "3 W 1", H=ANY, W=ANY),
    case("constant length", lambda x: torch.maximum(x, torch.zeros(3, 1)), "H W", H=ANY, W=ANY),
    case("integer division", lambda x, y: x // y, "2 H", "2 W", H=ANY, W=ANY),
    case("remainder", lambda x, y: x % y, "2 H", "2 W", H=ANY, W=ANY),
    case("reversed", torch.rsub, "2 H", "2 W", H=ANY, W=ANY),
    case("comparison", lambda x, y: (x == y) & (x < y), "H 2", "W 2", H=ANY, W=ANY),
    case("power", lambda x, y: x**y, "H 2", "W 2", H=ANY, W=ANY),
    case("clamp by tensors", lambda x, y: x.clamp(max=y), "H", "W", H=ANY, W=ANY),
    case("complex of two", torch.complex, "H", "W", H=ANY, W=ANY),
    case("rounded division", lambda x, y: torch.div(x, y, rounding_mode="floor"), "H", "W",
         H=ANY, W=ANY),
    case("shifts", lambda x, y: (x << y) >> 1, ("H", torch.int), ("W", torch.int), H=ANY, W=ANY),
    case("logic", lambda x, y: torch.logical_xor(x, y) | True, ("H", torch.bool), ("W", torch.bool),
         H=ANY, W=ANY),
]  # fmt: skip

THREE = [
    case("lerp by a number", lambda x, y: torch.lerp(x, y, 0.5), "H", "W", H=ANY, W=ANY),
    case("lerp by a tensor", torch.lerp, "H", "W", "K", H=ANY, W=ANY, K=ANY),
    case("addcmul", torch.addcmul, "H", "2 W", "K", H=ANY, W=ANY, K=ANY),
    case("addcdiv", torch.addcdiv, "H", "W", "K", H=ANY, W=ANY, K=ANY),
    case("clamp on both sides", torch.clamp, "H", "W", "K", H=ANY, W=ANY, K=ANY),
]

WRITTEN = [
    case("by a number", lambda x: x.mul_(2), "2 H", H=H),
    case("returns itself", lambda x, y: x.add_(y) + x, "2 H", "2 W", H=ANY, W=ANY),
    case("statement", lambda x, y: torch.relu(x).__iadd__(y), "2 H", "1 W", H=ANY, W=ANY),
    case("does not stretch itself", lambda x, y: x.sub_(y), "H 3", "W 3", H=ANY, W=ANY),
    case("does not gain a dim", lambda x, y: x.sub_(y), "H", "1 W", H=ANY, W=ANY),
    case("of three", lambda x, y, z: x.addcmul_(y, z), "H", "W", "K", H=ANY, W=ANY, K=ANY),
    case("lerp", lambda x, y: x.lerp_(y, 0.1), "H", "W", H=ANY, W=ANY),
]


def _quantized(x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor) -> torch.Tensor:
    return torch.fake_quantize_per_channel_affine(x, scale + 1, zero, 1, 0, 255)


QUANTIZED = [
    case("one scale", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 255), "H", H=H),
    case("scales of channels", _quantized, "2 C", "S", ("Z", torch.int32), C=ANY, S=ANY, Z=ANY),
]


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"), [*ONE, *GATES, *SLOPES, *TWO, *THREE, *WRITTEN, *QUANTIZED]
)
def test_pointwise(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    "f", [lambda x, y: x.add_(y), F.soft_margin_loss], ids=["in place", "loss"]
)
def test_what_is_stretched_to_the_result_is_no_branch(f):
    events = traced(f, ("2 H", "2 W"), {"H": 5, "W": 5}).events
    assert {e.kind for e in events} == {"need"}


def _functions():
    for space in (torch, torch.Tensor, torch._C._nn, torch._C._special):
        yield from ((name, getattr(space, name, None)) for name in dir(space))


FUNCTIONS = dict(_functions())
ARGUMENTS = {
    "bernoulli_": (), "fake_quantize_per_tensor_affine": (0.1, 0, 0, 255), "geometric_": (0.5,),
    "mvlgamma": (1,), "mvlgamma_": (1,), "special_multigammaln": (1,),
    "threshold": (0, 0), "threshold_": (0, 0), "softmax": (0,), "log_softmax": (0,),
    "special_softmax": (0,), "special_log_softmax": (0,), "_softmax": (0, False),
    "_log_softmax": (0, False), "dropout": (0.5, True), "alpha_dropout": (0.5, True),
    "feature_dropout": (0.5, True), "feature_alpha_dropout": (0.5, True), "dropout_": (0.5, True),
    "alpha_dropout_": (0.5, True), "feature_dropout_": (0.5, True),
    "feature_alpha_dropout_": (0.5, True),
}  # fmt: skip
REFLECTED = ["__rsub__", "__rpow__", "__rmod__", "__rfloordiv__", "__rlshift__", "__rrshift__"]
NEEDS_MORE = {"rrelu_with_noise", "rrelu_with_noise_", "fused_moving_avg_obs_fake_quant"}
ARGUMENT_FIRST = {"polygamma", "special_polygamma"}


def _spellings(names):
    found = {n for name in names for n in (name, f"{name}_") if callable(FUNCTIONS.get(n))}
    return sorted(found - NEEDS_MORE - ARGUMENT_FIRST)


@pytest.mark.parametrize("name", _spellings(pointwise.ONE_TENSOR))
def test_name_keeps_the_shape(name):
    if name.strip("_") == "invert" or name.startswith(("bitwise", "logical")):
        template = ("2 H", torch.bool)
    else:
        template = "2 H"
    more = ARGUMENTS.get(name, ())
    assert_agrees(lambda x: FUNCTIONS[name](x, *more), (template,), {"H": [1, 3]})


@pytest.mark.parametrize(
    "name", _spellings([*pointwise.BROADCASTING, *pointwise.IN_PLACE, *REFLECTED])
)
def test_name_broadcasts(name):
    function = FUNCTIONS[name]
    dtype = torch.float32
    extra = (1,) if name.startswith(("addc", "lerp")) else ()
    for dtype in (torch.float32, torch.float64, torch.int64, torch.bool):
        try:
            function(torch.ones(2, dtype=dtype), torch.ones(2, dtype=dtype), *extra)
        except (RuntimeError, NotImplementedError, TypeError):
            continue
        break
    sizes = {"H": [1, 2, 3], "W": [1, 2, 3]}
    assert_agrees(lambda x, y: function(x, y, *extra), (("H", dtype), ("W", dtype)), sizes)
