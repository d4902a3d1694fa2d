"""All sizes at once, against what PyTorch offers: ``torch.export``, and running it at every size.

Times are measured in turns in the same run, and compared with that of shapelint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.export import Dim, export

import shapelint
from benchmarks.models.unet import UNet as SmallUNet
from benchmarks.page import head, row
from benchmarks.timing import medians
from benchmarks.unet import UNet
from fixtures.bad.autoencoder import DenoisingAutoencoder

SIZES = {"N": 4, "L": 256, "H": 256, "W": 320}
SWEPT = range(1, 257)


@dataclass(frozen=True)
class Model:
    """A model whose input has these dims; ``x`` is one that it runs with."""

    name: str
    build: Callable[[], nn.Module]
    dims: tuple[str | int, ...]

    def input(self, length: int | None = None) -> torch.Tensor:
        """One that has the usual sizes, or that is as long as asked for on every axis."""
        sizes = SIZES if length is None else {**dict.fromkeys("LHW", length), "N": SIZES["N"]}
        shape = [d if isinstance(d, int) else sizes[d] for d in self.dims]
        return torch.empty(shape, device="meta")


MODELS = (
    Model("autoencoder", DenoisingAutoencoder, ("N", 1, "L")),
    Model("U-Net of two levels", SmallUNet, ("N", 3, "H", "W")),
    Model("U-Net of four levels", UNet, ("N", 3, "H", "W")),
)


def lines(rounds: int) -> Iterator[str]:
    """Three rows for each model."""
    torch.set_num_threads(1)
    yield head("model", "by", "time", "what it says")
    for model in MODELS:
        yield from _rows(model, max(1, rounds // 5))


def _rows(model: Model, rounds: int) -> Iterator[str]:
    with torch.device("meta"):
        module = model.build().eval()
    with_data = model.build().eval()
    ways = {
        "`shapelint`": lambda: _analysed(model, module),
        "`torch.export`, named `Dim`s": lambda: exported(model, with_data),
        f"sweep of 1 … {SWEPT[-1]} on the meta device": lambda: swept(model, module),
    }
    with torch.no_grad():
        seconds = medians(list(ways.values()), rounds)
    for (name, way), taken in zip(ways.items(), seconds):
        yield row(model.name, name, f"{taken / seconds[0]:.1f}", way())


def _analysed(model: Model, module: nn.Module) -> str:
    analysis = shapelint.analyze(module, inputs=[model.dims])
    return f"runs: {analysis.valid_sizes.text}; comes back: {analysis.roundtrip_sizes.text}"


def exported(model: Model, module: nn.Module) -> str:
    """What it says of the sizes; a length of 1 or 2 is another program to it."""
    dims = {i: Dim(d, min=3) for i, d in enumerate(model.dims) if isinstance(d, str)}
    x = torch.empty_like(model.input(), device="cpu")
    try:
        program = export(module, (x,), dynamic_shapes=(dims,))
    except torch._dynamo.exc.UserError as refused:
        fixes = str(refused).partition("Suggested fixes")[2]
        return f"refuses; suggests {', '.join(re.findall(r'^ *(.+ = [^D].*)$', fixes, re.M))}"
    (result,) = (n for n in program.graph.nodes if n.op == "output")
    return f"exports; returns {tuple(result.args[0][0].meta['val'].shape)}"


def swept(model: Model, module: nn.Module) -> str:
    """All axes alike."""
    ran, back = 0, 0
    for length in SWEPT:
        x = model.input(length)
        try:
            result: Any = module(x)
        except RuntimeError:
            continue
        ran += 1
        back += result.shape[2:] == x.shape[2:]
    return f"{ran} of {len(SWEPT)} run, {back} come back"
