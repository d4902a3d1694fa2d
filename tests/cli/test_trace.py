"""``shapelint trace``: the table of a real run, also of one that fails."""

import pytest
import torch
from torch import nn

from shapelint.model import Examination, Input, TargetReport
from shapelint.trace import Trace
from shapelint.worker.tracer import ShapeTracer


class UNet(nn.Module):
    """One level, and no care for odd sizes."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv1d(1, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose1d(8, 8, 2, stride=2)

    def forward(self, x):
        y = self.up(torch.relu(self.down(x)))
        if x.shape[-1] > 1000:
            raise ValueError("too long")
        return torch.cat([x, y], dim=1)


def traced(length: int) -> Trace:
    inputs = {"x": (("N", 1, "L"), torch.float32)}
    return ShapeTracer().run(UNet().to("meta"), inputs, {"N": 2, "L": length})


def examined(trace: Trace | None, reason: str = "") -> Examination:
    inputs = (Input("x", ("N", 1, "L")),)
    evidence = "proven" if trace else "not-checked"
    report = TargetReport("model.py:UNet", "model.py", "UNet", inputs, evidence, reason)
    joins = [n.index for n in trace.nodes if n.op == "cat"] if trace else []
    return Examination(report, trace, tuple(joins))


RUNS = """\
model.py:UNet(x: N, 1, L)
layer  type             op                input -> output                              at N = 2, L = 64
x                       input             (N, 1, L)                                    (2, 1, 64)
down   Conv1d           conv1d            (N, 1, L) -> (N, 8, ceil(L/2))               (2, 8, 32)
                        relu              (N, 8, ceil(L/2)) -> (N, 8, ceil(L/2))       (2, 8, 32)
up     ConvTranspose1d  conv_transpose1d  (N, 8, ceil(L/2)) -> (N, 8, 2*ceil(L/2))     (2, 8, 64)
                        cat               (N, 1, L), (N, 8, 2*ceil(L/2)) -> (N, 9, L)  (2, 9, 64)        joins x and up
"""  # noqa: E501  (lines as they are printed)

FAILS = """\
model.py:UNet(x: N, 1, L)
layer  type             op                input -> output                           at N = 2, L = 63
x                       input             (N, 1, L)                                 (2, 1, 63)
down   Conv1d           conv1d            (N, 1, L) -> (N, 8, ceil(L/2))            (2, 8, 32)
                        relu              (N, 8, ceil(L/2)) -> (N, 8, ceil(L/2))    (2, 8, 32)
up     ConvTranspose1d  conv_transpose1d  (N, 8, ceil(L/2)) -> (N, 8, 2*ceil(L/2))  (2, 8, 64)
                        cat               (N, 1, L), (N, 8, 2*ceil(L/2)) -> fails   fails             joins x and up
error: RuntimeError: Sizes of tensors must match except in dimension 1. Expected size 63 but got \
size 64 for tensor number 1 in the list.
"""  # noqa: E501  (lines as they are printed)

NOT_CHECKED = """\
model.py:UNet(x: N, 1, L)
not checked: takes longer than 60 s
"""

TABLES = {
    "a run to the end": (examined(traced(64)), 0, RUNS),
    "a run that fails ends with the call that failed": (examined(traced(63)), 1, FAILS),
    "no run at all": (examined(None, "takes longer than 60 s"), 1, NOT_CHECKED),
}


@pytest.mark.parametrize(("seen", "code", "text"), TABLES.values(), ids=TABLES)
def test_table(engine, shapelint, seen, code, text):
    engine.examination = seen
    assert shapelint("trace", "model.py:UNet") == (code, text, "")
    assert engine.target == "model.py:UNet"


def test_an_exception_of_forward_itself_stands_below_the_calls_that_worked(engine, shapelint):
    engine.examination = examined(traced(1002))
    code, out, _ = shapelint("trace", "model.py:UNet")
    *_, last_call, error = out.splitlines()
    assert (code, last_call.split()[0], error) == (1, "up", "error: ValueError: too long")


RED = {
    "a run to the end": (64, []),
    "the call that failed": (63, ["cat"]),
    "no call failed": (1002, []),
}


@pytest.mark.parametrize(("length", "red"), RED.values(), ids=RED)
def test_only_the_call_that_failed_is_red(engine, shapelint, length, red):
    engine.examination = examined(traced(length))
    _, out, _ = shapelint("trace", "model.py:UNet", "--color", "always")
    rows = out.partition("error")[0].split("\n")
    assert [row.split()[1] for row in rows if "\x1b[1;31m" in row and "\x1b[0m" in row] == red


def test_flags_reach_the_engine(engine, shapelint):
    engine.examination = examined(traced(64))
    shapelint("trace", "model.py:UNet", "--input", "N,1,L", "--arg", "k=3", "--timeout", "5")
    asked = engine.settings
    assert (asked.inputs, asked.args, asked.timeout) == ((Input("0", ("N", 1, "L")),), {"k": 3}, 5)
