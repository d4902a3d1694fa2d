"""Dtypes that an op refuses: the CPU is asked, because meta kernels hardly look.

Two thirds of PyTorch's ops have a meta kernel that takes dtypes which the CPU kernel does not: a
double for a layer of floats, integers for a convolution. Each kernel has rules and words of its
own, and they change from release to release; so there is no table of them here. A call whose
operands are not all float32 is made once on the CPU, at the smallest sizes at which the op has no
other objection, and what it says holds for every size. The same goes for every call under autocast,
which passes meta tensors by; there the dtypes of the results are the CPU's as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import FALSE
from shapelint.worker.concretize import concretized
from shapelint.worker.nested import tensors_in
from shapelint.worker.record import OpCall
from shapelint.worker.recorder import NeedFailed, Recorder, current, recording
from shapelint.worker.shapes import need, only_on_cpu

_WANT_INTEGERS = """
    __and__ __invert__ __or__ __rand__ __ror__ __rxor__ __xor__ __iand__ __ior__ __ixor__
    bitwise_and bitwise_not bitwise_or bitwise_xor gcd index_add index_copy index_fill index_put
    index_select lcm repeat_interleave
""".split()  # noqa: SIM905  one name a line would be a page
"""Ops that refuse float32, too, which their meta kernels take."""

_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
_MOST_ELEMENTS = 2**22
_OTHERS = (torch.float32, torch.int64, torch.bool, torch.complex64)

Answer = Exception | tuple[torch.dtype, ...] | None
"""A refusal, or the dtypes of the results; None where no small sizes suit the op."""

_answers: dict[object, Answer] = {}


def returned(call: OpCall) -> tuple[torch.dtype, ...] | None:
    """The dtypes of what the CPU kernel returns; None for those of the meta kernel.

    States the need that the CPU kernel takes operands of these dtypes, whatever their sizes.
    """
    with torch._C.DisableTorchFunction():
        dtypes = {t.dtype for t in call.tensors}
    usual = dtypes <= {torch.float32} and call.name not in _WANT_INTEGERS
    if usual and not torch.is_autocast_enabled("cpu"):
        return None
    answer = _asked(call)
    if isinstance(answer, Exception):
        only_on_cpu()
        need(FALSE, "other", str(answer), error=type(answer))
        return None
    return answer


def explain(call: OpCall) -> bool:
    """Whether a failed call failed for its dtypes; then a need that never holds is recorded."""
    answer = None if call.transfer is None else _asked(call)
    if isinstance(answer, Exception):
        with suppress(NeedFailed):
            need(FALSE, "other", str(answer))
    return isinstance(answer, Exception)


def _asked(call: OpCall) -> Answer:
    autocast = torch.is_autocast_enabled("cpu")
    kinds = _kinds((call.args, call.kwargs))
    key = (call.func, autocast, _coincidences(call.tensors), *kinds)
    if key not in _answers:
        _answers[key] = _answer(call.func, call.transfer, call.args, call.kwargs)
    return _answers[key]


def converted(result: Any, dtypes: tuple[torch.dtype, ...] | None) -> Any:
    """What a meta kernel returned, with these dtypes."""
    if dtypes is None:
        return result
    tensors = [t for t in pytree.tree_leaves(result) if isinstance(t, torch.Tensor)]
    if len(dtypes) != len(tensors):
        return result
    left = iter(dtypes)
    with torch._C.DisableTorchFunction():
        return pytree.tree_map_only(torch.Tensor, lambda t: t.to(next(left)), result)


def _coincidences(tensors: list[torch.Tensor]) -> tuple[int, ...]:
    """Which dims are 1 and which are equal, on which the choice of a kernel may depend."""
    with torch._C.DisableTorchFunction():
        dims = [1, *(n for t in tensors for n in t.shape)]
    return tuple(map(dims.index, dims))


def _kinds(call: Any) -> Iterator[object]:
    """What the choice of a kernel may depend on: dtypes, ranks and the types of other arguments."""
    with torch._C.DisableTorchFunction():
        for leaf in pytree.tree_leaves(call):
            if isinstance(leaf, torch.Tensor):
                yield leaf.dtype, leaf.dim()
            else:
                yield leaf if isinstance(leaf, (str, bool, torch.dtype)) else type(leaf)


def _answer(func: Any, transfer: Any, args: Any, kwargs: Any) -> Answer:
    """The answer of the CPU; None if it refuses all other dtypes as well."""
    for sizes in _small_sizes():
        if _fits(transfer, args, kwargs, sizes):
            answer = _tried(func, args, kwargs, sizes)
            refused = isinstance(answer, Exception)
            return None if refused and _refused_anyway(func, args, kwargs, sizes) else answer
    return None


def _small_sizes() -> Iterator[dict[str, int]]:
    """The sizes to try: equal ones, rising ones, and those of the run."""
    recorder = current()
    if recorder is not None:
        for n in _SIZES:
            yield dict.fromkeys(recorder.sizes, n)
            yield {symbol: n + i for i, symbol in enumerate(recorder.sizes)}
        yield recorder.sizes


def _fits(transfer: Any, args: Any, kwargs: Any, sizes: dict[str, int]) -> bool:
    """Whether the op accepts tensors of these sizes, and they are small enough to make.

    The same lengths have to be equal, and to be 1, as in the run.
    """

    def empty(shape: list[int], dtype: torch.dtype) -> torch.Tensor:
        if min(shape, default=1) < 1:
            raise ValueError("no elements")
        return torch.empty(shape, dtype=dtype, device="meta")

    as_they_are = _coincidences(tensors_in((args, kwargs)))
    try:
        with recording(Recorder(sizes)):
            args, kwargs = concretized((args, kwargs), sizes, empty)
            transfer(*args, **kwargs)
    except (NeedFailed, ArithmeticError, ValueError, RuntimeError, IndexError, TypeError):
        return False
    tensors = tensors_in((args, kwargs))
    small = sum(t.numel() for t in tensors) <= _MOST_ELEMENTS
    return small and _coincidences(tensors) == as_they_are


def _refused_anyway(func: Any, args: Any, kwargs: Any, sizes: dict[str, int]) -> bool:
    """Whether the op refuses all other dtypes, too: then its objection is to values."""
    count = len(tensors_in((args, kwargs)))
    alike = ((dtype,) * count for dtype in _OTHERS)
    choices = itertools.product(_OTHERS, repeat=count) if count <= 3 else alike
    answers = (_tried(func, args, kwargs, sizes, choice) for choice in choices)
    return all(isinstance(answer, Exception) for answer in answers)


def _tried(
    func: Any, args: Any, kwargs: Any, sizes: dict[str, int], dtypes: Sequence[torch.dtype] = ()
) -> Answer:
    """One call on the CPU; integers are zeros (valid indices), else ones (valid divisors)."""
    refused: Exception | None = None
    for number in (0, 1):
        try:
            result = _on_cpu(func, args, kwargs, sizes, number, dtypes)
        except Exception as exc:  # whatever it raises is the answer
            refused = refused or exc
        else:
            return tuple(t.dtype for t in tensors_in(result))
    return refused


def _on_cpu(
    func: Any, args: Any, kwargs: Any, sizes: dict[str, int], number: int, dtypes: Sequence[Any]
) -> Any:
    """What ``func`` returns for floats that are 1 and integers that are ``number``.

    ``dtypes`` replace those of the tensors, in their order.
    """
    left = iter(dtypes)

    def filled(shape: list[int], dtype: torch.dtype) -> torch.Tensor:
        dtype = next(left, dtype)
        real = dtype.is_floating_point or dtype.is_complex
        return torch.full(shape, 1 if real else number, dtype=dtype, device="cpu")

    with torch._C.DisableTorchFunction(), recording(Recorder(sizes)):
        args, kwargs = concretized((args, kwargs), sizes, filled)
        return func(*args, **kwargs)
