"""Example inputs that a model or its file carries along.

Lightning models have ``example_input_array``, Hugging Face models ``dummy_inputs``, timm models
``default_cfg["input_size"]``; many files call their model on ``torch.randn(1, 3, 224, 224)``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

Template = tuple[tuple[int | str, ...], str]
"""Dims and dtype name."""

FORMS: Mapping[int, tuple[str, ...]] = {
    1: ("N",),
    2: ("N", "F"),
    3: ("N", "C", "L"),
    4: ("N", "C", "H", "W"),
    5: ("N", "C", "D", "H", "W"),
}
"""The usual names of dims, by rank."""

_LITERAL_FACTORIES = {"randn": "float32", "rand": "float32", "zeros": "float32", "ones": "float32"}


def generalised(shape: tuple[int, ...], dtype: str = "float32") -> Template | None:
    """The template an example stands for: batch and spatial dims may vary, channels may not."""
    names = FORMS.get(len(shape))
    if names is None:
        return None
    if not dtype.startswith(("float", "bfloat", "complex")):
        names = ("N", "L", *names[2:])[: len(shape)]
    fixed = [size if name in ("C", "F") else name for name, size in zip(names, shape, strict=True)]
    return tuple(fixed), dtype


def attached_examples(root: nn.Module, names: list[str]) -> tuple[dict[str, Template], str]:
    """Examples that the model itself carries, by parameter name, and where they stand."""
    example = getattr(root, "example_input_array", None)
    if example is not None:
        return _by_name(example, names), "example_input_array"
    dummies = getattr(root, "dummy_inputs", None)
    if isinstance(dummies, Mapping) and dummies:
        return _by_name({k: v for k, v in dummies.items() if k in names}, names), "dummy_inputs"
    for attribute in ("default_cfg", "pretrained_cfg"):
        size = _input_size(getattr(root, attribute, None))
        template = generalised((1, *size)) if size else None
        if template is not None and names:
            return {names[0]: template}, f'{attribute}["input_size"]'
    return {}, ""


def _by_name(example: Any, names: list[str]) -> dict[str, Template]:
    if isinstance(example, torch.Tensor):
        example = (example,)
    if isinstance(example, (tuple, list)):
        example = dict(zip(names, example, strict=False))
    if not isinstance(example, Mapping):
        return {}
    found = {
        name: generalised(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in example.items()
        if isinstance(tensor, torch.Tensor)
    }
    return {name: template for name, template in found.items() if template is not None}


def _input_size(config: Any) -> tuple[int, ...]:
    size = config.get("input_size") if isinstance(config, Mapping) else None
    size = getattr(config, "input_size", None) if size is None else size
    return tuple(size) if isinstance(size, (tuple, list)) else ()


def literal_examples(tree: ast.Module, targets: set[str]) -> list[list[tuple[int, ...]]]:
    """Literal shapes of the tensors that a target, or what was made of it, is called on.

    ``targets`` are names: the class, the instance. One list of shapes for each call found;
    calls with keywords are left out, because what they are given is not seen.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    models = set(targets)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, shape = node.targets[0].id, _literal_shape(node.value)
            if shape:
                shapes[name] = shape
            elif _calls(node.value, targets):
                models.add(name)
    calls = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and _calls_model(n, models, targets)
    ]
    whole = (call for call in calls if call.args and not call.keywords)
    found = [[_shape_of(a, shapes) for a in call.args] for call in whole]
    return [call for call in found if all(call)]


def _shape_of(argument: ast.expr, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    if isinstance(argument, ast.Name):
        return shapes.get(argument.id, ())
    return _literal_shape(argument)


def _calls_model(call: ast.Call, models: set[str], targets: set[str]) -> bool:
    """``model(x)``, or ``Net()(x)``."""
    if isinstance(call.func, ast.Name):
        return call.func.id in models
    return isinstance(call.func, ast.Call) and _calls(call.func, targets)


def _calls(value: ast.expr, names: set[str]) -> bool:
    """``Net(…)``, also with ``.to(device)`` behind it."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    return (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in names
    )


def _literal_shape(value: ast.expr) -> tuple[int, ...]:
    """``(1, 3, 224, 224)`` for ``torch.randn(1, 3, 224, 224).to(device)``; empty if not literal."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if value.func.attr in _LITERAL_FACTORIES:
            return _sizes(value.args)
        value = value.func.value
    return ()


def _sizes(args: list[ast.expr]) -> tuple[int, ...]:
    if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)):
        args = args[0].elts
    sizes = [a.value if isinstance(a, ast.Constant) else None for a in args]
    whole = [s for s in sizes if type(s) is int]
    return tuple(whole) if len(whole) == len(sizes) else ()
