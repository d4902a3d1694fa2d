"""What a run adds to a model is gone before the next one."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from shapelint.worker.state import restoring


class Nothing(nn.Module):
    def forward(self, x):
        return x


class AddsAHook(nn.Module):
    """As packages do that capture outputs: once, and they remember that they did."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Identity()

    def forward(self, x):
        if not hasattr(self, "hooked"):
            self.inner.register_forward_hook(lambda module, args, output: output[..., 1:])
            self.hooked = True
        return self.inner(x)


class AddsAnEntry(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[int, torch.Tensor] = {}

    def forward(self, x):
        self.cache[len(self.cache)] = x
        return torch.cat([x, *self.cache.values()], -1)


@pytest.mark.parametrize("kind", [Nothing, AddsAHook, AddsAnEntry])
def test_every_run_gives_the_same(kind):
    model = kind()
    lengths = []
    for _ in range(3):
        with restoring(model):
            lengths.append(model(torch.zeros(8)).numel())
    assert len(set(lengths)) == 1
    assert not any(m._forward_hooks for m in model.modules())


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (lambda: nn.LazyLinear(3), [(2, 4), (2, 6)]),
        (nn.LazyBatchNorm1d, [(2, 4, 8), (2, 6, 8)]),
    ],
    ids=["a linear layer", "a norm, whose buffers have no shape either"],
)
def test_a_lazy_layer_is_lazy_again(kind, shapes):
    model = kind()
    for shape in shapes:
        with restoring(model):
            model(torch.zeros(shape))
            assert not isinstance(model, LazyModuleMixin)
        assert model.has_uninitialized_params()
    assert {*model.state_dict()} == {*kind().state_dict()}
