"""A target, built: on the meta device for tracing, on the CPU for confirming."""

from __future__ import annotations

import inspect
import math
import typing
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from shapelint.facts import Inventory, Layer
from shapelint.trace import Span
from shapelint.worker.caches import Caches
from shapelint.worker.device import OneDevice, move
from shapelint.worker.loading.construct import constructed, watching_constructors
from shapelint.worker.python.swaps import Swap, swapped

Make = Callable[[str], nn.Module]
"""Builds the module on a device."""


class NotAModule(TypeError):
    """The target exists but gives no ``nn.Module``."""


@dataclass
class Model:
    """A built module and how to build it again."""

    root: nn.Module
    """On the meta device."""
    make: Make
    constructed: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    """The calls that built each submodule of ``root``, by id."""
    caches: Caches = field(default_factory=Caches)
    _cpu: nn.Module | None = None

    def on(self, device: str) -> nn.Module:
        """The module on ``"meta"`` or ``"cpu"``, there with weights that keep values finite."""
        if device == "meta":
            return self.root
        if self._cpu is None:
            with building("cpu"):
                self._cpu = self.make("cpu")
            fill_parameters(self._cpu)
        return self._cpu


def build(make: Make, train: bool = False) -> Model:
    """Run ``make`` on the meta device, or on the CPU where it needs values.

    The module is in eval mode unless it is to ``train``.

    Raises what ``make`` raises on the CPU, and NotAModule.
    """
    try:
        root = _made(make, "meta")
    except NotAModule:
        raise
    except Exception:  # the constructor may need values; if it is wrong the CPU says so as well
        root = _made(make, "cpu")
    return model_of(root, make, train)


def model_of(root: nn.Module, make: Make, train: bool = False) -> Model:
    """A module that was built, on the meta device."""
    move(root, "meta")
    return Model(_in_mode(root, train), lambda d: _in_mode(make(d), train), constructed(root))


def _in_mode(root: nn.Module, train: bool) -> nn.Module:
    """The module itself: not every ``train`` that somebody wrote returns it."""
    root.train(train)
    return root


def _made(make: Make, device: str) -> nn.Module:
    with building(device):
        made = make(device)
    if not isinstance(made, nn.Module):
        raise NotAModule(f"gives a {type(made).__name__}, not an nn.Module")
    return made


@contextmanager
def building(device: str) -> Iterator[None]:
    """Build modules on a device, without initialising them, and note which calls build them."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_uninitialised())
        stack.enter_context(watching_constructors())
        stack.enter_context(OneDevice(device))
        torch.default_generator.manual_seed(0)  # torch.manual_seed keeps a stack for each GPU
        yield


def _uninitialised() -> AbstractContextManager[None]:
    """``nn.init.kaiming_uniform_`` and its like do nothing: shapes do not depend on weights."""
    return swapped(
        Swap(nn.init, name, value, _leave)
        for name, value in vars(nn.init).items()
        if name.endswith("_") and not name.startswith("_") and callable(value)
    )


def _leave(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    return tensor


@torch.no_grad()
def fill_parameters(root: nn.Module) -> None:
    """Weights that average their inputs: no activation can overflow, whatever the depth."""
    for name, parameter in root.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            continue
        if not parameter.is_floating_point() or name.endswith("bias"):
            parameter.zero_()
        else:
            parameter.fill_(1 / max(1, math.prod(parameter.shape[1:])))


def number_of_parameters(root: nn.Module) -> int:
    """Elements of all parameters; lazy ones count for nothing."""
    lazy = nn.parameter.UninitializedParameter
    return sum(p.numel() for p in root.parameters() if not isinstance(p, lazy))


def inventory_of(model: Model) -> Inventory:
    """The shapes of its state, and which call built each of its modules.

    Parameters that take their shape from the first input have none yet; they are left out.
    """
    state = model.root.state_dict(keep_vars=True)
    shapes = {k: tuple(t.shape) for k, t in state.items() if _has_shape(t)}
    paths = {id(m): path for path, m in model.root.named_modules(remove_duplicate=True)}
    built = {paths[i]: tuple(spans) for i, spans in model.constructed.items() if i in paths}
    return Inventory(shapes, tuple(Layer(path, spans) for path, spans in built.items()))


def _has_shape(value: Any) -> bool:
    lazy = (nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer)
    return isinstance(value, torch.Tensor) and not isinstance(value, lazy)


def assemble(
    namespace: Mapping[str, Any], target: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Any, tuple[str, ...]]:
    """What the target gives, and what was filled in to get it.

    ``target`` names an instance, a class or a function; several instances joined by ``" -> "``
    are run one after the other. Raises NameError or AttributeError if there is no such thing.
    """
    if " -> " in target:
        parts = {name: _lookup(namespace, name) for name in target.split(" -> ")}
        return nn.Sequential(OrderedDict(parts)), ()
    found = _lookup(namespace, target)
    if isinstance(found, nn.Module):
        return found, ()
    if not callable(found):
        raise NotAModule(f"{target} is a {type(found).__name__}, not an nn.Module")
    configs = {} if args else default_configs(found, kwargs)
    assumed = tuple(f"{name} = {type(value).__name__}()" for name, value in configs.items())
    return found(*args, **{**configs, **kwargs}), assumed


def _lookup(namespace: Mapping[str, Any], dotted: str) -> Any:
    first, *rest = dotted.split(".")
    if first not in namespace:
        raise NameError(f"name {first!r} is not defined")
    found = namespace[first]
    for name in rest:
        found = getattr(found, name)
    return found


def default_configs(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Required parameters annotated with a class of the project that can be built from nothing."""
    init = vars(function).get("__init__", function) if isinstance(function, type) else function
    try:
        hints = typing.get_type_hints(init)
        parameters = inspect.signature(function).parameters.values()
    except (NameError, TypeError, ValueError, ImportError):
        return {}
    out = {}
    for p in parameters:
        kind = hints.get(p.name)
        if p.default is p.empty and p.name not in given and kind and _is_config(kind):
            out[p.name] = kind()
    return out


def _is_config(kind: Any) -> bool:
    if not isinstance(kind, type) or issubclass(kind, nn.Module) or kind.__module__ == "builtins":
        return False
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return False
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in optional for p in parameters)
