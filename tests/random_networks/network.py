"""A network as the text of a model file: what a failing run prints can be pasted.

A network is a list of steps. A step may build one layer and is one or more lines of ``forward`` on
the running map ``x``, of shape ``(N, 4, L)``, ``(N, 4, H, W)`` or ``(N, 4, D, H, W)``; maps that
were left behind are ``skip0``, ``skip1`` … Hyper-parameters may be illegal, for a size or for all.
"""

from __future__ import annotations

import linecache
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from shapelint.model import Input
from shapelint.template import symbols_of, template_of

FILE = "random_network.py"
_START = (
    "import collections",
    "import math",
    "import types",
    "",
    "import numpy as np",
    "import torch",
    "from torch import nn",
    "from torch.nn import functional as F",
)


_LAYER = "{layer} = "


@dataclass(frozen=True)
class Step:
    """One thing that a network does to ``x``."""

    lines: tuple[str, ...]
    """Lines of ``forward``; ``{layer}`` stands for the layer it built."""
    layer: str = ""
    """The constructor call of that layer, if there is one."""


def steps(text: str) -> tuple[Step, ...]:
    """The steps in a text: blank lines part them, ``{layer} = `` in front stands for a layer."""
    return tuple(map(_step, text.strip().split("\n\n")))


def _step(text: str) -> Step:
    first, *lines = text.split("\n")
    if first.startswith(_LAYER):
        return Step(tuple(lines), first.removeprefix(_LAYER))
    return Step((first, *lines))


@dataclass(frozen=True)
class Network:
    """A model file with one model, ``Net``, and the templates of its inputs."""

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    inner: tuple[Step, ...] = ()
    """What the class ``Inner`` does, which some steps build."""
    train: bool = False

    @property
    def template(self) -> tuple[Input, ...]:
        """The inputs as the analysis names them."""
        return template_of(self.inputs)

    @property
    def symbols(self) -> tuple[str, ...]:
        """All sizes that may change."""
        return symbols_of(self.template)

    @property
    def source(self) -> str:
        """The text of the file."""
        names = ["x", "y"][: len(self.inputs)]
        inner = _class("Inner", ["x"], self.inner) if self.inner else []
        return "\n".join([*_START, *inner, *_class("Net", names, self.steps), ""])

    def given(self, sizes: Mapping[str, int]) -> list[torch.Tensor]:
        """Inputs of these sizes."""
        shapes = [[sizes.get(d, d) for d in i.dims] for i in self.template]
        return [torch.rand(s).to(getattr(torch, i.dtype)) for s, i in zip(shapes, self.template)]


def _class(name: str, inputs: Sequence[str], steps: Sequence[Step]) -> list[str]:
    layers = [f"        self.layer{i} = {s.layer}" for i, s in enumerate(steps) if s.layer]
    body = [
        f"        {line.replace('{layer}', f'self.layer{i}')}"
        for i, step in enumerate(steps)
        for line in step.lines
    ]
    return [
        *("", "", f"class {name}(nn.Module):"),
        *("    def __init__(self):", "        super().__init__()", *layers),
        *("", f"    def forward(self, {', '.join(inputs)}):", "        image = x"),
        *(*body, "        return x"),
    ]


def module_of(network: Network) -> nn.Module:
    """The model of a network. Raises what PyTorch's constructors raise."""
    source = network.source
    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    file = types.ModuleType("random_network")
    exec(compile(source, FILE, "exec"), vars(file))
    net: nn.Module = file.Net()
    return net.train(network.train)
