"""A model in this process: what notebooks and tests use.

The worker's own functions, without a worker. torch is imported by the constructor, not before.
"""

from __future__ import annotations

import copy
import inspect
import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

from shapelint.facts import Inventory
from shapelint.lengths.expr import Bounds
from shapelint.memory import at_most_megabytes
from shapelint.model import Input
from shapelint.records import read
from shapelint.session import NoSource, Patch, Run, Session
from shapelint.source.texts import Texts
from shapelint.trace import Span, Trace

if TYPE_CHECKING:
    from torch import Tensor, nn

_KINDS = (dict, list, set, OrderedDict)
_FIXED = frozenset({type(None), bool, int, float, str, type, FunctionType, BuiltinFunctionType})
"""Of values that ``copy.deepcopy`` hands back as they are."""


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
        return read(Run, run)

    def inventory(self) -> Inventory:
        """What the module consists of."""
        from shapelint.worker.loading.build import inventory_of

        return inventory_of(self._model)

    def edited(self, texts: Mapping[str, bytes]) -> AbstractContextManager[Session]:
        """Raises NoSource: the module exists, its source may be long gone."""
        raise NoSource


class _OutOfTime(BaseException):
    """Not an Exception: those are caught where a model runs, as facts about the model."""


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
    return Span.at_line(path, line)


def _elsewhere(module: nn.Module, device: str) -> nn.Module:
    """A copy on ``device``; tensors that have no data get zeros."""
    modules = [*module.modules()]
    copied = _copied(modules, _computed(modules) | _uninitialized(modules, device))
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

    modules = [*module.modules()]
    memo = _computed(modules, device) | _uninitialized(modules, device)
    for parameter in itertools.filterfalse(is_lazy, _held(modules, "_parameters")):
        memo[id(parameter)] = nn.Parameter(parameter.detach().to(device), parameter.requires_grad)
    for buffer in itertools.filterfalse(is_lazy, _held(modules, "_buffers")):
        memo[id(buffer)] = moved = buffer.to(device)
        _remember(moved, buffer)
    return _copied(modules, memo)


def _held(modules: Sequence[nn.Module], kind: str) -> Iterator[Tensor]:
    """The ``_parameters`` or ``_buffers`` of these modules, each once."""
    held = (t for m in modules for t in getattr(m, kind).values() if t is not None)
    yield from {id(t): t for t in held}.values()


def _remember(moved: Tensor, buffer: Tensor) -> None:
    """What a buffer of one whole number holds: strides and pads of layers are kept like that."""
    import torch

    from shapelint.worker.python.contents import Contents, attach, known
    from shapelint.worker.shapes import Shape

    if buffer.dim() == 0 and buffer.dtype in (torch.int32, torch.int64) and not buffer.is_meta:
        number = int(buffer)
        attach(moved, Contents(Shape(), buffer.dtype, lambda: [known(number)]))


def _computed(modules: Sequence[nn.Module], device: str | None = None) -> dict[int, Any]:
    """By id, copies of the tensors that a module computed and kept, as ``weight_norm`` does.

    ``copy.deepcopy`` refuses them, because they belong to a graph.
    """
    from torch import Tensor

    kept = [t for m in modules for t in vars(m).values() if isinstance(t, Tensor)]
    return {id(t): t.detach().to(device, copy=True) for t in kept if not t.is_leaf}


def _uninitialized(modules: Sequence[nn.Module], device: str) -> dict[int, Any]:
    """By id, the same for parameters and buffers that lazy layers are still to make.

    ``copy.deepcopy`` refuses the buffers; moved to meta, such a tensor would be an empty one.
    """
    from torch.nn.parameter import is_lazy

    tensors = itertools.chain(_held(modules, "_parameters"), _held(modules, "_buffers"))
    found: Iterable[Any] = filter(is_lazy, tensors)
    return {id(t): type(t)(t.requires_grad, device=device, dtype=t.dtype) for t in found}


def _copied(modules: Sequence[nn.Module], memo: dict[int, Any]) -> nn.Module:
    """What ``copy.deepcopy`` makes of the first, which has the others.

    That asks of each attribute how to copy it. Nearly all are plain values, or empty containers: a
    module has ten for hooks it does not have. Modules that say themselves how they are copied are
    asked, all of them where one of these has others.
    """
    states = [(module, _state(module)) for module in modules]
    if any(state is None and module._modules for module, state in states):
        return copy.deepcopy(modules[0], memo)
    plain = [(module, state) for module, state in states if state is not None]
    memo |= {id(module): type(module).__new__(type(module)) for module, _ in plain}
    for module, state in plain:
        copied = {k: v if type(v) in _FIXED else _copy_of(v, memo) for k, v in state.items()}
        memo[id(module)].__setstate__(copied)
    return copy.deepcopy(modules[0], memo)


def _copy_of(value: Any, memo: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _FIXED or (kind is tuple and all(type(part) in _FIXED for part in value)):
        return value
    if id(value) in memo:
        return memo[id(value)]
    if kind is dict:
        memo[id(value)] = new = {}
        for name, part in value.items():
            new[_copy_of(name, memo)] = _copy_of(part, memo)
        return new
    if kind in _KINDS and not value:
        memo[id(value)] = kind()
        return memo[id(value)]
    return copy.deepcopy(value, memo)


def _state(module: nn.Module) -> dict[str, Any] | None:
    """The attributes of a module if a copy is a new one that has these; else None."""
    kind = type(module)
    own = getattr(kind.__setstate__, "__module__", "")
    if hasattr(kind, "__deepcopy__") or not own.startswith("torch.nn.modules."):
        return None
    reduced: Any = module.__reduce_ex__(4)
    make, args, state, *items = reduced
    is_new = make.__name__ == "__newobj__" and args == (kind,) and not any(items)
    return state if is_new and type(state) is dict else None
