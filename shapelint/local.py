"""A model in this process: what notebooks and tests use.

The worker's own functions, without a worker. torch is imported by the constructor, not before.
"""

from __future__ import annotations

import copy
import inspect
import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapelint import facts
from shapelint.facts import Inventory
from shapelint.lengths.expr import Bounds
from shapelint.memory import at_most_megabytes
from shapelint.model import Input
from shapelint.session import NoSource, Patch, Run, Session
from shapelint.source.texts import Texts
from shapelint.trace import Span, Trace

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["LocalSession", "definition", "limited"]

_KINDS = (dict, list, set, OrderedDict)


class LocalSession:
    """A :class:`shapelint.session.Session` on a module that exists already.

    The module itself is left as it is, in its own training mode: a copy without data is traced, a
    copy with weights of its own is run.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Input],
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        from shapelint.worker import runs
        from shapelint.worker.loading import annotations, build

        self.annotated = annotations.annotated(type(module))
        self._runs = runs
        self.files = Texts()
        self._call = runs.Call(inputs, kwargs or {})
        self._model = build.Model(
            _without_data(module, "meta"),
            lambda device: _elsewhere(module, device),
            constructed={},
        )

    def trace(
        self, sizes: Mapping[str, int], known: Bounds | None = None, patches: Sequence[Patch] = ()
    ) -> Trace:
        """Run with lengths riding along."""
        return self._runs.trace_run(self._model, self._call, sizes, known, patches)

    def run(
        self,
        sizes: Mapping[str, int],
        device: str = "meta",
        patches: Sequence[Patch] = (),
        noise: bool = False,
    ) -> Run:
        """Run the module as it is."""
        run = self._runs.plain_run(self._model, self._call, sizes, device, patches, noise)
        return facts.read(Run, run)

    def inventory(self) -> Inventory:
        """What the module consists of."""
        from shapelint.worker.loading.build import inventory_of

        return inventory_of(self._model)

    @contextmanager
    def edited(self, texts: Mapping[str, bytes]) -> Iterator[Session]:
        """Raises NoSource: the module exists, its source may be long gone."""
        raise NoSource
        yield self


class _OutOfTime(BaseException):
    """No Exception: those that a model raises are caught, as facts about the model."""


@contextmanager
def limited(seconds: float, megabytes: int) -> Iterator[None]:
    """Raise TimeoutError or MemoryError where the body takes more than that.

    As in a worker the time without a processor does not count. Only the main thread of a process
    can be interrupted, and no call that stays in C.
    """
    from shapelint.worker.limits import time_limit

    try:
        with time_limit(seconds, _OutOfTime), at_most_megabytes(megabytes):
            yield
    except _OutOfTime as exc:
        raise TimeoutError(str(exc)) from None


def definition(kind: type) -> Span:
    """Where a class is defined; the name of its module if it has no source."""
    try:
        path, line = inspect.getsourcefile(kind) or kind.__module__, inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):
        path, line = kind.__module__, 1
    return Span(path, line, 1, line, 1)


def _elsewhere(module: nn.Module, device: str) -> nn.Module:
    """A copy on ``device``; tensors that have no data get zeros."""
    copied = copy.deepcopy(module, _computed(module) | _uninitialized(module, device))
    tensors = [*copied.parameters(), *copied.buffers()]
    if not any(t.is_meta for t in tensors):
        return copied.to(device)
    copied.to_empty(device=device)
    for buffer in copied.buffers():
        buffer.zero_()
    return copied


def _without_data(module: nn.Module, device: str) -> nn.Module:
    """A copy whose tensors are on ``device``, made without copying the originals' data."""
    from torch import nn
    from torch.nn.parameter import is_lazy

    memo = _computed(module, device) | _empty(module) | _uninitialized(module, device)
    for parameter in itertools.filterfalse(is_lazy, module.parameters()):
        memo[id(parameter)] = nn.Parameter(parameter.detach().to(device), parameter.requires_grad)
    for buffer in itertools.filterfalse(is_lazy, module.buffers()):
        memo[id(buffer)] = moved = buffer.to(device)
        _remember(moved, buffer)
    return copy.deepcopy(module, memo)


def _remember(moved: Tensor, buffer: Tensor) -> None:
    """What a buffer of one whole number holds: strides and pads of layers are kept like that."""
    import torch

    from shapelint.worker.python.contents import Contents, attach, known
    from shapelint.worker.shapes import Shape

    if buffer.dim() == 0 and buffer.dtype in (torch.int32, torch.int64) and not buffer.is_meta:
        number = int(buffer)
        attach(moved, Contents(Shape(), buffer.dtype, lambda: [known(number)]))


def _computed(module: nn.Module, device: str | None = None) -> dict[int, Any]:
    """By id, copies of the tensors that a module computed and kept, as ``weight_norm`` does.

    ``copy.deepcopy`` refuses them, because they belong to a graph.
    """
    from torch import Tensor

    kept = [t for m in module.modules() for t in vars(m).values() if isinstance(t, Tensor)]
    return {id(t): t.detach().to(device, copy=True) for t in kept if not t.is_leaf}


def _uninitialized(module: nn.Module, device: str) -> dict[int, Any]:
    """By id, the same for parameters and buffers that lazy layers are still to make.

    ``copy.deepcopy`` refuses the buffers; moved to meta, such a tensor would be an empty one.
    """
    from torch.nn.parameter import is_lazy

    found: Iterable[Any] = filter(is_lazy, itertools.chain(module.parameters(), module.buffers()))
    return {id(t): type(t)(t.requires_grad, device=device, dtype=t.dtype) for t in found}


def _empty(module: nn.Module) -> dict[int, Any]:
    """By id, copies of the empty containers: a module has ten for hooks it does not have.

    ``copy.deepcopy`` takes most of its time for these.
    """
    found = [v for m in module.modules() for v in vars(m).values() if type(v) in _KINDS and not v]
    return {id(v): type(v)() for v in found}
