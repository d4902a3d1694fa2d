"""A cache of meta kernels, many of which take longer than all that shapelint adds to a call.

Kernels that only compare sizes (``COMPARING``: element-wise operations, normalizations, products
of matrices) ask of a size whether it is 0, 1, or equal to another one. So two calls whose sizes
compare alike return the same dims of the arguments in the same places, in the same order in memory,
and one entry serves both: models repeat their layers at other sizes. Kernels that resize a tensor
(``RESIZING``) take lengths of the result from their arguments as well.

Any other kernel returns the same for the same sizes and strides. That also goes for those above
where a tensor has gaps in memory. Calls on weights alone are cached as well. No kernel depends on
the run, so one cache serves all runs of a model.

Only a new tensor can be made from an entry: views and changes in place are always run, and so is
everything while gradients are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import torch

from shapelint.worker.kernels import run_on_meta, run_op, unrecorded
from shapelint.worker.layout import Order, dense, is_alias, order_of
from shapelint.worker.nested import tensors_in
from shapelint.worker.ops import COMPARING, FROM_THE_BACK, RESIZING, Meeting
from shapelint.worker.record import OpCall
from shapelint.worker.shapes import Shape

_PLAIN = frozenset({type(None), bool, int, float, str, torch.dtype, torch.memory_format})
_COMPILED = frozenset({BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType})
_WEIGHTS = frozenset({torch.Tensor, torch.nn.Parameter})


@dataclass(frozen=True)
class _Made:
    """How to make a new tensor whose lengths are lengths of the arguments."""

    places: tuple[int, ...]
    """Of each dim, the index of its length in :attr:`_Sizes.seen`."""
    order: tuple[int, ...]
    dtype: torch.dtype

    def at(self, sizes: _Sizes | None) -> torch.Tensor:
        """The tensor for arguments of these sizes."""
        assert sizes is not None
        return dense([sizes.seen[place][1] for place in self.places], self.order, self.dtype)


@dataclass(frozen=True)
class _Same:
    """How to make a new tensor of constant lengths."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    def at(self, _sizes: _Sizes | None) -> torch.Tensor:
        """The tensor for the same arguments."""
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device="meta")


class _Sizes:
    """The sizes in the arguments of a call, each with a number for what it is compared with.

    Sizes with different numbers never meet in the kernel, so that they may be equal by accident.
    """

    def __init__(self, meeting: Meeting) -> None:
        self._places, self.counts = meeting
        self.seen: list[tuple[int, int]] = [(0, 0), (0, 1)]

    def _placed(self, shape: Sequence[int]) -> list[tuple[int, int]]:
        """The sizes 0 and 1 are compared everywhere."""
        places = self._places(len(shape))
        return [(place if n > 1 else 0, n) for place, n in zip(places, map(int, shape))]

    def see(self, shape: Sequence[int]) -> None:
        """Add the sizes of a tensor."""
        self.seen += self._placed(shape)

    @property
    def alike(self) -> tuple[int, ...]:
        """The part of the key that is equal for all sizes that compare alike."""
        return tuple(map(self.seen.index, self.seen))

    def among(self, shape: Sequence[int]) -> tuple[int, ...] | None:
        """For each size of a result its index in :attr:`seen`; None if one is not there."""
        placed = self._placed(shape)
        return tuple(map(self.seen.index, placed)) if set(self.seen).issuperset(placed) else None


class KernelCache:
    """Runs meta kernels, and each of them as seldom as possible."""

    def __init__(self) -> None:
        self._made: dict[object, _Made | _Same] = {}

    def of(self, call: OpCall, claimed: Any = None) -> Any:
        """What ``call`` returns; its transfer function says ``claimed``. Raises what it raises."""
        if call.transfer is None:
            return unrecorded(run_on_meta, call.func, call.args, call.kwargs)
        resizes = RESIZING.get(call.name)
        if type(claimed) is Shape and resizes is not None and resizes(*call.args, **call.kwargs):
            sizes = _Sizes(FROM_THE_BACK._replace(counts=True))
            sizes.see(claimed)
            return self._once(_unrecorded, call.func, call.args, call.kwargs, sizes)
        meeting = COMPARING.get(call.name)
        if meeting is None:
            return self.repeat(call.func, call.args, call.kwargs)
        return self.run(call.func, call.args, call.kwargs, meeting)

    def run(self, func: Callable[..., Any], args: Any, kwargs: Any, meeting: Meeting) -> Any:
        """What ``func``, which only compares sizes, returns. Raises what it raises."""
        return self._once(_unrecorded, func, args, kwargs, _Sizes(meeting))

    def repeat(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What any other ``func`` returns, cached by exact sizes. Raises what it raises."""
        return self._once(_unrecorded, func, args, kwargs, None)

    def without_lengths(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What ``func`` returns for arguments that hold no lengths. Raises what it raises."""
        if type(func) not in _COMPILED or not args or type(args[0]) not in _WEIGHTS:
            return func(*args, **kwargs)
        meeting = COMPARING.get(func.__name__)
        sizes = None if meeting is None else _Sizes(meeting)
        return self._once(_called, func, args, kwargs, sizes)

    def _once(
        self, run: Any, func: Callable[..., Any], args: Any, kwargs: Any, sizes: _Sizes | None
    ) -> Any:
        with torch._C.DisableTorchFunction():
            key = _key(func, args, kwargs, sizes)
            if key is None and sizes is not None:
                key, sizes = _key(func, args, kwargs, None), None
            if key in self._made:
                return self._made[key].at(sizes)
        result = run(func, args, kwargs)
        with torch._C.DisableTorchFunction():
            if key is not None and _is_new(result, tensors_in((args, kwargs))):
                made = _made(result, sizes)
                if made is not None:
                    self._made[key] = made
        return result


def _unrecorded(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return unrecorded(run_op, func, args, kwargs)


def _called(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return func(*args, **kwargs)


def _made(result: torch.Tensor, sizes: _Sizes | None) -> _Made | _Same | None:
    """The entry for a result; None if it has lengths that are not among ``sizes``."""
    if sizes is None:
        return _Same(result.shape, result.stride(), result.dtype)
    order, places = order_of(result), sizes.among(result.shape)
    return None if order is None or places is None else _Made(places, order, result.dtype)


def _key(func: Callable[..., Any], args: Any, kwargs: Any, sizes: _Sizes | None) -> object:
    """Everything that the result depends on; None if that is not known.

    With ``sizes`` the lengths are added there, and only how they compare is part of the key.
    """
    if torch.is_grad_enabled():
        return None
    try:
        given = tuple([_argument(v, sizes) for v in args])
        named = tuple([(name, _argument(v, sizes)) for name, v in kwargs.items()])
    except (TypeError, RuntimeError):  # a sparse tensor has no strides
        return None
    alike = sizes.alike if sizes is not None else ()
    surroundings = torch.get_default_dtype(), torch.is_autocast_enabled("cpu")
    return func, given, named, alike, surroundings


def _argument(value: Any, sizes: _Sizes | None) -> object:
    """A part of the key. ``1``, ``1.0`` and ``True`` differ, as they do to PyTorch."""
    kind = type(value)
    if sizes is not None and sizes.counts and _are_sizes(value):
        shape = value if isinstance(value, (tuple, list)) else (value,)
        sizes.see(shape)
        return int, len(shape)
    if kind in _PLAIN:
        return kind, value
    if isinstance(value, torch.Tensor):
        if sizes is None:
            return value.shape, value.stride(), _dtype(value)
        sizes.see(value.shape)
        return _seen(value)
    if isinstance(value, (int, float)):
        plain = int(value) if isinstance(value, int) else float(value)
        return type(plain), plain
    if isinstance(value, (tuple, list)):
        return kind, *[_argument(v, sizes) for v in value]
    raise TypeError


def _are_sizes(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_are_sizes, value))
    return isinstance(value, int) and not isinstance(value, bool)


def _seen(tensor: torch.Tensor) -> tuple[Order, torch.dtype]:
    """Raises TypeError for a tensor with gaps in memory."""
    order = order_of(tensor)
    if order is None:
        raise TypeError
    return order, _dtype(tensor)


def _dtype(tensor: torch.Tensor) -> torch.dtype:
    """Raises TypeError for a tensor that is more than its lengths, strides and dtype."""
    if not tensor.is_meta or tensor.is_complex():  # it has values, or may be conjugated
        raise TypeError
    return tensor.dtype


def _is_new(result: Any, given: Iterable[torch.Tensor]) -> bool:
    """Whether a call returned one tensor that shares no memory with its arguments."""
    return (
        type(result) is torch.Tensor
        and result.is_meta
        and result.layout is torch.strided
        and not result.is_complex()
        and not any(is_alias(result, tensor) for tensor in given)
    )
