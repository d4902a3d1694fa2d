"""Lengths that are put into tensors and read back: PyTorch on the CPU says what was in them."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import Variable
from torch.nn import functional as F

from tests.ops.oracle import SMALL, assert_agrees, case, traced

LONG = range(1, 14)
PAIR = {"H": range(1, 6), "W": range(1, 6)}


def _first(x, n):
    """As many of the elements of ``x`` as a number says: how it shows in a shape."""
    return x.flatten()[:n]


def _written(x):
    sizes = torch.empty(2, 2, dtype=torch.long)
    sizes[0, 0] = x.shape[0]
    sizes[1] = 7
    return _first(x, sizes[0, 0].item() - 1), _first(x, sizes[1, 1].item())


def _added_to(x):
    sizes = torch.tensor([x.shape[0], 3])
    sizes += 1
    sizes.mul_(2)
    return _first(x, sizes[0] - 3)


def _levels(x):
    sizes = torch.as_tensor([[n, n // 2] for n in x.shape], dtype=torch.long)
    starts = torch.cat((sizes.new_zeros((1,)), sizes.prod(1).cumsum(0)[:-1]))
    parts = [x.new_zeros(h, w) for h, w in sizes]
    return *parts, x.new_zeros(starts.tolist()), x.new_zeros([n for n, _ in sizes.tolist()])


def _output_lengths(x):
    lengths = torch.full((x.shape[0],), x.shape[1])
    for kernel, stride in (3, 2), (2, 2):
        lengths = torch.div(lengths - kernel, stride, rounding_mode="floor") + 1
    return x.new_zeros(1 + max(0, int(lengths.max())))


def _masked(x):
    mask = torch.ones(x.shape[0], x.shape[1], dtype=torch.bool)
    return x[:, : int(mask.sum(-1)[0]) - 1]


def _older(x):
    sizes = torch.LongTensor([x.shape[1], x.shape[0]])
    same = isinstance(sizes, torch.Tensor) and x.type(torch.LongTensor).dtype.is_signed
    return torch.FloatTensor(x.shape), torch.FloatTensor(*sizes.tolist()), x.new_zeros(int(same))


def _variable(x):
    return torch.cat([x, Variable(torch.zeros(len(x), 3)).type(x.type())], 1)


def _resized(x):
    mask = F.interpolate(torch.ones_like(x)[None], size=x.shape[1] // 2 + 1).to(torch.bool)[0]
    nothing = torch.ones(0).all() and not torch.ones(len(x), 0).any()
    return x[:, 1:] if mask.all() and not (~mask).any() and nothing else x


CONTENTS = [
    case("nobody reads", lambda x: x * torch.tensor(x.shape[0]), "H", H=SMALL),
    case("as they were", lambda x: x.new_zeros(torch.tensor(x.shape).tolist()), "H W", **PAIR),
    case("one of two", lambda x: _first(x, torch.tensor([*x.shape])[1].item()), "H W", **PAIR),
    case("in rows of one", lambda x: F.pad(x, [torch.tensor([n]) // 2 for n in x.shape]), "H W",
         **PAIR),
    case("a slice up to a row of one", lambda x: x[: torch.tensor([len(x)]) // 2], "H", H=SMALL),
    case("picked by rows of one", lambda x: x[torch.tensor([len(x)]) - 1, torch.tensor([0])],
         "H W", **PAIR),
    case("a slice", lambda x: x[: torch.tensor(x.shape[0]) // 2], "H", H=SMALL),
    case("a size", lambda x: x.view(torch.tensor(x.shape[0]), -1), "H W", **PAIR),
    case("sizes", lambda x: torch.zeros(*(torch.tensor(x.shape) * 2 + 1)), "H W", **PAIR),
    case("a range", lambda x: [x[i] for i in range(torch.tensor(x.shape[0]))], "H", H=range(1, 4)),
    case("int", lambda x: _first(x, int(torch.tensor([x.shape[0]]) / 2)), "H", H=LONG),
    case("a third, up", lambda x: _first(x, (torch.tensor(len(x)) / 3).ceil().int()), "H", H=LONG),
    case("a third", lambda x: _first(x, torch.floor(torch.tensor(len(x)) / 3).int()), "H", H=LONG),
    case("float", lambda x: _first(x, int(torch.tensor(len(x)).float().item() * 0.5)), "H", H=LONG),
    case("product", lambda x: _first(x, torch.as_tensor(x.shape).prod() - 1), "H W", **PAIR),
    case("longest", lambda x: x.new_zeros(torch.tensor(x.shape).max().item()), "H W", **PAIR),
    case("at most", lambda x: _first(x, torch.tensor(len(x)).clamp(2, 4).item()), "H", H=SMALL),
    case("other way", lambda x: x.new_zeros(torch.tensor(x.shape).flip(0).tolist()), "H W", **PAIR),
    case("apart", lambda x: torch.zeros(*(int(n) for n in torch.tensor(x.shape))), "H W", **PAIR),
    case("a test", lambda x: x[1:] if torch.tensor(x.shape[0]) % 2 == 0 else x, "H", H=SMALL),
    case("some test", lambda x: x if (torch.tensor(x.shape) > 3).any() else x[:1], "H W", **PAIR),
    case("either", lambda x: _first(x, torch.where(torch.tensor(len(x)) > 3, 2, 1)), "H", H=SMALL),
    case("counted", lambda x: x.new_zeros(torch.arange(len(x)).tolist()), "H", H=range(1, 4)),
    case("last of a count", lambda x: x.new_zeros(torch.arange(len(x)).max() + 2), "H", H=SMALL),
    case("row of counts", lambda x: x.new_zeros(torch.arange(len(x)).expand(2, -1)[1].tolist()),
         "H", H=range(1, 4)),
    case("padded", lambda x: x.new_zeros(F.pad(torch.tensor(x.shape), (1, 0)).tolist()), "H W",
         **PAIR),
    case("written one by one", _written, "H", H=SMALL),
    case("changed in place", _added_to, "H", H=SMALL),
    case("levels of a pyramid", _levels, "H W", **PAIR),
    case("lengths of a batch", _output_lengths, "N L", N=range(1, 4), L=LONG),
    case("older constructors", _older, "H W", **PAIR),
    case("a variable of a tensor's type", _variable, "H W", **PAIR),
    case("a mask resized", _resized, "N L", N=range(1, 3), L=SMALL),
    case("a mask of ones", _masked, "N L", N=range(1, 4), L=SMALL),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), CONTENTS)
def test_what_is_put_in_comes_out(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def _apart(x):
    positions = torch.arange(len(x))
    return positions - positions[:, None]


PICKS = [
    case("positions", lambda x, e: F.embedding(torch.arange(len(x)), e), "H", "5 2", H=LONG),
    case("positions from 2", lambda x, e: e[torch.arange(2, len(x) + 2)], "H", "5 2", H=LONG),
    case("rows of positions", lambda x, e: F.embedding(torch.arange(len(x)).expand(2, -1) + 1, e),
         "H", "5 2", H=LONG),
    case("no position", lambda x, e: e[torch.arange(len(x) - 1)], "H", "5 2", H=LONG),
    case("from the end", lambda x, e: e[-torch.tensor(len(x))], "H", "5 2", H=LONG),
    case("selected", lambda x, e: e.index_select(0, torch.tensor([len(x)])), "H", "5 2", H=LONG),
    case("how far apart", lambda x, e: e[_apart(x) + len(x) - 1], "H", "5 2", H=range(1, 6)),
    case("how far apart, at most", lambda x, e: e[_apart(x).clamp(-2, 3) + 2], "H", "5 2", H=LONG),
    case("gathered", lambda x, e: e.gather(0, torch.full((1, 2), len(x))), "H", "5 2", H=LONG),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), PICKS)
def test_an_index_made_of_lengths_has_to_be_inside(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("a root", lambda x, e: e[torch.tensor([len(x)]).sqrt().long()], "H", "5 2", H=SMALL),
        case("spaced", lambda x, e: e[torch.linspace(0, len(x), len(x)).long() // 9], "H", "5 2",
             H=SMALL),
    ],
)  # fmt: skip
def test_an_index_computed_in_another_way_is_only_checked(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, lost="an index is computed from lengths")


def _seen_through_a_view(x):
    sizes = torch.tensor([x.shape[0]])
    sizes[:1].add_(1)
    return _first(x, sizes.item())


@pytest.mark.parametrize(
    "f",
    [
        pytest.param(_seen_through_a_view, id="written to through a view"),
        pytest.param(lambda x: _first(x, int(torch.tensor(len(x)) * 0.7)), id="rounded to 24 bits"),
        pytest.param(lambda x: _first(x, int(torch.tensor(len(x)).sin())), id="no rule"),
        pytest.param(lambda x: _first(x, int(x.argmax())), id="data"),
        pytest.param(lambda x: torch.arange(x.argmax()), id="as many as data says"),
    ],
)
def test_what_is_not_known_is_not_answered(f):
    """PyTorch refuses to tell on the meta device; whoever asked for the trace asks the CPU."""
    trace = traced(f, ("H",), {"H": 6})
    assert "meta tensor" in trace.failure.error or "depends on values" in trace.failure.error
