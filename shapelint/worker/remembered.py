"""Meta kernels that only compare sizes, asked once for all sizes that compare alike.

An element-wise operation, a normalization, a product of matrices looks at a size to see whether it
is another one, 1 or 0; where all of that is as it was, what comes out has the same dims of the
arguments in the same places, in the same order in memory. Most meta kernels are written in Python
and take longer than all that is added to a call here, and models repeat their layers at other
sizes. What resizes a tensor takes the lengths that it is asked for from its arguments as well.

Any other kernel answers the same to the same sizes and strides, and so does one that compares
sizes of tensors with gaps in memory, or one that is given weights alone. None knows which run it is
in, so one memory serves all runs of a model.

Only a new tensor can be made again from what is known of it: views and changes in place are always
run, and so is everything while gradients are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import torch

from shapelint.worker.kernels import run_on_meta, run_op, unheard
from shapelint.worker.layout import Order, dense, is_alias, order_of
from shapelint.worker.nested import tensors_in
from shapelint.worker.ops import COMPARING, RESIZING
from shapelint.worker.record import OpCall
from shapelint.worker.shapes import Shape

_PLAIN = frozenset({type(None), bool, int, float, str, torch.dtype, torch.memory_format})
_COMPILED = frozenset({BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType})
_WEIGHTS = frozenset({torch.Tensor, torch.nn.Parameter})


@dataclass(frozen=True)
class _Made:
    """A new tensor, by where its lengths are among those of the arguments."""

    places: tuple[int, ...]
    order: tuple[int, ...]
    dtype: torch.dtype

    def at(self, dims: list[int] | None) -> torch.Tensor:
        """The tensor that arguments of these lengths give."""
        assert dims is not None
        return dense([dims[place] for place in self.places], self.order, self.dtype)


@dataclass(frozen=True)
class _Same:
    """A new tensor of these lengths."""

    shape: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype

    def at(self, _dims: list[int] | None) -> torch.Tensor:
        """The tensor that the same arguments give."""
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device="meta")


class Remembered:
    """Runs ops on the meta device, those that only compare sizes as seldom as can be."""

    def __init__(self) -> None:
        self._made: dict[object, _Made | _Same] = {}

    def of(self, call: OpCall, claimed: Any = None) -> Any:
        """What ``call`` returns, of which lengths are claimed. Raises what it raises."""
        if call.transfer is None:
            return unheard(run_on_meta, call.func, call.args, call.kwargs)
        resizes = RESIZING.get(call.name)
        if type(claimed) is Shape and resizes is not None and resizes(*call.args, **call.kwargs):
            known = [0, 1, *map(int, claimed)]
            return self._once(_unheard, call.func, call.args, call.kwargs, known)
        run = self.run if call.name in COMPARING else self.repeat
        return run(call.func, call.args, call.kwargs)

    def run(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What a ``func`` that only compares sizes returns. Raises what it raises."""
        return self._once(_unheard, func, args, kwargs, [0, 1])

    def repeat(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What any other ``func`` returns: the same for the same sizes. Raises what it raises."""
        return self._once(_unheard, func, args, kwargs, None)

    def without_lengths(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What ``func`` returns for arguments that hold no lengths. Raises what it raises."""
        if type(func) not in _COMPILED or not args or type(args[0]) not in _WEIGHTS:
            return func(*args, **kwargs)
        return self._once(_called, func, args, kwargs, None)

    def _once(
        self, run: Any, func: Callable[..., Any], args: Any, kwargs: Any, dims: list[int] | None
    ) -> Any:
        with torch._C.DisableTorchFunction():
            key = _key(func, args, kwargs, dims)
            if key is None and dims is not None:
                key, dims = _key(func, args, kwargs, None), None
            if key in self._made:
                return self._made[key].at(dims)
        result = run(func, args, kwargs)
        with torch._C.DisableTorchFunction():
            if key is not None and _is_new(result, tensors_in((args, kwargs))):
                made = _made(result, dims)
                if made is not None:
                    self._made[key] = made
        return result


def _unheard(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return unheard(run_op, func, args, kwargs)


def _called(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return func(*args, **kwargs)


def _made(result: torch.Tensor, dims: list[int] | None) -> _Made | _Same | None:
    """How to make a result again, from ``dims`` if they are given; None if they do not tell."""
    if dims is None:
        return _Same(result.shape, result.stride(), result.dtype)
    order = order_of(result)
    if order is None or not set(dims).issuperset(result.shape):
        return None
    return _Made(tuple(map(dims.index, result.shape)), order, result.dtype)


def _key(func: Callable[..., Any], args: Any, kwargs: Any, dims: list[int] | None) -> object:
    """All that the result depends on, None if unknown; lengths go into ``dims`` if there is one."""
    if torch.is_grad_enabled():
        return None
    try:
        given = tuple([_argument(v, dims) for v in args])
        named = tuple([(name, _argument(v, dims)) for name, v in kwargs.items()])
    except (TypeError, RuntimeError):  # a sparse tensor has no strides
        return None
    alike = tuple(map(dims.index, dims)) if dims is not None else ()
    surroundings = torch.get_default_dtype(), torch.is_autocast_enabled("cpu")
    return func, given, named, alike, surroundings


def _argument(value: Any, dims: list[int] | None) -> object:
    """Equal for arguments that are the same to a kernel: ``1``, ``1.0`` and ``True`` are not."""
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if isinstance(value, torch.Tensor):
        if dims is None:
            return value.shape, value.stride(), _dtype(value)
        dims += value.shape
        return _seen(value)
    if isinstance(value, (int, float)):
        plain = int(value) if isinstance(value, int) else float(value)
        return type(plain), plain
    if isinstance(value, (tuple, list)):
        return kind, *[_argument(v, dims) for v in value]
    raise TypeError


def _seen(tensor: torch.Tensor) -> tuple[Order, torch.dtype]:
    """Raises TypeError for a tensor with gaps in memory."""
    order = order_of(tensor)
    if order is None:
        raise TypeError
    return order, _dtype(tensor)


def _dtype(tensor: torch.Tensor) -> torch.dtype:
    """Raises TypeError for a tensor of which there is more to see than lengths and strides."""
    if not tensor.is_meta or tensor.is_complex():  # has values, may be conjugated
        raise TypeError
    return tensor.dtype


def _is_new(result: Any, given: Iterable[torch.Tensor]) -> bool:
    """Whether a call has made a tensor that is known by what is seen of it."""
    return (
        type(result) is torch.Tensor
        and result.is_meta
        and result.layout is torch.strided
        and not result.is_complex()
        and not any(is_alias(result, tensor) for tensor in given)
    )
