"""The input template: dims of every tensor of ``forward``, ints or names of symbols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from shapelint.model import Input
from shapelint.notation import parse_input

Dims = Sequence[int | str]


def template_of(
    inputs: str | Sequence[Dims | str], dtypes: Sequence[Any] | None = None
) -> tuple[Input, ...]:
    """The inputs as the analysis names them: by position, unless a text gives a name."""
    each = [inputs] if isinstance(inputs, str) else inputs
    template = tuple(
        parse_input(given, i) if isinstance(given, str) else Input(str(i), tuple(given))
        for i, given in enumerate(each)
    )
    if dtypes is None:
        return template
    names = [str(d).removeprefix("torch.") for d in dtypes]
    return tuple(replace(i, dtype=name) for i, name in zip(template, names, strict=True))


def symbols_of(inputs: Iterable[Input]) -> tuple[str, ...]:
    """The symbols of an input template, in the order in which they appear."""
    return tuple(dict.fromkeys(d for i in inputs for d in i.dims if isinstance(d, str)))


_GENERIC = (256, 320, 192, 448, 384, 576)


def hints_for(inputs: Iterable[Input]) -> dict[str, int]:
    """Generic sizes for the first run: distinct, even, and far from small constants.

    The first dim of an input with several is taken to be its batch.
    """
    inputs = tuple(inputs)
    batch = {i.dims[0] for i in inputs if len(i.dims) > 1}
    inner = {d for i in inputs for d in i.dims[1:]}
    hints: dict[str, int] = {}
    sizes = iter((*_GENERIC, *range(640, 100_000, 64)))
    for name in symbols_of(inputs):
        hints[name] = 2 if name in batch - inner else next(sizes)
    return hints
