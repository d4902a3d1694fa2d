"""One run of a built model, traced or plain."""

from __future__ import annotations

import gc
import math
import time
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
from shapelint.worker.messages import Quiet, error_text
from shapelint.worker.nested import tensors_in
from shapelint.worker.patches import crossed, patched
from shapelint.worker.python.caught import called
from shapelint.worker.state import restoring
from shapelint.worker.tracer import ShapeTracer

COUNTS = ("lengths", "_lens")
"""Suffixes of the names of inputs that hold the lengths of the samples of the input before."""

_MOST_PARAMETERS_ON_CPU = 200_000_000
_MOST_ELEMENTS_ON_CPU = 2**22
"""The elements of an input above which a run on the CPU would take seconds."""
_OUT_OF_MEMORY = ("MemoryError", "DefaultCPUAllocator: can't allocate memory")
"""Texts in errors for want of memory, which are no fact about the model."""


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
    """Trace the model once at ``sizes``, on the meta device.

    ``known`` bounds the sizes of the domain, ``patches`` are those of :mod:`~.worker.patches`.
    """
    specs = {i.name: (i.dims, _dtype(i.dtype)) for i in call.inputs}
    caches = model.caches.of_changed_model() if patches else model.caches
    tracer = ShapeTracer(model.constructed, caches)
    with (
        patched(model.root, patches) as before_nodes,
        restoring(model.root, model.caches.outside(model.root)),
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
    """Run the model in plain PyTorch; gives the fields of :class:`shapelint.session.Run`.

    Large models and inputs, and what does not fit into memory, run on the meta device instead of
    the CPU. ``noise`` asks for random values instead of rising ones.
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
    start = time.process_time()
    with patched(root, patches), restoring(root), OneDevice(device), Quiet(), torch.no_grad():
        torch.default_generator.manual_seed(int(noise))
        try:
            result = called(root, _tensors(call.inputs, sizes, noise), call.kwargs)
        except Exception as exc:  # whatever the model raises is the answer
            answer |= {"ok": False, "error": error_text(exc)}
        else:
            answer |= {"shapes": [list(t.shape) for t in tensors_in(result)]}
    return {**answer, "seconds": time.process_time() - start}


def _tensors(
    inputs: Sequence[Input], sizes: Mapping[str, int], noise: bool
) -> dict[str, torch.Tensor]:
    """The inputs by name; those that hold lengths get the shortest axis of the one before.

    Which of its axes is time is not known; none of them is shorter.
    """
    tensors, steps = {}, 0
    for i in inputs:
        shape = _shape(i, sizes)
        counts = steps > 0 and len(shape) == 1 and i.name.endswith(COUNTS)
        values = _counts(shape[0], steps, noise) if counts else _values(shape, noise, i.dtype)
        tensors[i.name] = values.to(_dtype(i.dtype))
        steps = min((sizes[d] for d in i.dims[1:] if isinstance(d, str)), default=steps)
    return tensors


def _values(shape: Sequence[int], noise: bool, dtype: str) -> torch.Tensor:
    """Rising floats and integer zeros, or random floats and integer ones.

    With rising values a pool finds its maximum in the last place, for which unpooling into a map
    that is too small has no room. So what fails for some values fails for these.
    """
    if not _dtype(dtype).is_floating_point:
        return torch.full(shape, int(noise))
    return torch.rand(shape) if noise else torch.linspace(0, 1, math.prod(shape)).view(shape)


def _counts(samples: int, steps: int, noise: bool) -> torch.Tensor:
    """The length of each sample: ``steps``, or with noise one less for each further sample.

    The longest comes first and has no padding, as packing of sequences expects.
    """
    return (steps - int(noise) * torch.arange(samples)).clamp(min=1)


def _shape(input: Input, sizes: Mapping[str, int]) -> list[int]:
    return [sizes[d] if isinstance(d, str) else d for d in input.dims]


def _dtype(name: str) -> torch.dtype:
    kind = getattr(torch, name, None)
    if not isinstance(kind, torch.dtype):
        raise ValueError(f"{name!r} is no torch dtype")
    return kind


@contextmanager
def _uncollected() -> Iterator[None]:
    """While active, no garbage is collected.

    Nearly all objects of a run live until its end, and every collection would visit them again, in
    the end together with all of torch.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
