"""What the calls of a model in a project are seen to pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.facts import Given
from shapelint.project.classes import Project

ON_SHAPE = [Given(shape=(1, 3, 64, 64))]
X = "x = torch.randn(1, 3, 64, 64)\n"
CALLS = {
    "a class that is built is not called": ("net = Net(8)", None),
    "nobody sees what is passed": ("net = Net()\nnet(*batch)\nnet(**batch)", None),
    "another method": ("net = Net()\nz = net.encode(1)\nz(2)", None),
    "on the spot": ("net = Net()\ny = net(torch.randn(1, 3, 64, 64))", ON_SHAPE),
    "without a name": ("y = Net()(torch.rand((1, 3, 64, 64)))", ON_SHAPE),
    "the method itself": ("y = Net().forward(torch.rand((1, 3, 64, 64)))", ON_SHAPE),
    "through a name": (f"{X}net = Net().to(device).eval()\ny = net(x)", ON_SHAPE),
    "limited": (
        "net = Net()\ny = net(torch.randn([10, 16000 * 4]).clamp_(-1, 1))",
        [Given(shape=(10, 64000))],
    ),
    "moved elsewhere": (f"net = Net()\n{X}x = x.to(device)\ny = net(x)", ON_SHAPE),
    "computed sizes": (
        "s = 32\nnet = Net()\ny = net(torch.zeros(batch, 3, 2 * s, 64))",
        [Given(shape=(0, 3, 64, 64))],
    ),
    "no tensor made of nothing": (
        f"net = Net()\n{X}y = net(x.unsqueeze(1), load())",
        [Given()] * 2,
    ),
    "whole numbers": (
        "net = Net()\nnet(torch.randint(0, 9, (1, 16)), torch.ones(4, dtype=torch.long))",
        [Given(shape=(1, 16), dtype="int64"), Given(shape=(4,), dtype="int64")],
    ),
    "cast": ("net = Net()\nnet(torch.zeros(1, 16).long())", [Given(shape=(1, 16), dtype="int64")]),
    "in a function": (f"def main():\n    {X}    net = Net()\n    print(net(x))", ON_SHAPE),
    "given to a function": (
        "def run(model, batch):\n    return model(batch, 2)\nnet = Net()\nrun(net, load())",
        [Given(), Given(literal="2")],
    ),
    "an attribute": (
        "class Lit:\n    def __init__(self): self.net = Net()\n"
        "    def step(self, x): return self.net(x, 'full')",
        [Given(), Given(literal="'full'")],
    ),
    "two at a time": ("a, b = Net(), other()\nb(1)\na(2)", [Given(literal="2")]),
    "in a wrapper": ("net = nn.DataParallel(Net()).cuda()\nnet.module(2)", [Given(literal="2")]),
    "by a tracer": (f"{X}torch.jit.trace(Net(), x)", ON_SHAPE),
    "by an exporter": (f"{X}net = Net()\ntorch.onnx.export(net, (x,), 'net.onnx')", ON_SHAPE),
    "by a profiler": (f"{X}net = Net()\nprofile(net, inputs=(x,))", ON_SHAPE),
    "made by a function": (
        "def make():\n    return Net()\nnet = make()\nnet(2)",
        [Given(literal="2")],
    ),
}


@pytest.mark.parametrize(("text", "args"), CALLS.values(), ids=CALLS)
def test_calls(tmp_path: Path, text: str, args: list[Given] | None) -> None:
    path = tmp_path / "net.py"
    path.write_text(f"import torch\nfrom torch import nn\nclass Net(nn.Module): pass\n{text}\n")
    found = Project(tmp_path).forward_calls("Net", path, is_instance=False)
    assert [list(call.args) for call in found] == ([] if args is None else [args])


def test_keywords_and_places(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("class Net(nn.Module): pass\n")
    train = tmp_path / "train.py"
    train.write_text("from net import Net as Own\nnet = Own()\nloss = net(x, steps=5)\n")
    (call,) = Project(tmp_path).forward_calls("Net", tmp_path / "net.py", is_instance=False)
    assert call.kwargs == (("steps", Given(literal="5")),)
    assert (call.path, call.line) == (str(train), 3)


def test_an_instance_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("net = nn.AvgPool2d(2)\nother = nn.AvgPool2d(2)\nother(1)\nnet(2)\n")
    (call,) = Project(tmp_path).forward_calls("net", path, is_instance=True)
    assert call.args == (Given(literal="2"),)
