"""Example inputs that a model or its file carries along.

Lightning models have ``example_input_array``, Hugging Face models ``dummy_inputs``, timm models
``default_cfg["input_size"]``.
"""

from __future__ import annotations

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


def generalised(shape: tuple[int, ...], dtype: str = "float32") -> Template | None:
    """The template an example stands for: batch and spatial dims may vary, channels may not.

    A size of 0 is not known. Of two dims the second is that of features or of samples, of five it
    is that of channels or of frames: which one, the run will say.
    """
    names = FORMS.get(len(shape))
    if names is None:
        return None
    if not dtype.startswith(("float", "bfloat", "complex")):
        names = ("N", "L", *names[2:])[: len(shape)]
    fixes = len(shape) in (3, 4)
    sizes = zip(names, shape, strict=True)
    return tuple(size if fixes and name == "C" and size else name for name, size in sizes), dtype


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
