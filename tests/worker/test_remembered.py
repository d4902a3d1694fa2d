"""Equal calls are run once; what a kernel can tell apart is run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from shapelint.worker import remembered
from shapelint.worker.remembered import Remembered

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def _meta(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def _call(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    return func, args, kwargs


X, WHOLE = _meta(2, 3, 8, 8), _meta(2, 3, dtype=torch.int64)

EQUAL = {
    "the same tensor": (_call(torch.relu, X), _call(torch.relu, X)),
    "another tensor like it": (_call(torch.relu, X), _call(torch.relu, _meta(2, 3, 8, 8))),
    "a keyword": (_call(F.pad, X, pad=[1, 1]), _call(F.pad, X, pad=[1, 1])),
    "what was returned before": (_call(torch.relu, X), _call(torch.relu, torch.relu(X))),
}

DIFFERENT = {
    "another function": (_call(torch.relu, X), _call(torch.mean, X)),
    "another shape": (_call(torch.relu, X), _call(torch.relu, X[:1].clone())),
    "strides": (_call(torch.relu, X), _call(torch.relu, X.mT.contiguous().mT)),
    "a dtype": (_call(torch.relu, X), _call(torch.relu, X.double())),
    "a float beside an int": (_call(torch.add, WHOLE, 1), _call(torch.add, WHOLE, 1.0)),
    "a bool beside an int": (_call(torch.mul, WHOLE > 0, True), _call(torch.mul, WHOLE > 0, 1)),
    "a name": (_call(torch.sum, X, dim=1), _call(torch.sum, X, dim=1, keepdim=True)),
    "a list in another place": (_call(F.pad, X, [1, 1, 0, 0]), _call(F.pad, X, [0, 0, 1, 1])),
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
    original = remembered.run_op

    def run(func: Any, args: Any, kwargs: Any) -> Any:
        seen.append(func)
        return original(func, args, kwargs)

    monkeypatch.setattr(remembered, "run_op", run)
    return seen


def _answers(*calls: Call) -> list[Any]:
    known = Remembered()
    with torch.no_grad():
        return [known.run(*call) for call in calls]


@pytest.mark.parametrize("calls", EQUAL.values(), ids=EQUAL)
def test_a_kernel_is_asked_once(calls: tuple[Call, Call], runs: list[Any]) -> None:
    first, second = _answers(*calls)
    assert len(runs) == 1
    assert second is not first
    assert (second.shape, second.stride(), second.dtype) == (
        first.shape,
        first.stride(),
        first.dtype,
    )
    assert second.is_meta


@pytest.mark.parametrize("calls", DIFFERENT.values(), ids=DIFFERENT)
def test_what_makes_a_difference_is_run(calls: tuple[Call, Call], runs: list[Any]) -> None:
    _answers(*calls)
    assert len(runs) == 2


def test_gradients_are_not_forgotten(runs: list[Any]) -> None:
    weight = _meta(3).requires_grad_()
    known = Remembered()
    assert [known.run(torch.relu, (weight,), {}).requires_grad for _ in range(2)] == [True, True]


def test_an_error_is_raised_each_time(runs: list[Any]) -> None:
    known = Remembered()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="must match the size"):
            known.run(torch.add, (_meta(3), _meta(4)), {})
