"""A trace travels as JSON and arrives as it was."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shapelint.lengths.conditions import all_of, any_of, at_least, divides, equal, unequal
from shapelint.lengths.expr import Expr, floordiv, product, symbol
from shapelint.lengths.real import Real
from shapelint.lengths.real_tests import RealTest
from shapelint.local import LocalSession
from shapelint.model import Input
from shapelint.trace import Event, Failure, Node, Span, Trace
from shapelint.wire import decode, encode

H, W = symbol("H"), symbol("W")
SPAN = Span("models/größe.py", 3, 5, 4, 17)


def travelled(trace: Trace) -> Trace:
    return decode(json.loads(json.dumps(encode(trace))))


def _with(*lengths: Expr) -> Trace:
    return Trace({"H": 3}, (), (), (tuple(lengths),))


EXPRESSIONS = {
    "a number": Expr(7),
    "a negative number": Expr(-7),
    "a symbol": H,
    "a sum": 3 * H - 2 * W + 1,
    "a quotient": floordiv(H + 1, 2),
    "nested quotients": floordiv(floordiv(floordiv(H + 1, 2) + 1, 2) - 3, 5),
    "a remainder": H % 8,
    "a product": product((H, W, H + 1)),
    "a quotient by a length": floordiv(product((H, W)), H + 1),
    "a rounded float": Real("*", (Real("float", (H,)), 0.1)).rounded("floor"),
    "a float of no exact decimal": Real("/", (Real("float", (H,)), 1 / 3)).rounded("ceil"),
    "two floats": Real("+", (Real("**", (Real("float", (H,)), 0.5)), math.pi)).rounded("floor"),
}


@pytest.mark.parametrize("expr", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions_come_back_equal_and_with_the_same_values(expr):
    ((back,),) = travelled(_with(expr)).outputs
    assert back == expr
    assert all(back.at({"H": n, "W": n + 3}) == expr.at({"H": n, "W": n + 3}) for n in range(1, 99))


REAL = Real("*", (Real("float", (H,)), 0.1))
CONDITIONS = {
    "equal": equal(H, W),
    "unequal": unequal(H, 7),
    "at least": at_least(H, 2 * W),
    "divides": divides(16, H),
    "all of": all_of([at_least(H, 3), divides(2, W)]),
    "any of": any_of([equal(H, 1), equal(H, W), equal(W, 1)]),
    "nested": any_of([all_of([at_least(H, 3), equal(W, 2)]), equal(H, 1)]),
    "of floats": RealTest("<", REAL, 25.6),
    "of a float that is no number": RealTest("<", REAL, math.inf),
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("holds", [True, False])
def test_conditions_come_back_equal(condition, holds):
    events = (
        Event("branch", condition, holds, -1, span=SPAN),
        Event("need", condition, holds, 0, "match", "lengths differ", (H, Expr(3)), SPAN),
    )
    trace = Trace({"H": 3, "W": 4}, (), events, ())
    back = travelled(trace)
    assert back == trace
    for n in range(1, 30):
        assert back.events[0].condition.at({"H": n, "W": 4}) == condition.at({"H": n, "W": 4})


NODE = Node(
    0, "conv", "conv2d", (0, -1), ((H, W),), ((floordiv(H, 2), W),), "enc.0", "Conv2d",
    {"stride": [2, 2], "padding": "same", "eps": 1e-5, "bias": None, "flag": True},
    SPAN, SPAN, (SPAN, dataclasses.replace(SPAN, line=1)), (None, floordiv(symbol("n"), 2)),
)  # fmt: skip
FIELDS = {
    "nothing": {},
    "nodes": {"nodes": (NODE, dataclasses.replace(NODE, index=1, span=None, layer_span=None))},
    "a failure": {"failure": Failure(1, "RuntimeError: größer", True, SPAN)},
    "a failure nowhere": {"failure": Failure(-1, "ValueError: no", False)},
    "doubts": {"checked": ("numpy", "a loop")},
    "a lax kernel": {"lax": True},
    "sizes of other ways": {"replayed": ({"H": 3, "W": 4}, {"H": 4, "W": 4})},
    "runs that raise": {
        "nodes": (NODE, dataclasses.replace(NODE, index=1)),
        "raising": (Trace({"H": 4}, (NODE,), (), (), Failure(-1, "ValueError: no", False)),),
    },
    "inputs and results": {"inputs": (0, 1), "results": (4, -1)},
    "outputs": {"outputs": ((H, W), (), (Expr(3),))},
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_every_field_comes_back(fields):
    trace = Trace(**{"hints": {"H": 3}, "nodes": (), "events": (), "outputs": (), **fields})
    assert travelled(trace) == trace


class Busy(nn.Module):
    """Branches, floats, a skip and a failure at odd sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 1, 2, 2)

    def forward(self, x):
        if x.shape[-1] % 3 == 1:
            x = F.pad(x, (1, 0))
        y = F.interpolate(self.down(x), scale_factor=0.7)
        y = F.interpolate(y, size=self.down(x).shape[2:])
        return torch.cat([self.up(y), x], 1), y.flatten(1)


@pytest.mark.parametrize("size", [16, 31], ids=["runs", "fails"])
def test_the_trace_of_a_model_comes_back(size):
    session = LocalSession(Busy(), [Input("0", ("N", 1, "H", "W"))])
    trace = session.trace({"N": 2, "H": size, "W": 60})
    assert (trace.failure is None) == (size == 16)
    assert any(e.kind == "branch" for e in trace.events)
    assert travelled(trace) == trace


def test_what_is_shared_is_written_once():
    length = floordiv(H + 1, 2)
    one = len(encode(_with(length))["table"])
    assert len(encode(_with(*[length] * 1000))["table"]) == one


MALFORMED = {
    "no version": ({}, "wire version None"),
    "another version": ({"version": 0}, "wire version 0"),
    "no table": ({"version": 1}, "malformed trace: KeyError"),
    "an unknown tag": ({"version": 1, "table": [["?!", 1]]}, "unknown tag"),
    "a row that refers to a later one": (
        {"version": 1, "table": [["+", 0, [[1, 1]]], ["sym", "H"]]},
        "malformed trace: IndexError",
    ),
    "missing fields": ({"version": 1, "table": []}, "malformed trace: KeyError"),
}


@pytest.mark.parametrize(("message", "error"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_message_is_refused(message, error):
    with pytest.raises(ValueError, match=error):
        decode(message)
