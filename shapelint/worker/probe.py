"""Operations without a transfer function: run them at other sizes and see.

The op alone is run on meta tensors at several other sizes. A formula for an output dim is accepted
if it explains every one of them: a constant, a dim of an input, or ``a*n + b`` of one. What depends
on it is checked, not proven.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.python.length import Length, expr_of, length
from shapelint.worker.recorder import Recorder
from shapelint.worker.shapes import Shape
from shapelint.worker.tensor import ShapeTensor

_STEPS = (1, 2, 5)


def probe(
    func: Any, name: str, args: Any, kwargs: Any, real: Any, recorder: Recorder
) -> list[Shape] | Shape:
    """Shapes of the results of ``func``, guessed from runs at other sizes."""
    recorder.lost(f"{name} has no transfer function; its shape was probed")
    runs = [_run(func, args, kwargs, env) for env in _environments(recorder)]
    base = _shapes(real)
    known = [(env, shapes) for env, shapes in runs if shapes is not None]
    dims = {int(d): d for t in _tensors((args, kwargs)) for d in reversed(t.lengths)}
    out = [
        Shape(_dim(n, i, j, known, dims, recorder) for j, n in enumerate(shape))
        for i, shape in enumerate(base)
    ]
    return out[0] if isinstance(real, torch.Tensor) else out


def _environments(recorder: Recorder) -> list[dict[str, int]]:
    """Sizes that differ from the hint in one symbol at a time."""
    return [
        {**recorder.sizes, name: value + step}
        for name, value in recorder.sizes.items()
        for step in _STEPS
    ]


def _tensors(value: Any) -> list[ShapeTensor]:
    return [t for t in pytree.tree_leaves(value) if isinstance(t, ShapeTensor)]


def _shapes(result: Any) -> list[tuple[int, ...]]:
    with torch._C.DisableTorchFunctionSubclass():
        return [tuple(t.shape) for t in pytree.tree_leaves(result) if isinstance(t, torch.Tensor)]


def _run(func: Any, args: Any, kwargs: Any, env: dict[str, int]) -> tuple[dict[str, int], Any]:
    def at(value: Any) -> Any:
        if isinstance(value, ShapeTensor):
            shape = [expr_of(d).at(env) for d in value.lengths]
            return torch.empty(shape, dtype=value.dtype, device="meta")
        return expr_of(value).at(env) if isinstance(value, Length) else value

    with torch._C.DisableTorchFunctionSubclass():
        args, kwargs = pytree.tree_map(at, (args, kwargs))
        try:
            return env, _shapes(func(*args, **kwargs))
        except Exception:  # the op refuses this size; that says nothing about its formula
            return env, None


def _dim(
    value: int, i: int, j: int, runs: list[Any], dims: dict[int, int], recorder: Recorder
) -> int:
    """The simplest formula that explains this dim in every run."""
    seen = [(env, shapes[i][j]) for env, shapes in runs if len(shapes) > i and len(shapes[i]) > j]
    if all(n == value for _, n in seen):
        return value
    candidates = [dims[value]] if value in dims else []
    candidates += [c for d in dims.values() if (c := _affine(d, value, seen)) is not None]
    for candidate in candidates:
        if all(expr_of(candidate).at(env) == n for env, n in seen):
            return candidate
    recorder.lost("an output length fits no formula")
    return value


def _affine(dim: int, value: int, seen: list[Any]) -> int | None:
    """``a*dim + b`` through the hint and one other run."""
    for env, n in seen:
        step = expr_of(dim).at(env) - int(dim)
        if step:
            slope = Fraction(n - value, step)
            if slope.denominator == 1:
                expr = expr_of(dim).scaled(int(slope)) + (value - int(slope) * int(dim))
                return length(value, expr)
    return None
