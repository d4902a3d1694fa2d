"""Elements that stay what they are: views, subscripts, joins, casts."""

from __future__ import annotations

from typing import Any

from shapelint.worker.python.ranges import ranged
from shapelint.worker.python.ranges.interval import Range, range_of, union


@ranged(
    *("__deepcopy__", "__getitem__", "__get__T", "__get__mT", "alias", "amax", "amin"),
    *("atleast_1d", "broadcast_to", "chunk", "clone", "contiguous", "cpu", "cuda", "detach"),
    *("diagonal", "double", "expand", "expand_as", "flatten", "flip", "fliplr", "flipud", "float"),
    *("gather", "index_select", "int", "lift_fresh", "long", "masked_select"),
    *(
        "movedim",
        "moveaxis",
        "msort",
        "narrow",
        "permute",
        "ravel",
        "repeat",
    ),
    *("reshape", "reshape_as", "roll", "select", "split", "split_with_sizes", "squeeze"),
    *("swapaxes", "swapdims", "t", "take", "take_along_dim", "tensor_split", "tile", "to"),
    *("transpose", "type", "type_as", "unbind", "unflatten", "unsqueeze", "view", "view_as"),
    *("Tensor.unfold", "unsafe_chunk", "unsafe_split"),
)
def kept(input: Any, *args: Any, **kwargs: Any) -> Range | None:
    """Some of the elements, or all."""
    return range_of(input)


@ranged("cat", "concat", "concatenate", "hstack", "stack", "vstack", "dstack", "column_stack")
def joined(tensors: Any, *args: Any, **kwargs: Any) -> Range | None:
    """Elements of several tensors."""
    return union(*tensors)


@ranged("meshgrid", "broadcast_tensors")
def stretched(*tensors: Any, **kwargs: Any) -> tuple[Range | None, ...]:
    """Each has the elements that it had."""
    given = tensors[0] if isinstance(tensors[0], (tuple, list)) else tensors
    return tuple(map(range_of, given))


@ranged("where")
def where(condition: Any, input: Any, other: Any) -> Range | None:
    """Elements of one or of the other."""
    return union(input, other)


@ranged("masked_fill", "masked_scatter")
def masked_fill(input: Any, mask: Any, value: Any) -> Range | None:
    """The value, or what was there."""
    return union(input, value)


@ranged("__setitem__")
def written(target: Any, key: Any, value: Any) -> Range | None:
    """The value, or what was there."""
    return union(target, value)


@ranged("scatter", "index_fill", "index_copy")
def placed(
    input: Any, dim: int, index: Any, src: Any = None, *, source: Any = None, value: Any = None
) -> Range | None:
    """What was there, and what was put there."""
    put = next((v for v in (src, source, value) if v is not None), None)
    return union(input, put)


@ranged("select_scatter", "slice_scatter")
def replaced(input: Any, src: Any, *args: Any, **kwargs: Any) -> Range | None:
    """What was there, and what was put there."""
    return union(input, src)


@ranged("index_put")
def index_put(input: Any, indices: Any, values: Any) -> Range | None:
    """What was there, and what was put there."""
    return union(input, values)


@ranged("repeat_interleave")
def repeated(input: Any, repeats: Any, *args: Any, **kwargs: Any) -> Range | None:
    """The elements, each several times."""
    return range_of(input)


@ranged("pad", "constant_pad_nd")
def padded(input: Any, pad: Any, *args: Any, **kwargs: Any) -> Range | None:
    """The elements, and what is put around them."""
    values = [v for v in (*args, *kwargs.values()) if isinstance(v, (int, float))]
    return union(input, *(values or [0]))


@ranged("tril", "triu")
def with_zeros(input: Any, *args: Any, **kwargs: Any) -> Range | None:
    """The elements, and zeros."""
    return union(input, 0)


@ranged("fill", "fill_diagonal")
def filled(input: Any, value: Any, *args: Any, **kwargs: Any) -> Range | None:
    """A number instead of what was there."""
    return union(input, value)
