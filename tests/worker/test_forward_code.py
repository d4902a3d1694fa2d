"""What real ``forward`` code does besides calling layers, compared with the CPU at every size."""

from __future__ import annotations

import importlib
import sys
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, spectral_norm
from torch.utils.checkpoint import checkpoint

from shapelint.worker.device import OneDevice
from shapelint.worker.loading.build import fill_parameters
from shapelint.worker.python.floats import giving_way
from shapelint.worker.python.swaps import swapped
from tests.runs import analysed, disagreements


class Net(nn.Module):
    """One stage down, one stage up."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv1d(1, 4, 3, 2, 1)
        self.up = nn.ConvTranspose1d(4, 1, 4, 2, 1)

    def forward(self, x):
        return self.up(self.down(x))


class WeightNorm(Net):
    def __init__(self) -> None:
        super().__init__()
        parametrizations.weight_norm(self.down)
        spectral_norm(self.up)


class Hooked(Net):
    def __init__(self) -> None:
        super().__init__()
        self.down.register_forward_hook(lambda module, inputs, out: out[..., 1:])
        self.up.register_forward_pre_hook(lambda module, inputs: (inputs[0][..., 1:],))


class Checkpointed(Net):
    def forward(self, x):
        return self.up(checkpoint(self.down, x, use_reentrant=False))


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k):
        return F.max_pool1d(x, k)


class OwnFunction(Net):
    def forward(self, x):
        return super().forward(Halved.apply(x, 2))


class Assigned(Net):
    def forward(self, x):
        out = torch.zeros_like(x)
        z = super().forward(x)
        out[:, :, : z.shape[2]] = z
        return out


class WrittenTo(Net):
    def forward(self, x):
        doubled = torch.empty_like(x)
        torch.add(x, x, out=doubled)
        return super().forward(doubled)


class Resized(Net):
    """A buffer that grows with what it is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("code", torch.zeros(1, 1, 8))

    def forward(self, x):
        if x.shape[2] > self.code.shape[2]:
            self.code = torch.zeros(1, 1, x.shape[2])
        return x + self.code[:, :, : x.shape[2]]


class Cached(Net):
    """A table for each size that was seen, in a dict and in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.tables, self.seen = {}, []

    def forward(self, x):
        self.seen.append(x.shape[2])
        table = self.tables.setdefault(x.shape[2], torch.zeros(1, 1, x.shape[2]))
        return super().forward(x + table) if len(self.seen) == 1 else x


class Stacked(Net):
    """As many of one tensor as there are elements; a flag is set on what comes out."""

    def forward(self, x):
        n = x.shape[2]
        grid = torch.stack([torch.arange(3), torch.arange(n)[:3]] * n if n > 2 else [x] * n, dim=-1)
        grid.requires_grad = False
        return super().forward(x), grid, torch.cat([x] * n, dim=1)


class MeasuredByNumPy(Net):
    """Sizes in an array of NumPy, for padding and as a tensor."""

    def forward(self, x):
        sizes = np.array(x.shape[1:])
        if (sizes % 3 == 0).all():
            raise ValueError(f"{np.where(sizes)[0].tolist()}")
        pad = (np.ceil(sizes / 4) * 4).astype(int) - sizes
        return super().forward(F.pad(x, (0, pad[1]))), torch.zeros(torch.from_numpy(sizes)[1])


class Packed(Net):
    """Asks of positions whether they rise by one everywhere, as masks of attention do."""

    def forward(self, x):
        places = (torch.arange(x.shape[2]) + 5).unsqueeze(0).expand(3, -1)
        steps = torch.diff(places, prepend=places[:, :1] - 1)
        if ((steps != 1).cumsum(-1)[:, -1] == 0).all() and places[0, 0] == 5:
            x = x[..., places[0, -1] // 7 :]
        return super().forward(x if (places[None].long().diff(dim=2) == 2).any() else x[..., 1:])


class OnTheCPU(Net):
    """Asks where it is, in all the ways there are."""

    def forward(self, x):
        here = x.device.type == "cpu" and x.device == torch.device("cpu")
        if here and x.is_cpu and not x.is_cuda and not x.is_meta and x.dtype == torch.float32:
            return self.down(x) + torch.zeros(1, device=x.device)
        return x


def squashed(x, times: int):
    """A function that is scripted below."""
    shape = x.shape
    return x.reshape(shape[0], -1).sin().reshape(shape)[..., times : shape[-1]]


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    scripted = torch.jit.script(squashed)


class Scripted(Net):
    def forward(self, x):
        return super().forward(scripted(x, 1))


class MovedToItsInput(Net):
    def forward(self, x):
        return self.up(self.down.to(x)(x))


class Detached(Net):
    """Says whether gradients are wanted, which changes no shape."""

    def forward(self, x):
        x = x + 1
        x.requires_grad = False
        return super().forward(x.requires_grad_(False))


class TextOrTensor(Net):
    """What is cached is a tensor, or a text that stands for one."""

    def forward(self, x):
        return x if x == "repeat" else super().forward(x)


class Loss(Net):
    def forward(self, x):
        return torch._C._nn.binary_cross_entropy(x.sigmoid(), x.sigmoid()[..., :5], None, 0)


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.Module], **rest: bool) -> None:
        super().__init__()
        self.layer = kind(3, 4, 2, **rest)

    def forward(self, x):
        return self.layer(x)


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        pytest.param(Net, "2 1 L", id="layers alone"),
        pytest.param(WeightNorm, "2 1 L", id="weight norm and spectral norm"),
        pytest.param(Hooked, "2 1 L", id="hooks"),
        pytest.param(Checkpointed, "2 1 L", id="checkpoint"),
        pytest.param(OwnFunction, "2 1 L", id="autograd function"),
        pytest.param(Assigned, "2 1 L", id="assignment to a slice"),
        pytest.param(WrittenTo, "2 1 L", id="out="),
        pytest.param(Resized, "2 1 L", id="buffer resized in forward"),
        pytest.param(Cached, "2 1 L", id="caches filled in forward"),
        pytest.param(Stacked, "2 1 L", id="list as long as a length says"),
        pytest.param(MeasuredByNumPy, "2 1 L", id="sizes in an array of NumPy"),
        pytest.param(Packed, "2 1 L", id="positions in a row"),
        pytest.param(OnTheCPU, "2 1 L", id="questions about the device"),
        pytest.param(Scripted, "2 1 L", id="function of TorchScript"),
        pytest.param(MovedToItsInput, "2 1 L", id="layer moved to its input"),
        pytest.param(Detached, "2 1 L", id="requires_grad"),
        pytest.param(TextOrTensor, "2 1 L", id="compared with a text"),
        pytest.param(Loss, "2 1 L", id="loss of another size"),
        pytest.param(partial(Recurrent, nn.LSTM, batch_first=True), "2 L 3", id="LSTM"),
        pytest.param(partial(Recurrent, nn.GRU, bidirectional=True), "L 2 3", id="GRU both ways"),
        pytest.param(partial(Recurrent, nn.RNN, batch_first=True), "L 3", id="RNN without a batch"),
    ],
)
def test_predicted_is_what_pytorch_does(make, inputs):
    """A new module for each size, because some change themselves."""
    analysis = analysed(make().eval(), inputs)
    for size in range(1, 41):
        assert not disagreements(analysis, make().eval(), inputs, [{"L": size}])
    assert analysis.evidence == "proven"


def test_parameters_without_elements_are_filled_as_well():
    filled = nn.ParameterList([torch.zeros(0, 3), torch.zeros(1, 4)])
    fill_parameters(filled)
    assert [p.tolist() for p in filled] == [[], [[0.25] * 4]]


def test_a_function_without_floats_is_left_alone():
    def doubled(x, by=2):
        return x * by

    before = doubled.__defaults__
    with swapped(giving_way(nn.Identity(), (), [doubled])):
        assert doubled.__defaults__ is before


class Asserts(Net):
    def forward(self, x):
        y = self.down(x)
        assert (y >= y.amin()).all()
        assert not y.isnan().any(), "never"
        return self.up(y)


class AssertsOtherwise(Net):
    def forward(self, x):
        assert bool(x.sum()) is not None
        return super().forward(x)


def test_an_assert_on_values_is_taken_to_hold():
    analysis = analysed(Asserts().eval(), "2 1 L")
    assert not disagreements(analysis, Asserts().eval(), "2 1 L", [{"L": n} for n in range(1, 9)])
    assert (analysis.exploration.base.failure, analysis.evidence) == (None, "checked")
    assert "an assert on values is taken to hold" in analysis.doubts[0]


def test_other_questions_in_an_assert_are_not_answered():
    assert analysed(AssertsOtherwise().eval(), "2 1 L").exploration.base.failure is not None


WARNING = """\
import warnings
from torch import nn
class Net(nn.Module):
    def log_kept(self, n):
        self.kept = n
    def forward(self, x):
        kept, said = 0, ""
        {lines}
        return x[:, kept + len(said) :]
"""
ONLY_TELLS = {
    "a warning": "if x.isnan().any(): warnings.warn('no number')",
    "text made first": "if 0.5 in x:\n"
    "            text = 'a half'\n"
    "            if self.training: text += f' of {x.shape}'\n"
    "            warnings.warn(text)",
    "either way": "if bool((x > 2).any()): pass\n        else: print('small')",
}
LEAVES_SOMETHING = {
    "a length": "if (x == x).all():\n            kept = 1",
    "text that is returned": "if (x == x).all():\n            said = 'all'",
    "an attribute": "if (x == x).all():\n            self.kept = 1",
    "a number in the test": "if (kept := int((x == x).all().item())):\n            print(kept)",
    "a return": "if (x == x).all():\n            return x[:, 1:]",
    "a call": "if (x == x).all():\n            setattr(self, 'kept', 1)",
    "a method of its own": "if (x == x).all():\n            self.log_kept(1)",
}


def imported(source, path, monkeypatch):
    (path / "told_by_values.py").write_text(source)
    monkeypatch.syspath_prepend(path)
    monkeypatch.delitem(sys.modules, "told_by_values", raising=False)
    return importlib.import_module("told_by_values").Net()


@pytest.mark.parametrize("reason", ONLY_TELLS)
def test_a_test_of_values_that_only_tells_something_makes_no_difference(
    reason, tmp_path, monkeypatch
):
    net = imported(WARNING.format(lines=ONLY_TELLS[reason]), tmp_path, monkeypatch)
    analysis = analysed(net, "2 L")
    assert not disagreements(analysis, net, "2 L", [{"L": n} for n in range(1, 9)])
    assert analysis.evidence == "proven"


@pytest.mark.parametrize("reason", LEAVES_SOMETHING)
def test_a_test_of_values_that_leaves_something_behind_is_not_passed(reason, tmp_path, monkeypatch):
    net = imported(WARNING.format(lines=LEAVES_SOMETHING[reason]), tmp_path, monkeypatch)
    analysis = analysed(net, "2 L")
    assert not disagreements(analysis, net, "2 L", [{"L": n} for n in range(1, 9)])
    assert analysis.evidence == "checked"


def test_what_is_made_for_a_gpu_stays_here() -> None:
    with OneDevice("cpu"):
        assert torch.cuda.LongTensor([3]).tolist() == [3]
        assert torch.zeros(2).type(torch.cuda.DoubleTensor).dtype == torch.float64
        assert not isinstance(torch.zeros(2), torch.cuda.FloatTensor)


IDENTITY = """\
from torch import nn
class Net(nn.Module):
    def forward(self, x):
        return x[:, :1] if x.shape[-1] {test} else x
"""


@pytest.mark.parametrize("test", ["is 3", "is not 256", "is True", "is 1.0", "is None"])
def test_a_small_number_is_one_object(test, tmp_path, monkeypatch):
    (tmp_path / "identity_of_lengths.py").write_text(IDENTITY.format(test=test))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "identity_of_lengths", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = importlib.import_module("identity_of_lengths").Net()
    analysis = analysed(net, "2 L")
    assert disagreements(analysis, net, "2 L", [{"L": n} for n in (1, 2, 3, 4, 256, 257)]) == []
    assert analysis.evidence == "proven"
