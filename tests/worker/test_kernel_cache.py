"""Calls whose sizes compare alike are run once; what a kernel can tell apart is run again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import fx, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from shapelint.local import LocalSession
from shapelint.model import Input
from shapelint.worker import kernel_cache
from shapelint.worker.kernel_cache import KernelCache
from shapelint.worker.names import op_name
from shapelint.worker.nested import tensors_in
from shapelint.worker.ops import COMPARING, FROM_THE_BACK, OPS
from shapelint.worker.ops.resample import interpolate
from shapelint.worker.record import OpCall
from shapelint.worker.shapes import Shape

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

dict(OPS.items())  # every module says which of its ops compare


def _meta(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def _call(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    return func, args, kwargs


X, WHOLE = _meta(2, 3, 8, 8), _meta(2, 3, dtype=torch.int64)

WIDE, NORM = _meta(2, 5, 9, 7), (_meta(3), _meta(3), _meta(3), _meta(3), False)

EQUAL = {
    "the same tensor": (_call(torch.relu, X), _call(torch.relu, X)),
    "another tensor like it": (_call(torch.relu, X), _call(torch.relu, _meta(2, 3, 8, 8))),
    "a keyword": (_call(torch.add, X, X, alpha=2), _call(torch.add, X, X, alpha=2)),
    "what was returned before": (_call(torch.relu, X), _call(torch.relu, torch.relu(X))),
    "equal lengths that do not meet": (_call(torch.relu, X), _call(torch.relu, WIDE)),
    "sizes that compare alike": (_call(torch.relu, WIDE), _call(torch.relu, _meta(4, 8, 3, 2))),
    "what broadcasts alike": (
        _call(torch.add, WIDE, _meta(5, 1, 1)),
        _call(torch.add, _meta(4, 8, 3, 2), _meta(8, 1, 1)),
    ),
    "an order in memory": (
        _call(torch.relu, WIDE.to(memory_format=torch.channels_last)),
        _call(torch.relu, _meta(4, 8, 3, 2).to(memory_format=torch.channels_last)),
    ),
    "a normalization": (
        _call(F.batch_norm, _meta(2, 3, 9, 7), *NORM),
        _call(F.batch_norm, _meta(4, 3, 8, 5), *NORM),
    ),
    "as many channels as rows": (
        _call(F.batch_norm, _meta(2, 3, 3, 7), *NORM),
        _call(F.batch_norm, _meta(4, 3, 8, 5), *NORM),
    ),
    "a group for each channel": (
        _call(torch.group_norm, _meta(2, 6, 9, 7), 6, _meta(6)),
        _call(torch.group_norm, _meta(4, 8, 8, 5), 8, _meta(8)),
    ),
    "other features": (
        _call(torch.layer_norm, _meta(2, 5, 9), (9,), _meta(9)),
        _call(torch.layer_norm, _meta(2, 7, 4), (4,), _meta(4)),
    ),
    "gaps in memory": (_call(torch.relu, X[..., ::2]), _call(torch.relu, X[..., ::2])),
    "a product": (
        _call(F.linear, _meta(2, 5, 9), _meta(7, 9)),
        _call(F.linear, _meta(3, 8, 4), _meta(6, 4)),
    ),
}

DIFFERENT = {
    "another function": (_call(torch.relu, X), _call(torch.mean, X)),
    "a length of 1": (_call(torch.relu, X), _call(torch.relu, X[:1].clone())),
    "no elements": (_call(torch.relu, X), _call(torch.relu, X[:0].clone())),
    "equal lengths": (
        _call(F.linear, _meta(2, 5, 9), _meta(7, 9)),
        _call(F.linear, _meta(2, 5, 9), _meta(5, 9)),
    ),
    "two groups": (
        _call(torch.group_norm, _meta(2, 6, 9), 6),
        _call(torch.group_norm, _meta(2, 6, 9), 2),
    ),
    "one feature": (
        _call(torch.layer_norm, _meta(2, 5, 9), (9,)),
        _call(torch.layer_norm, _meta(2, 5, 1), (1,)),
    ),
    "strides": (_call(torch.relu, X), _call(torch.relu, X.mT.contiguous().mT)),
    "other gaps in memory": (_call(torch.relu, X[..., ::2]), _call(torch.relu, X[..., ::4])),
    "gaps at other sizes": (_call(torch.relu, X[..., ::2]), _call(torch.relu, X[:1, :, :, ::2])),
    "a dtype": (_call(torch.relu, X), _call(torch.relu, X.double())),
    "a float beside an int": (_call(torch.add, WHOLE, 1), _call(torch.add, WHOLE, 1.0)),
    "a bool beside an int": (_call(torch.mul, WHOLE > 0, True), _call(torch.mul, WHOLE > 0, 1)),
    "a name": (_call(torch.add, X, X), _call(torch.add, X, X, alpha=2)),
    "a list in another place": (_call(F.pad, X, [1, 1, 0, 0]), _call(F.pad, X, [0, 0, 1, 1])),
    "a length that no argument has": (_call(F.pad, X, [1, 1]), _call(F.pad, X, [1, 1])),
    "a view": (_call(torch.Tensor.view, X, -1), _call(torch.Tensor.view, X, -1)),
    "the tensor itself": (_call(F.dropout, X, 0.5, False), _call(F.dropout, X, 0.5, False)),
    "a change in place": (_call(torch.relu_, X), _call(torch.relu_, X)),
    "several results": (_call(torch.max, X, 1), _call(torch.max, X, 1)),
    "values": (_call(torch.relu, torch.ones(2)), _call(torch.relu, torch.ones(2))),
}  # fmt: skip


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The functions that were run."""
    seen: list[Any] = []
    original = kernel_cache.run_op

    def run(func: Any, args: Any, kwargs: Any) -> Any:
        seen.append(func)
        return original(func, args, kwargs)

    monkeypatch.setattr(kernel_cache, "run_op", run)
    return seen


def _seen(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.dtype


def _all_seen(value: Any) -> list[Any]:
    return [_seen(t) for t in tensors_in(value)]


def _answers(*calls: Call) -> list[Any]:
    known = KernelCache()
    with torch.no_grad():
        return [_run(known, *call) for call in calls]


def _run(known: KernelCache, func: Any, args: Any, kwargs: Any) -> Any:
    return known.run(func, args, kwargs, COMPARING.get(op_name(func), FROM_THE_BACK))


@pytest.mark.parametrize("calls", EQUAL.values(), ids=EQUAL)
def test_a_kernel_is_asked_once(calls: tuple[Call, Call], runs: list[Any]) -> None:
    _, second = _answers(*calls)
    assert len(runs) == 1
    func, args, kwargs = calls[1]
    really = func(*args, **kwargs)
    assert _seen(second) == _seen(really)
    assert second.is_meta
    assert second is not really


REFUSALS = (TypeError, RuntimeError, IndexError, ValueError, Warning)

ALIKE = {
    "rows": lambda n, c, h, w: (_meta(n, c, h, w),),
    "a batch of one": lambda n, c, h, w: (_meta(1, c, h, w),),
    "channels last": lambda n, c, h, w: (
        _meta(n, c, h, w).to(memory_format=torch.channels_last),
        _meta(c, 1, 1),
    ),
    "columns": lambda n, c, h, w: (_meta(n, c, h, w), _meta(n, w, h, c).permute(0, 3, 2, 1)),
    "one of them broadcasts": lambda n, c, h, w: (_meta(n, 1, w), _meta(c, 1, h, 1)),
    "a weight": lambda n, c, h, w: (_meta(n, h, w), _meta(c, w)),
    "batches": lambda n, c, h, w: (_meta(n, h, c).mT, _meta(n, h, w)),
    "statistics": lambda n, c, h, w: (_meta(n, c, h, w), _meta(c), _meta(c)),
    "statistics of columns": lambda n, c, h, w: (
        _meta(n, h, w, c).movedim(3, 1), *(_meta(c) for _ in range(4)), False, 0.1, 1e-5, False
    ),
    "statistics of this batch": lambda n, c, h, w: (
        _meta(n, h, w, c).movedim(3, 1), None, None, None, None, True, 0.1, 1e-5, False
    ),
    "a group each": lambda n, c, h, w: (_meta(n, h, c).mT, c, _meta(c), _meta(c), 1e-5, False),
    "two in a group": lambda n, c, h, w: (_meta(n, h, w, 2 * c).movedim(3, 1), c, _meta(2 * c)),
    "features": lambda n, c, h, w: (_meta(n, w, h).mT, (h, w), _meta(h, w)),
    "a norm for each channel": lambda n, c, h, w: (_meta(c, h, w), _meta(c, 1, 1), 0),
    "a norm for each column": lambda n, c, h, w: (_meta(c, h, w).mT, _meta(1, 1, h), 2),
    "one norm": lambda n, c, h, w: (_meta(c, h, w), _meta(), -1),
    "slopes": lambda n, c, h, w: (_meta(n, h, w, c).movedim(3, 1), _meta(c)),
}  # fmt: skip


def _functions() -> set[Callable[..., Any]]:
    spaces = (torch, torch.Tensor, F, torch.special)
    return {getattr(s, name) for s in spaces for name in COMPARING if hasattr(s, name)}


@pytest.mark.parametrize("arguments", ALIKE.values(), ids=ALIKE)
def test_ops_that_are_said_to_compare_do_nothing_else(arguments: Any, runs: list[Any]) -> None:
    known, ran = KernelCache(), 0
    for func in _functions():
        for sizes in (2, 5, 9, 7), (4, 8, 3, 5), (6, 6, 6, 6), (8, 4, 4, 2):
            given, again = arguments(*sizes), arguments(*sizes)
            with torch.no_grad(), contextlib.suppress(*REFUSALS):
                really = func(*again)
                ran += 1
                assert _all_seen(_run(known, func, given, {})) == _all_seen(really), func
    assert len(runs) < ran


@pytest.mark.parametrize("calls", DIFFERENT.values(), ids=DIFFERENT)
def test_what_makes_a_difference_is_run(calls: tuple[Call, Call], runs: list[Any]) -> None:
    _answers(*calls)
    assert len(runs) == 2


REPEATED = {
    "the same sizes": (_call(F.pad, X, [1, 1]), _call(F.pad, X + 1, [1, 1]), 1),
    "gaps in memory": (_call(F.pad, X[..., ::2], [1, 1]), _call(F.pad, X[..., ::2], [1, 1]), 1),
    "another size": (_call(F.pad, X, [1, 1]), _call(F.pad, _meta(2, 3, 9, 9), [1, 1]), 2),
    "another argument": (_call(F.pad, X, [1, 1]), _call(F.pad, X, [1, 2]), 2),
    "a view": (_call(torch.Tensor.view, X, -1), _call(torch.Tensor.view, X, -1), 2),
}


@pytest.mark.parametrize(("first", "second", "count"), REPEATED.values(), ids=REPEATED)
def test_other_kernels_repeat_themselves(
    first: Call, second: Call, count: int, runs: list[Any]
) -> None:
    known, (func, args, kwargs) = KernelCache(), second
    with torch.no_grad():
        known.repeat(*first)
        assert _seen(known.repeat(*second)) == _seen(func(*args, **kwargs))
    assert len(runs) == count


def _resized(*shape: int, mode: str = "bilinear", **to: Any) -> Call:
    return _call(F.interpolate, _meta(*shape), mode=mode, **to)


RESIZED = {
    "doubles that are rounded": (
        _resized(2, 3, 5, 7, scale_factor=1.5),
        _resized(2, 3, 9, 8, scale_factor=1.5),
        2,
    ),
    "lengths that are kept": (_resized(2, 3, 5, 7, size=9), _resized(2, 3, 5, 7, size=(5, 8)), 2),
    "one that is 1": (_resized(2, 3, 5, 7, size=9), _resized(2, 3, 1, 7, size=9), 2),
    "another way": (
        _resized(2, 3, 5, 7, scale_factor=2),
        _resized(2, 3, 5, 7, scale_factor=2, mode="bicubic"),
        2,
    ),
    "a whole factor": (
        _resized(2, 3, 5, 7, scale_factor=2.0),
        _resized(4, 6, 9, 13, scale_factor=2.0),
        1,
    ),
    "a list of other lengths": (
        _resized(2, 3, 5, 7, size=[9, 8]),
        _resized(2, 4, 9, 8, size=[6, 11]),
        1,
    ),
    "another whole factor": (
        _resized(2, 3, 5, 7, scale_factor=2),
        _resized(2, 3, 5, 7, scale_factor=3),
        1,
    ),
    "the same lengths": (_resized(2, 3, 5, 7, size=(9, 8)), _resized(2, 4, 6, 7, size=(9, 8)), 1),
    "an order in memory": (
        _call(F.interpolate, WIDE.mT, scale_factor=2, mode="bilinear"),
        _call(F.interpolate, _meta(4, 6, 13, 11).mT, scale_factor=2, mode="bilinear"),
        1,
    ),
}


@pytest.mark.parametrize(("first", "second", "count"), RESIZED.values(), ids=RESIZED)
def test_what_resizes_is_run_once(first: Call, second: Call, count: int, runs: list[Any]) -> None:
    known, node = KernelCache(), fx.Graph().placeholder("x")
    for func, args, kwargs in first, second:
        really = func(*args, **kwargs)
        call = OpCall(func, "interpolate", interpolate, args, kwargs, node, [])
        with torch.no_grad():
            assert _seen(known.of(call, Shape(really.shape))) == _seen(really)
    assert len(runs) == count


W = nn.Parameter(_meta(3, 4), requires_grad=False)

OF_WEIGHTS = {
    "a view": (_call(torch.Tensor.view, W, -1), 2),
    "the weight itself": (_call(torch.relu_, W), 2),
    "values": (_call(torch.exp, torch.ones(2)), 2),
    "numbers": (_call(torch.zeros, 2, 3, device="meta"), 2),
    "what is written in Python": (_call(F.normalize, W), 2),
    "a function": (_call(torch.exp, W), 1),
    "a method": (_call(torch.Tensor.exp, W), 1),
    "the norm of a weight": (_call(torch._weight_norm, W, _meta(3, 1), 0), 1),
    "an order in memory": (_call(torch.exp, W.T), 1),
}


class Heard(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls.append(func)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("call", "count"), OF_WEIGHTS.values(), ids=OF_WEIGHTS)
def test_what_is_made_of_weights_is_made_once(call: Call, count: int) -> None:
    known, (func, args, kwargs) = KernelCache(), call
    with torch.no_grad(), Heard() as heard:
        first, second = (known.without_lengths(func, args, kwargs) for _ in range(2))
    assert heard.calls.count(func) == count
    assert (_seen(first), first.device) == (_seen(second), second.device)


def test_weights_whose_sizes_compare_alike_are_computed_once() -> None:
    known = KernelCache()
    with torch.no_grad(), Heard() as heard:
        for a, b in (4, 8), (16, 4), (6, 6):
            weight = nn.Parameter(_meta(a, b, 3), requires_grad=False)
            made = known.without_lengths(torch._weight_norm, (weight, _meta(a, 1, 1), 0), {})
            assert (made.shape, made.stride()) == (weight.shape, weight.stride())
    assert heard.calls.count(torch._weight_norm) == 1


def test_gradients_are_not_forgotten(runs: list[Any]) -> None:
    weight = _meta(3).requires_grad_()
    known = KernelCache()
    assert [_run(known, torch.relu, (weight,), {}).requires_grad for _ in range(2)] == [True, True]


def test_an_error_is_raised_each_time(runs: list[Any]) -> None:
    known = KernelCache()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="must match the size"):
            _run(known, torch.add, (_meta(3), _meta(4)), {})


class TwiceIfLong(nn.Module):
    """Runs that go different ways ask for the sigmoid of different formulas."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat((x, x), -1) if x.shape[-1] > 20 else x
        return torch.sigmoid(x)


def test_later_runs_of_a_model_know_what_kernels_have_made(runs: list[Any]) -> None:
    session = LocalSession(TwiceIfLong(), [Input("0", ("N", "L"))])
    for length in (10, 30):
        session.trace({"N": 2, "L": length})
    assert runs.count(torch.sigmoid) == 1
