"""Small models in this process: analysed, counted, and compared with PyTorch on the CPU."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.analysis import Analysis, examine
from shapelint.explore.covering import Budget, explore
from shapelint.lengths.domain import domain_of
from shapelint.local import LocalSession
from shapelint.template import hints_for, symbols_of, template_of
from shapelint.trace import Span, Trace

Sizes = Mapping[str, int]

IMAGE = "N 1 H W"
SQUARES = [{"N": 2, "H": h, "W": w} for h, w in itertools.product(range(1, 13), repeat=2)]

torch.set_num_threads(1)


def conv(c_in: int = 1, c_out: int = 1, k: int = 3, s: int = 1, p: int = 1, **rest: Any):
    """A 2d convolution; ``same`` unless a stride is given."""
    return nn.Conv2d(c_in, c_out, k, s, p, **rest)


def up(c_in: int = 1, c_out: int = 1, k: int = 2, s: int = 2, p: int = 0, **rest: Any):
    """A 2d transposed convolution; doubles exactly unless told otherwise."""
    return nn.ConvTranspose2d(c_in, c_out, k, s, p, **rest)


class Fn(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


class CountingSession(LocalSession):
    """Remembers at which sizes it was traced."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.traced: list[dict[str, int]] = []

    def trace(self, sizes: Sizes, *args: Any, **kwargs: Any) -> Trace:
        self.traced.append(dict(sizes))
        return super().trace(sizes, *args, **kwargs)


def analysed(module: nn.Module, inputs: str = "N 1 H W", lengths: Iterable[str] = ()) -> Analysis:
    """The analysis of a module for every size, or those declared; its session counts."""
    template = template_of([part for part in inputs.split(",") if part])
    session = CountingSession(module, template)
    domain = domain_of(lengths, symbols_of(template))
    span = Span("model.py", 1, 1, 1, 1)
    return examine(session, template, type(module).__name__, lambda: span, domain, bool(lengths))


def really(module: nn.Module, inputs: str, sizes: Sizes) -> list[tuple[int, ...]] | None:
    """The output shapes on the CPU; None if it raises."""
    shapes = [[sizes.get(d, d) for d in i.dims] for i in template_of(inputs.split(","))]
    with torch.no_grad():
        try:
            out = module(*map(torch.rand, shapes))
        except Exception:  # whatever it raises: it does not run
            return None
    return [tuple(t.shape) for t in pytree.tree_leaves(out)]


def disagreements(
    analysis: Analysis, module: nn.Module, inputs: str, sweep: Iterable[Sizes]
) -> list[Any]:
    """Where prediction and PyTorch differ; empty if all is well."""
    wrong = []
    for sizes in sweep:
        told, truth = analysis.predict(sizes), really(module, inputs, sizes)
        if (told.ok, told.shapes) != (truth is not None, truth):
            wrong.append((dict(sizes), told, truth))
    return wrong


def explored(
    module: nn.Module,
    inputs: str = IMAGE,
    hints: dict[str, int] | None = None,
    lengths: tuple[str, ...] = (),
    budget: Budget | None = None,
):
    """The exploration of a module, and the session that counted its runs."""
    template = template_of(inputs.split(","))
    domain = domain_of(lengths, symbols_of(template))
    session = CountingSession(module, template)
    start = {**hints_for(template), **(hints or {})}
    return explore(session, domain, start, budget=budget or Budget()), session
