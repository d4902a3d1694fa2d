"""The ways in which a project calls ``forward``, as far as its source says.

A literal that a required parameter gets is no tensor, ``model(x, "full")``. What an optional one
gets counts only where the model does not run without it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from torch import nn

from shapelint.facts import ForwardCall, Given
from shapelint.worker.loading.examples import Template, generalised

_MOST = 5
"""Ways that are tried."""

_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Way:
    """One way to call ``forward``."""

    constants: Mapping[str, Any]
    """Arguments that are no tensors, by name."""
    templates: Mapping[str, Template] = field(default_factory=dict)
    shapes: str = ""
    """The shapes of the example behind the templates."""
    where: str = ""
    """The call, ``train.py:12``; empty if it is nobody's."""

    def __str__(self) -> str:
        on = f" on {self.shapes}" if self.shapes else ""
        said = ", ".join(f"{name}={value!r}" for name, value in self.constants.items())
        what = on + (f" with {said}" if said else "")
        return f"called{what}, as in {self.where}" if what and self.where else ""


def ways(
    root: nn.Module, calls: Sequence[ForwardCall], given: Mapping[str, Any], path: Path
) -> Iterator[Way]:
    """Ways to call a model of the file ``path``, the likeliest first.

    ``given`` are arguments that the user gives. Tensors in another file may be for a model that was
    built otherwise: they are asked last.
    """
    known = {**_flags(root), **given}
    bound = [(call, b) for call in calls if (b := _bound(root, call)) is not None]
    own = [_way(root, c, b, known, tensors=Path(c.path) == path) for c, b in bound]
    others = [_way(root, c, b, known, optional=True, tensors=True) for c, b in bound]
    yield from islice(_distinct([*own, Way(known), *others], root), _MOST)


def _distinct(found: Sequence[Way], root: nn.Module) -> Iterator[Way]:
    """Each once, those left out that leave no input a tensor."""
    seen: list[tuple[Any, ...]] = []
    for way in found:
        key = (way.constants, way.templates)
        if key not in seen and not {*required_inputs(root)} <= way.constants.keys():
            seen.append(key)
            yield way


def required_inputs(root: nn.Module) -> list[str]:
    """Names of the parameters of ``forward`` without a default; ``"0"`` for ``*args``.

    If all have one, the first: what stands behind ``*args`` is an option. Raises ValueError if
    there are none.
    """
    parameters = list(inspect.signature(root.forward).parameters.values())
    named = [p for p in parameters if p.kind in _KEYWORDS]
    required = [p.name for p in named if p.default is p.empty]
    if required:
        return required
    for first in parameters[:1]:
        if first.kind in (first.VAR_POSITIONAL, first.POSITIONAL_ONLY):
            return ["0"]
    if named:
        return [named[0].name]
    raise ValueError("forward takes no input")


def _flags(root: nn.Module) -> dict[str, Any]:
    """``forward(x, return_all: bool)``: switched off."""
    parameters = inspect.signature(root.forward).parameters.values()
    required = (p for p in parameters if p.default is p.empty and p.kind in _KEYWORDS)
    return {p.name: False for p in required if p.annotation in (bool, "bool")}


def _bound(root: nn.Module, call: ForwardCall) -> dict[str, Given] | None:
    """What a call gives each parameter; None if ``forward`` cannot be called like that."""
    signature = inspect.signature(root.forward)
    try:
        bound = signature.bind(*call.args, **dict(call.kwargs)).arguments
    except TypeError:
        return None
    found: dict[str, Given] = {}
    for name, value in bound.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            found |= value
        elif kind is inspect.Parameter.VAR_POSITIONAL:
            found |= {str(position): each for position, each in enumerate(value)}
        else:
            found[name] = value
    return found


def _way(
    root: nn.Module,
    call: ForwardCall,
    bound: Mapping[str, Given],
    known: Mapping[str, Any],
    tensors: bool,
    optional: bool = False,
) -> Way:
    """What one call says, of ``optional`` parameters and of the shapes of ``tensors`` as well."""
    required = required_inputs(root)
    literals = {
        name: ast.literal_eval(given.literal)
        for name, given in bound.items()
        if given.literal and not name.isdigit() and (optional or name in required)
    }
    constants = {**literals, **known}
    inputs = [name for name in required if name not in constants]
    shapes = [bound[name] for name in inputs if name in bound]
    templates = [generalised(s.shape, s.dtype) for s in shapes] if tensors else []
    where = f"{Path(call.path).name}:{call.line}"
    if len(templates) != len(inputs) or not all(templates):
        return Way(constants, where=where)
    found = {name: t for name, t in zip(inputs, templates, strict=True) if t is not None}
    return Way(constants, found, ", ".join(str(s.shape) for s in shapes), where)
