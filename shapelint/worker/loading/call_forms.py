"""How a project calls ``forward``, read off its source.

A required parameter that gets a literal is no tensor, ``model(x, "full")``. Literals for optional
parameters are used only if the model does not run without them.
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
"""How many forms are tried."""

_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class CallForm:
    """One form of calling ``forward``."""

    constants: Mapping[str, Any]
    """Arguments that are no tensors, by name."""
    templates: Mapping[str, Template] = field(default_factory=dict)
    """Dims and dtypes of the tensors, as far as the call shows them, by name."""
    shapes: str = ""
    """The shapes in the call from which the templates were made."""
    where: str = ""
    """The call, ``train.py:12``; empty if no call of the project has this form."""

    def __str__(self) -> str:
        on = f" on {self.shapes}" if self.shapes else ""
        said = ", ".join(f"{name}={value!r}" for name, value in self.constants.items())
        what = on + (f" with {said}" if said else "")
        return f"called{what}, as in {self.where}" if what and self.where else ""


def call_forms(
    root: nn.Module, calls: Sequence[ForwardCall], given: Mapping[str, Any], path: Path
) -> Iterator[CallForm]:
    """Forms of calling a model of the file ``path``, the likeliest first.

    ``given`` are arguments from the command line or the config. Shapes in calls of other files come
    last: the model there may have been built with other arguments.
    """
    known = {**_flags(root), **given}
    bound = [(call, b) for call in calls if (b := _bound(root, call)) is not None]
    own = [_form(root, c, b, known, tensors=Path(c.path) == path) for c, b in bound]
    others = [_form(root, c, b, known, optional=True, tensors=True) for c, b in bound]
    yield from islice(_distinct([*own, CallForm(known), *others], root), _MOST)


def _distinct(found: Sequence[CallForm], root: nn.Module) -> Iterator[CallForm]:
    """Each form once, without those in which no required input is a tensor."""
    seen: list[tuple[Any, ...]] = []
    for form in found:
        key = (form.constants, form.templates)
        if key not in seen and not {*required_inputs(root)} <= form.constants.keys():
            seen.append(key)
            yield form


def required_inputs(root: nn.Module) -> list[str]:
    """Names of the parameters of ``forward`` without a default; ``"0"`` for ``*args``.

    If all have a default, the first one, as those after ``*args`` are options. Raises ValueError if
    there are no parameters.
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
    """False for required flags: ``forward(x, return_all: bool)``."""
    parameters = inspect.signature(root.forward).parameters.values()
    required = (p for p in parameters if p.default is p.empty and p.kind in _KEYWORDS)
    return {p.name: False for p in required if p.annotation in (bool, "bool")}


def _bound(root: nn.Module, call: ForwardCall) -> dict[str, Given] | None:
    """The argument for each parameter; None if ``forward`` does not accept such a call."""
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


def _form(
    root: nn.Module,
    call: ForwardCall,
    bound: Mapping[str, Given],
    known: Mapping[str, Any],
    tensors: bool,
    optional: bool = False,
) -> CallForm:
    """The form of one call.

    With ``optional`` also literals for optional parameters, with ``tensors`` also shapes.
    """
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
        return CallForm(constants, where=where)
    found = {name: t for name, t in zip(inputs, templates, strict=True) if t is not None}
    return CallForm(constants, found, ", ".join(str(s.shape) for s in shapes), where)
