"""Elements that go somewhere else and stay what they are: views, subscripts, joins, casts.

Where each element goes PyTorch itself is asked, on the CPU: the elements are numbered from 1, and
the op is run on the numbers. A 0 that comes out is a zero that the op filled in.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.worker.python.contents import Cell, Contents, Unknown, known
from shapelint.worker.python.length import Length, fixed
from shapelint.worker.python.values import followed
from shapelint.worker.python.values.call import Call, as_contents
from shapelint.worker.python.values.progressions import subscripted, takes_everything, widened

_READ = "the place of an element in a tensor follows from a length"


@followed(
    *("__deepcopy__", "alias", "clone", "contiguous", "cpu", "cuda", "detach", "double", "float"),
    *("int", "lift_fresh", "long", "to", "type", "type_as"),
)
def same(call: Call) -> Contents:
    """The elements where they were, perhaps in another dtype."""
    return call.args[0].cast(call.dtype, call.shape)  # type: ignore[no-any-return]


@followed(
    *("atleast_1d", "broadcast_to", "expand", "expand_as", "flatten", "flip", "fliplr", "flipud"),
    *("movedim", "moveaxis", "permute", "ravel", "repeat", "reshape"),
    *("reshape_as", "roll", "squeeze", "swapaxes", "swapdims", "t", "tile", "transpose"),
    *("unflatten", "unsqueeze", "view", "view_as", "__get__T", "__get__mT"),
)
@widened
def all_kept(call: Call) -> Contents:
    """Every element is still there, so the least and the greatest are the same."""
    source, cells = call.args[0], partial(_moved, call)
    if source.ends is None:
        return call.listed(cells)
    low, high = source.ends
    return call.between(low, high, cells)


@followed(
    *("__getitem__", "chunk", "diagonal", "gather", "index_select", "narrow", "repeat_interleave"),
    *("select", "split", "split_with_sizes", "take_along_dim", "tensor_split", "unbind"),
    "Tensor.unfold",
)
def some_kept(call: Call) -> Contents:
    """Some of the elements; where all are alike it does not matter which."""
    cells, fill = partial(_moved, call), call.args[0].fill
    if fill is not None:
        return call.filled(fill)
    if (stepping := subscripted(call, cells)) is not None:
        return stepping
    return all_kept(call) if takes_everything(call) else call.listed(cells)


@followed("interpolate")
def resized(call: Call) -> Contents:
    """The nearest of the elements, if they are alike."""
    fill = call.args[0].fill
    if fill is None or call.argument(3, "mode", default="nearest") not in (
        "nearest",
        "nearest-exact",
    ):
        return call.unknown()
    return call.filled(fill)


@followed(*("cat", "concat", "concatenate", "hstack", "stack", "vstack"), "constant_pad_nd")
def joined(call: Call) -> Contents:
    """Elements of several tensors."""
    return call.listed(partial(_moved, call))


@followed("pad")
def padded(call: Call) -> Contents:
    """Zeros around the elements."""
    if call.argument(2, "mode", default="constant") != "constant" or call.argument(3, "value"):
        return call.unknown()
    return call.listed(partial(_moved, call))


@followed("__setitem__")
def written(call: Call) -> Contents:
    """The tensor with some of its elements replaced."""
    target, key, value = call.args
    call = Call(_with_items, (target, key, as_contents(value)), {}, call.shape, call.dtype)
    return call.listed(partial(_moved, call, moving=(0, 2)))


def _with_items(target: torch.Tensor, key: Any, value: torch.Tensor) -> torch.Tensor:
    target[key] = value
    return target


@followed("fill", "zero")
def overwritten(call: Call) -> Contents:
    """One number everywhere."""
    value = as_contents(call.argument(1, "value", default=0))
    return call.filled(Cell(lambda: value.only.value))


def _moved(call: Call, moving: tuple[int, ...] = (0,)) -> list[Cell]:
    """The cells of the result. Other tensors than those at ``moving`` say where they go."""
    cells = [known(0)]

    def numbered(value: Any) -> Any:
        if not isinstance(value, Contents):
            return _bare(value)
        first = len(cells)
        cells.extend(value.cells())
        return torch.arange(first, len(cells), device="cpu").reshape(value.sizes())

    args = [
        pytree.tree_map(numbered if i in moving else _bare, value)
        for i, value in enumerate(call.args)
    ]
    out = _run(call, args, pytree.tree_map(_bare, call.kwargs))
    return [cells[i] for i in out.flatten().tolist()]


def _run(call: Call, args: list[Any], kwargs: dict[str, Any]) -> torch.Tensor:
    try:
        out = call.func(*args, **kwargs)
    except Exception as exc:  # these arguments it takes on the meta device only
        raise Unknown from exc
    found = out if isinstance(out, torch.Tensor) else out[call.place]
    if list(found.shape) != list(map(int, call.shape)):
        raise Unknown
    return found


def _bare(value: Any) -> Any:
    """An argument as PyTorch takes it on the CPU; the run relies on the lengths in it."""
    if isinstance(value, Contents):
        numbers = [_bare(cell.value) for cell in value.cells()]
        return torch.tensor(numbers, dtype=value.dtype, device="cpu").reshape(value.sizes())
    if isinstance(value, slice):
        return slice(*map(_bare, (value.start, value.stop, value.step)))
    return fixed(value, _READ) if isinstance(value, Length) else value
