"""One run of a built model, traced or plain."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from shapelint.lengths.expr import Bounds
from shapelint.model import Input
from shapelint.trace import Trace
from shapelint.worker.device import OneDevice
from shapelint.worker.loading.build import Model, number_of_parameters
from shapelint.worker.patches import crossed, patched
from shapelint.worker.python.caught import called
from shapelint.worker.state import kept
from shapelint.worker.tracer import ShapeTracer, tensors_in
from shapelint.worker.words import Quiet, said

__all__ = ["Call", "plain_run", "trace_run"]

_MOST_PARAMETERS_ON_CPU = 200_000_000
_MOST_ELEMENTS_ON_CPU = 2**22
"""Of an input: it takes seconds on the CPU and no time on the meta device."""
_OUT_OF_MEMORY = ("MemoryError", "DefaultCPUAllocator: can't allocate memory")
"""What errors say that are no fact about the model."""


@dataclass(frozen=True)
class Call:
    """How ``forward`` is called."""

    inputs: Sequence[Input]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Constant keyword arguments."""


def trace_run(
    model: Model,
    call: Call,
    sizes: Mapping[str, int],
    known: Bounds | None = None,
    patches: Sequence[Mapping[str, Any]] = (),
) -> Trace:
    """Run the model once at ``sizes`` with lengths riding along."""
    specs = {i.name: (i.dims, _dtype(i.dtype)) for i in call.inputs}
    tracer = ShapeTracer(model.constructed, model.earlier)
    with (
        patched(model.root, patches) as before_nodes,
        kept(model.root),
        OneDevice("meta"),
        Quiet(),
        _uncollected(),
    ):
        more = (call.kwargs, before_nodes, crossed(patches))
        return tracer.run(model.root, specs, sizes, known, *more)


def plain_run(
    model: Model,
    call: Call,
    sizes: Mapping[str, int],
    device: str = "cpu",
    patches: Sequence[Mapping[str, Any]] = (),
    noise: bool = False,
) -> dict[str, Any]:
    """Run the model as it is; the fields of :class:`shapelint.session.Run`.

    What is large or does not fit into memory is run on the meta device instead of the CPU.
    """
    elements = max((math.prod(_shape(i, sizes)) for i in call.inputs), default=0)
    parameters = number_of_parameters(model.root)
    if parameters > _MOST_PARAMETERS_ON_CPU or elements > _MOST_ELEMENTS_ON_CPU:
        device = "meta"
    answer = _run_on(device, model, call, sizes, patches, noise)
    if device == "cpu" and any(words in answer["error"] for words in _OUT_OF_MEMORY):
        return _run_on("meta", model, call, sizes, patches, noise)
    return answer


def _run_on(
    device: str,
    model: Model,
    call: Call,
    sizes: Mapping[str, int],
    patches: Sequence[Mapping[str, Any]],
    noise: bool,
) -> dict[str, Any]:
    root = model.on(device)
    answer: dict[str, Any] = {"ok": True, "shapes": [], "error": "", "device": device}
    with patched(root, patches), kept(root), OneDevice(device), Quiet(), torch.no_grad():
        torch.manual_seed(int(noise))
        try:
            tensors = {i.name: _tensor(i, sizes, noise) for i in call.inputs}
            result = called(root, tensors, call.kwargs)
        except Exception as exc:  # whatever the model raises is the answer
            return {**answer, "ok": False, "error": said(exc)}
    return {**answer, "shapes": [list(t.shape) for t in tensors_in(result)]}


def _tensor(input: Input, sizes: Mapping[str, int], noise: bool) -> torch.Tensor:
    """Rising floats or zeros, or noise or ones.

    Where values rise a pool finds its maximum in the last place, for which unpooling into a map
    that is too small has no room: what fails for some values fails for these.
    """
    shape, kind = _shape(input, sizes), _dtype(input.dtype)
    if not kind.is_floating_point:
        return torch.full(shape, int(noise), dtype=kind)
    rising = torch.linspace(0, 1, math.prod(shape)).view(shape)
    return (torch.rand(shape) if noise else rising).to(kind)


def _shape(input: Input, sizes: Mapping[str, int]) -> list[int]:
    return [sizes[d] if isinstance(d, str) else d for d in input.dims]


def _dtype(name: str) -> torch.dtype:
    kind = getattr(torch, name, None)
    if not isinstance(kind, torch.dtype):
        raise ValueError(f"{name!r} is no torch dtype")
    return kind


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for garbage after the run, not in it.

    Nearly all that a run makes lives until its end. Whatever survives a look is looked at again and
    again, in the end together with all of torch.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
