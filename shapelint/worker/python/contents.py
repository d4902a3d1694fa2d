"""Known elements of small tensors: ``torch.tensor([h, w])`` and what is computed from it.

On the meta device a tensor has no data. If its elements follow from sizes alone, a
:class:`Contents` is attached to it. Elements are computed only when they are read, so that what is
never read is no branch.

Laws used: a float32 holds every whole number below 2**24 and every dyadic fraction of as few bits,
and lengths that pass through one are taken to be smaller; the float32 nearest to ``n / k`` has the
same floor and ceiling as ``n / k``. Anything else in float32 is unknown.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch

from shapelint.worker.python.compared import Number
from shapelint.worker.python.floats import Float
from shapelint.worker.python.length import Length, LengthFloat, as_float, fixed
from shapelint.worker.shapes import Shape, only_on_cpu, shape_of

WHOLE = frozenset({torch.int32, torch.int64})
MOST = 1024
"""A tensor with more elements is not read one by one."""


class Unknown(Exception):
    """The elements of a tensor do not follow from sizes, or no rule says how."""


class Cell:
    """One number in a tensor, computed when it is read."""

    def __init__(self, compute: Callable[[], Number]) -> None:
        self._compute = compute

    @cached_property
    def value(self) -> Number:
        """The number, a float as a :class:`Float`. Raises Unknown."""
        value = self._compute()
        return Float(value) if type(value) is float else value

    def cast(self, dtype: torch.dtype) -> Cell:
        """The number in a tensor of another dtype."""
        return Cell(lambda: cast(self.value, dtype))


def known(value: Number) -> Cell:
    """A cell with this number."""
    return Cell(lambda: value)


def unknown(*_: Any) -> Any:
    """Stands for a function of unknown result. Raises Unknown."""
    raise Unknown


@dataclass(frozen=True)
class Contents:
    """What is known of the elements of a tensor."""

    lengths: Shape
    dtype: torch.dtype
    listed: Callable[[], list[Cell]] = unknown
    """Gives the cells at the sizes of this run, in row-major order."""
    ends: tuple[Cell, Cell] | None = None
    """The least and the greatest element, at every size at which there are elements."""
    step: int | None = None
    """The constant difference of neighbours along the last dim, if the dtype is an integer one and
    all rows are equal."""
    measured: bool = False
    """Whether a length was put into the tensor, or into one that it was made of."""

    @property
    def fill(self) -> Cell | None:
        """The number that all elements are, if they are known to be alike."""
        return self.ends[0] if self.ends and self.ends[0] is self.ends[1] else None

    def sizes(self) -> list[int]:
        """The shape as bare ints, on which the run relies from here on. Raises Unknown."""
        if math.prod(map(int, self.lengths)) > MOST:
            raise Unknown
        reason = "a tensor is read that is as long as a length says"
        return [fixed(n, reason) if isinstance(n, Length) else n for n in self.lengths]

    def cells(self) -> list[Cell]:
        """Every element, in row-major order. Raises Unknown."""
        count = math.prod(self.sizes())
        with torch._C.DisableTorchFunction():
            return [self.fill] * count if self.fill is not None else self.listed()

    @property
    def only(self) -> Cell:
        """The one element. Raises Unknown if there are more."""
        return self.cells()[0] if math.prod(map(int, self.lengths)) == 1 else unknown()

    def cast(self, dtype: torch.dtype, lengths: Shape) -> Contents:
        """The same cells in a tensor of another dtype and shape; casting keeps their order."""
        ends = None
        if self.ends is not None:
            low = self.ends[0].cast(dtype)
            ends = (low, low if self.fill is not None else self.ends[1].cast(dtype))
        listed = partial(_all_cast, self.listed, dtype)
        step = self.step if {self.dtype, dtype} <= WHOLE else None
        return Contents(lengths, dtype, listed, ends, step, self.measured)


def _all_cast(listed: Callable[[], list[Cell]], dtype: torch.dtype) -> list[Cell]:
    return [cell.cast(dtype) for cell in listed()]


# -- dtypes ---------------------------------------------------------------------------------


def cast(value: Number, dtype: torch.dtype) -> Number:
    """The number that an element of ``dtype`` makes of ``value``. Raises Unknown."""
    if dtype is torch.bool:
        return bool(value != 0)
    if dtype in WHOLE:
        return _whole(value)
    if dtype is torch.float32:
        return _single(value)
    if dtype is torch.float64:
        return as_float(value)
    raise Unknown


def _whole(value: Number) -> int:
    if isinstance(value, int):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, LengthFloat) and value.formula.ratio is None:
        raise Unknown
    return value.__trunc__() if math.isfinite(value) else unknown()


def _single(value: Number) -> float:
    if isinstance(value, (Length, LengthFloat)):
        value = as_float(value)
        if value.formula.ratio is None:  # type: ignore[attr-defined]
            raise Unknown
        return value
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        raise Unknown from None
    return rounded


def exact(value: Number) -> Number:
    """A number that is not rounded, so that it compares as its formula does. Raises Unknown."""
    if isinstance(value, LengthFloat):
        ratio = value.formula.ratio
        if ratio is None or not ratio.exact:
            raise Unknown
    return value


# -- beside a tensor ------------------------------------------------------------------------


def attach(tensor: torch.Tensor, contents: Contents) -> None:
    """Attach contents to a tensor; valid until it or a view of it is written to."""
    with torch._C.DisableTorchFunction():
        if not tensor.is_inference():
            tensor.contents = (contents, tensor._version)  # type: ignore[attr-defined]


def contents_of(tensor: Any) -> Contents | None:
    """The contents of ``tensor``; None if they are not known.

    All views of a tensor share the counter of the writes to it.
    """
    held = getattr(tensor, "contents", None)
    if held is None:
        return None
    contents, version = held
    with torch._C.DisableTorchFunction():
        return contents if tensor._version == version else None


def number_of(value: Any) -> Any:
    """A 0-d tensor of a known whole number as that number; everything else as it is."""
    has_dims = isinstance(value, torch.Tensor) and shape_of(value)
    return value if has_dims else whole_in(value)


def whole_in(value: Any) -> Any:
    """A tensor of one known whole number as that number; everything else as it is."""
    contents = contents_of(value) if isinstance(value, torch.Tensor) else None
    return value if contents is None or contents.dtype not in WHOLE else number_in(value)


def number_in(value: Any) -> Any:
    """The number in a tensor of one element, if it is known; everything else as it is."""
    contents = contents_of(value) if isinstance(value, torch.Tensor) else None
    return value if contents is None else read(contents, lambda held: held.only.value, value)


def read(contents: Contents, answer: Callable[[Contents], Any], otherwise: Any) -> Any:
    """``answer(contents)``, or ``otherwise`` if that depends on unknown elements."""
    try:
        found = answer(contents)
    except (Unknown, ArithmeticError):
        return otherwise
    only_on_cpu()
    return found
