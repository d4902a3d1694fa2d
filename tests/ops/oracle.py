"""PyTorch on the CPU decides: what a trace claims about every size of a sweep must be so.

A table row is made by :func:`case`, and :func:`assert_agrees` checks it::

    @pytest.mark.parametrize(
        ("f", "inputs", "sizes"),
        [
            case("halves", lambda x: x.view(-1, 2), "H W", H=range(1, 5), W=range(1, 5)),
            case("lengths of both", lambda x, y: torch.cat((x, y)), "H 3", "K 3", H=SMALL, K=SMALL),
            case("indices", lambda x, i: x[i], "H 3", ("K", torch.int64), H=SMALL, K=SMALL),
        ],
    )
    def test_views(f, inputs, sizes):
        assert_agrees(f, inputs, sizes)

The function is traced at one size where PyTorch runs and at one where it raises, and again at each
size that takes another branch. Every trace is then asked about every size of the sweep.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

from shapelint.worker.device import OneDevice
from shapelint.worker.tracer import ShapeTracer

if TYPE_CHECKING:
    from shapelint.trace import Trace

torch.set_num_threads(1)

SMALL = range(1, 8)
"""Sizes that every op should be tried at."""

Template = str | tuple[str, torch.dtype]
"""Dims of an input, ``"2 C H W"``, with a dtype if it is not float32."""

Sizes = dict[str, int]


@dataclass(frozen=True)
class Outcome:
    """What a run gives, or is said to give: the shapes of all output tensors, or an error."""

    shapes: tuple[tuple[int, ...], ...] = ()
    error: str | None = None

    @property
    def verdict(self) -> object:
        """What two outcomes must have in common; texts of errors are compared apart."""
        return self.shapes if self.error is None else "raises"


def case(reason: str, f: Any, *inputs: Template, **sizes: Iterable[int]) -> Any:
    """A table row: ``f`` (a function or an ``nn.Module``), its inputs, sizes to sweep."""
    return pytest.param(f, inputs, sizes, id=reason)


def assert_agrees(
    f: Any,
    inputs: tuple[Template, ...],
    sizes: Mapping[str, Iterable[int]],
    *,
    lost: str | None = None,
    words: bool = True,
) -> None:
    """Compare what traces of ``f`` claim with real runs at all combinations of ``sizes``.

    ``f`` gets zeros, so integer inputs are valid indices. ``lost`` is part of the reason for which
    the trace must say that it is only checked; without it the trace has to be exact. With
    ``words``, the explanation of a failure has to be PyTorch's own text.
    """
    sweep = [dict(zip(sizes, values, strict=True)) for values in itertools.product(*sizes.values())]
    truth = [(env, on_cpu(f, inputs, env)) for env in sweep]
    traces = [traced(f, inputs, env) for env in _first_of_each(truth)]
    for env, outcome in truth:
        if all(claim(t, env) is None for t in traces):
            traces.append(traced(f, inputs, env))
            assert claim(traces[-1], env) is not None, f"a trace at {env} says nothing about it"
        _compare(traces, env, outcome)
    for trace in traces:
        _exact(trace, lost)
        if words:
            _explained(trace, on_cpu(f, inputs, trace.hints))


def traced(f: Any, inputs: tuple[Template, ...], env: Sizes) -> Trace:
    """One trace of ``f`` at the sizes ``env``."""
    specs = {}
    for i, template in enumerate(inputs):
        dims, dtype = _parsed(template)
        specs[str(i)] = (tuple(int(d) if d.isdigit() else d for d in dims), dtype)
    with OneDevice("meta"):
        return ShapeTracer().run(_module(f).to("meta"), specs, env)


def on_cpu(f: Any, inputs: tuple[Template, ...], env: Sizes) -> Outcome:
    """What PyTorch does on the CPU."""
    tensors = []
    for dims, dtype in map(_parsed, inputs):
        shape = [int(d) if d.isdigit() else env[d] for d in dims]
        tensors.append(torch.zeros(shape, dtype=dtype))
    try:
        with torch.no_grad():
            result = _module(f)(*tensors)
    except Exception as exc:  # whatever PyTorch raises is the truth
        return Outcome(error=str(exc))
    leaves = pytree.tree_leaves(result)
    return Outcome(tuple(tuple(t.shape) for t in leaves if isinstance(t, torch.Tensor)))


def claim(trace: Trace, env: Sizes) -> Outcome | None:
    """What a trace claims about ``env``; None if that size takes another path."""
    for event in trace.events:
        holds = event.condition.at(env)
        if event.kind == "branch" and holds != event.holds:
            return None
        if event.kind == "need" and not holds:
            return Outcome(error=event.why)
        if event.kind == "need" and not event.holds:
            return None
    if trace.failure is not None:
        return Outcome(error=trace.failure.error)
    return Outcome(tuple(tuple(e.at(env) for e in shape) for shape in trace.outputs))


def _first_of_each(truth: list[tuple[Sizes, Outcome]]) -> list[Sizes]:
    """The last size that runs (the least special one), and the last that raises."""
    last = {outcome.error is None: env for env, outcome in truth}
    return list(last.values())


def _compare(traces: list[Trace], env: Sizes, outcome: Outcome) -> None:
    for trace in traces:
        claimed = claim(trace, env)
        assert claimed is None or claimed.verdict == outcome.verdict, (
            f"at {env}, seen from {trace.hints}:\n  claim {claimed}\n  truth {outcome}\n"
            f"  events {trace.events}"
        )


def _exact(trace: Trace, lost: str | None) -> None:
    if lost is None:
        assert trace.checked == ()
    else:
        assert any(lost in reason for reason in trace.checked)


def _explained(trace: Trace, outcome: Outcome) -> None:
    """A failure that a need explains is explained in PyTorch's words."""
    if trace.failure is not None and trace.failure.explained:
        assert outcome.error is not None
        assert trace.events[-1].why.split("\n")[0] == outcome.error.split("\n")[0]


def _parsed(template: Template) -> tuple[list[str], torch.dtype]:
    text, dtype = (template, torch.float32) if isinstance(template, str) else template
    return text.split(), dtype


def _module(f: Any) -> nn.Module:
    """``f`` as a module whose class belongs to the module ``f`` was written in."""
    if isinstance(f, nn.Module):
        return copy.deepcopy(f)
    return _wrapped(f)


def _wrapped(f: Callable[..., Any]) -> nn.Module:
    def forward(self: nn.Module, *inputs: torch.Tensor) -> Any:
        return f(*inputs)

    name = getattr(f, "__module__", None) or __name__
    kind = type("Wrapped", (nn.Module,), {"forward": forward, "__module__": name})
    module: nn.Module = kind()
    return module
