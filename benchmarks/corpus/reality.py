"""What PyTorch does with a model on the CPU, and what its own tracers make of it."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.utils import _pytree as pytree

from benchmarks.corpus.entry import Entry, Sizes
from shapelint.template import template_of
from shapelint.worker.limits import time_limit

Shapes = list[list[int]]

_EXPORT_SECONDS = 45.0
_EXPORT_POINTS = 20


def truth(entry: Entry) -> dict[str, Any]:
    """What the model does on the CPU at every point, and how long all of it took."""
    model = entry.build()
    start = time.perf_counter()
    points = [{"sizes": sizes, **outcome(model, entry, sizes)} for sizes in entry.points()]
    return {"points": points, "seconds": time.perf_counter() - start}


def outcome(model: Callable[..., Any], entry: Entry, sizes: Sizes) -> dict[str, Any]:
    """The shape of every output tensor, or the error."""
    args, kwargs = arguments(entry, sizes)
    torch.manual_seed(0)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = model(*args, **kwargs, **entry.kwargs)
        except Exception as exc:
            return {"shapes": None, "error": f"{type(exc).__name__}: {exc}"[:300]}
    return {"shapes": [list(t.shape) for t in _tensors(result)], "error": ""}


def arguments(
    entry: Entry, sizes: Mapping[str, int], device: str = "cpu"
) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
    """Random floats and zero integers, by position and by name."""
    args, kwargs = [], {}
    for given in template_of(entry.inputs):
        shape = [sizes[d] if isinstance(d, str) else d for d in given.dims]
        dtype = getattr(torch, given.dtype)
        make = torch.rand if dtype.is_floating_point else torch.zeros
        tensor = make(shape, dtype=dtype, device=device)
        if given.name.isdigit():
            args.append(tensor)
        else:
            kwargs[given.name] = tensor
    return args, kwargs


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """In the order of the fields, items and attributes that hold them."""
    for leaf in pytree.tree_leaves(value):
        if isinstance(leaf, torch.Tensor):
            yield leaf
        elif is_dataclass(leaf) and not isinstance(leaf, type):
            for part in fields(leaf):
                yield from _tensors(getattr(leaf, part.name))


def forward_pass(entry: Entry, sizes: Sizes) -> Callable[[], object]:
    """A plain pass on the meta device, as often as wanted; it raises what the model raises."""
    model = entry.build().to("meta")
    with torch.device("meta"):
        args, kwargs = arguments(entry, sizes, "meta")

    @torch.no_grad()
    def run() -> object:
        with torch.device("meta"):
            return model(*args, **kwargs, **entry.kwargs)

    return run


def symbolically_traced(entry: Entry) -> dict[str, Any]:
    """Whether ``torch.fx.symbolic_trace`` gives a module that does the same at the base size."""
    model = entry.build()
    try:
        with warnings.catch_warnings(), time_limit(_EXPORT_SECONDS):
            warnings.simplefilter("ignore")
            traced = fx.symbolic_trace(model, concrete_args=_constants(entry, model) or None)
    except Exception as exc:
        return {"ok": False, "error": f"{type(exc).__name__}: {exc}"[:300]}
    base = entry.base
    same = outcome(traced, entry, base)["shapes"] == outcome(model, entry, base)["shapes"]
    return {"ok": same, "error": "" if same else "runs differently"}


def _constants(entry: Entry, model: nn.Module) -> dict[str, Any]:
    """The parameters of ``forward`` that are no inputs, with what is passed for them."""
    given = template_of(entry.inputs)
    parameters = list(inspect.signature(model.forward).parameters.values())
    inputs = {i.name for i in given}
    inputs |= {p.name for p in parameters[: sum(i.name.isdigit() for i in given)]}
    return {
        p.name: entry.kwargs.get(p.name, p.default)
        for p in parameters
        if p.name not in inputs and p.default is not p.empty
    }


def exported(entry: Entry, points: list[dict[str, Any]]) -> dict[str, Any]:
    """Whether ``torch.export`` manages with every symbol dynamic, and what its program does.

    At ``agrees`` of ``asked`` sizes, spread over the points, that is what the model itself does.
    """
    model = entry.build()
    args, kwargs = arguments(entry, entry.base)
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), time_limit(_EXPORT_SECONDS):
            warnings.simplefilter("ignore")
            program = torch.export.export(
                model,
                tuple(args),
                {**kwargs, **entry.kwargs},
                dynamic_shapes=_dynamic(entry, model),
                strict=False,
            )
    except Exception as exc:
        seconds = time.perf_counter() - start
        return {"ok": False, "seconds": seconds, "error": f"{type(exc).__name__}: {exc}"[:300]}
    seconds = time.perf_counter() - start
    chosen = points[:: max(1, len(points) // _EXPORT_POINTS)]
    agrees = _agreeing(program.module(), entry, chosen)
    return {"ok": True, "seconds": seconds, "agrees": agrees, "asked": len(chosen), "error": ""}


def _agreeing(module: nn.Module, entry: Entry, points: list[dict[str, Any]]) -> int:
    return sum(outcome(module, entry, p["sizes"])["shapes"] == p["shapes"] for p in points)


def _dynamic(entry: Entry, model: nn.Module) -> dict[str, Any]:
    """Every named dim of every input is dynamic; constants of the call are no tensors."""
    parameters = list(inspect.signature(model.forward).parameters.values())
    shapes: dict[str, Any] = dict.fromkeys(entry.kwargs)
    for given in template_of(entry.inputs):
        dims = {i: torch.export.Dim.DYNAMIC for i, d in enumerate(given.dims) if isinstance(d, str)}
        if not given.name.isdigit():
            shapes[given.name] = dims
            continue
        takes = parameters[min(int(given.name), len(parameters) - 1)]
        several = takes.kind is inspect.Parameter.VAR_POSITIONAL
        shapes[takes.name] = (*shapes.get(takes.name, ()), dims) if several else dims
    return shapes
