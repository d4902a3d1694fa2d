"""Padding and cropping: ``F.pad`` and the padding modules, in every mode.

A negative pad crops. Rules and texts of errors: ``aten/src/ATen/native/PadNd.cpp``,
``ReflectionPad.cpp``, ``ReplicationPadding.cpp``; https://docs.pytorch.org/docs/stable/generated/
torch.nn.functional.pad.html.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shapelint.lengths.conditions import all_of
from shapelint.worker.ops import op
from shapelint.worker.recorder import note_lost
from shapelint.worker.shapes import Shape, concrete, either, ge, need, shape_of


class Side(NamedTuple):
    """The padding of one dim."""

    dim: int
    size: int
    before: int
    after: int

    @property
    def out(self) -> int:
        """The padded length."""
        return self.size + self.before + self.after


@op("pad")
def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Shape:
    """Each padded dim grows by its two pads, counted from the last dim."""
    if mode != "constant" and len(shape_of(input)) - len(pad) // 2 not in (1, 2):
        raise ValueError(f"{len(shape_of(input))} dims, of which {len(pad) // 2} are padded")
    return _MODES[mode](input, pad)


@op("constant_pad_nd")
def constant_pad(input: Any, pad: Any, value: Any = 0) -> Shape:
    """Crops first, one end after the other; what is left may be empty."""
    sides = _sides(input, pad)
    text = "narrow(): length must be non-negative."
    for side in reversed(sides):
        # Where a pad is positive its condition follows from the others.
        need(ge(side.size, -side.before), "fits", text, side.size)
        need(ge(side.size, -side.after), "fits", text, side.size)
        need(ge(side.out, 0), "fits", text, side.size)
    return _padded(input, sides)


@op("reflection_pad1d", "reflection_pad2d", "reflection_pad3d")
def reflection_pad(input: Any, padding: Any) -> Shape:
    """The padding must be smaller than the input."""
    sides = _sides(input, padding)
    _not_empty(input, sides)
    for argument, side in zip((4, 6, 8), sides, strict=False):
        need(
            all_of((ge(side.size - 1, side.before), ge(side.size - 1, side.after))),
            "fits",
            lambda argument=argument, side=side: (  # type: ignore[misc]
                f"Argument #{argument}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({int(side.before)}, {int(side.after)}) at dimension "
                f"{side.dim} of input {concrete(shape_of(input))}"
            ),
            side.size,
        )
    _not_all_cropped(sides, "")
    overflow = "numel: integer multiplication overflow" if len(sides) == 2 else ""
    return _not_negative(_padded(input, sides), overflow)


@op("replication_pad1d", "replication_pad2d", "replication_pad3d")
def replication_pad(input: Any, padding: Any) -> Shape:
    """Any padding of a non-empty input."""
    sides = _sides(input, padding)
    _not_empty(input, sides)
    _not_all_cropped(sides, " " if len(sides) == 2 else "")
    return _not_negative(_padded(input, sides), "")


@op("_pad_circular")
def circular_pad(input: Any, pad: Any) -> Shape:
    """The padding must not be larger than the input."""
    sides = _sides(input, pad)
    for side in reversed(sides):
        need(
            all_of((ge(side.size, side.before), ge(side.size, side.after))),
            "fits",
            "Padding value causes wrapping around more than once.",
            side.size,
        )
        need(
            ge(side.out, 0),
            "fits",
            "Negative padding value is resulting in an empty dimension",
            side.size,
        )
        if side.before < -side.size or side.after < -side.size:
            note_lost("circular padding that crops more than there is")
    return _padded(input, sides)


_MODES: dict[str, Callable[[Any, Any], Shape]] = {
    "constant": constant_pad,
    "reflect": reflection_pad,
    "replicate": replication_pad,
    "circular": circular_pad,
}


def _sides(input: Any, pad: Sequence[int]) -> list[Side]:
    """The padded dims, last dim first."""
    shape = shape_of(input)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {len(shape)}"
        )
    dims = range(len(shape) - 1, -1, -1)
    return [
        Side(dim, shape[dim], before, after)
        for dim, before, after in zip(dims, pad[::2], pad[1::2], strict=False)
    ]


def _padded(input: Any, sides: Sequence[Side]) -> Shape:
    shape = list(shape_of(input))
    for side in sides:
        shape[side.dim] = side.out
    return Shape(shape)


def _not_empty(input: Any, sides: Sequence[Side]) -> None:
    rank, shape = len(sides), shape_of(input)
    need(
        all_of(ge(n, 1) for n in shape[-rank - 1 :]),
        "fits",
        lambda: (
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {concrete(shape)}"
        ),
        *shape[-rank - 1 :],
    )


def _not_all_cropped(sides: Sequence[Side], space: str) -> None:
    """PyTorch objects if no dim is left, not if one of them is empty."""
    need(
        either(*(ge(side.out, 1) for side in sides)),
        "fits",
        lambda: (
            f"input ({_named([s.size for s in sides], ',')}{space}) is too small. "
            f"Calculated output {_named([s.out for s in sides], '')}"
        ),
        *(side.size for side in sides),
    )


def _named(sizes: Sequence[int], comma: str) -> str:
    """``D: 3 H: 4, W: 5`` with the punctuation of the CPU kernels; ``sizes`` are last dim first."""
    parts = [f"{axis}: {int(n)}" for axis, n in zip("WHD", sizes, strict=False)]
    last, rest = parts[0], parts[:0:-1]
    return f"{' '.join(rest)}{comma} {last}" if rest else last


def _not_negative(shape: Shape, text: str) -> Shape:
    need(
        all_of(ge(n, 0) for n in shape),
        "fits",
        lambda: (
            text
            or "Trying to create tensor with negative dimension "
            f"{next((n for n in concrete(shape) if n < 0), 0)}: {concrete(shape)}"
        ),
        *shape,
    )
    return shape
