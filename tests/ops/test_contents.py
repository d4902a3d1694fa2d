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


def _rows_and_columns_apart(x):
    """How far two pixels of a window of 3 x 3 are apart, both ways as one number."""
    rows, columns = torch.meshgrid(*map(torch.arange, x.shape), indexing="ij")
    places = torch.stack((rows, columns)).flatten(1)
    apart = places[:, :, None] - places[:, None] + 2
    return (apart * torch.tensor([5, 1])[:, None, None]).sum(0)


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
    case("scattered", lambda x, e: e.scatter(0, torch.full((1, 2), len(x)), 1.0), "H", "5 2",
         H=LONG),
    case("added", lambda x, e: e.index_add(0, torch.arange(len(x)), e[0].expand(len(x), 2)), "H",
         "5 2", H=LONG),
    case("copied", lambda x, e: e.index_copy(0, torch.tensor([len(x)]), e[:1]), "H", "5 2", H=LONG),
    case("filled", lambda x, e: e.index_fill(0, torch.tensor([-len(x)]), 1), "H", "5 2", H=LONG),
    case("taken", lambda x, e: e.take(torch.arange(len(x))), "H", "5 2", H=LONG),
    case("a bag", lambda x, e: F.embedding_bag(torch.arange(len(x))[None], e), "H", "5 2", H=LONG),
    case("classes", lambda x: F.one_hot(torch.arange(len(x)), 4), "H", H=LONG),
    case("targets", lambda x: F.cross_entropy(x, torch.arange(len(x))), "N 4", N=LONG),
    case("ignored targets", lambda x: F.cross_entropy(x, torch.full(x.shape[:1], -100)), "N 4",
         N=LONG),
    case("an ignored class", lambda x: F.cross_entropy(x, torch.full(x.shape[:1], 9),
                                                       ignore_index=9), "N 4", N=LONG),
    case("in a table of weights", lambda x: x + torch.zeros(3, 1)[torch.arange(3)].sum(), "H",
         H=SMALL),
    case("not in a table of weights", lambda x: x + torch.zeros(1, 1)[torch.arange(3)].sum(), "H",
         H=SMALL),
    case("a list, not in a table of weights", lambda x: x + torch.zeros(1, 1)[[0, 2]].sum(), "H",
         H=SMALL),
    case("not in an embedding", lambda x: x + F.embedding(torch.tensor([1]), torch.ones(1, 1)),
         "H", H=SMALL),
    case("a margin", lambda x: F.multi_margin_loss(x, torch.arange(len(x))), "N 4", N=LONG),
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
        case("rows and columns apart", lambda x, e: e[_rows_and_columns_apart(x)], "H W", "25 2",
             H=range(2, 4), W=range(2, 4)),
    ],
)  # fmt: skip
def test_an_index_computed_in_another_way_is_only_checked(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, lost="an index is computed from lengths")


def _neighbours(x):
    """The features of the two nearest of all points of a batch, by their places in it."""
    batch, width, points = x.shape
    near = torch.cdist(x.mT, x.mT).topk(2)[1] + torch.arange(batch).view(-1, 1, 1) * points
    return x.mT.reshape(batch * points, width)[near.view(-1)].view(batch, points, 2, width)


def _corners(x):
    """Pixels at places that are computed, kept inside."""
    height, width = x.shape
    row, column = (x.flatten() * 7).floor(), (x.flatten() - 3).round()
    flat = row.clamp(0, height - 1) * width + column.clamp(min=0).clamp(max=width - 1)
    return x.flatten().gather(0, flat.long())


def _chosen(x):
    """One of the places along each row, written into another tensor."""
    places = torch.zeros(len(x), 2, dtype=torch.long)
    places[:, 0] = x.argmax(1)
    places = places.masked_fill(places > 3, 0)
    return x.gather(1, places)


def _table(e, rows):
    return e[:1].expand(rows, 2)


IDS = ("H", torch.int64)

INSIDE = [
    case("the caller's", lambda i, e: F.embedding(i.flip(0) + 1, e), IDS, "5 2", H=SMALL),
    case("as many as the caller's", lambda i, e: F.embedding(i.ne(1).cumsum(0), e), IDS, "5 2",
         H=LONG),
    case("the caller's numbers", lambda x, e: e[x.long()], "H", "5 2", H=SMALL),
    case("a code book", lambda x, e: F.embedding(x.argmin(1), _table(e, 4)), "H 4", "5 2", H=SMALL),
    case("books, one after the other", lambda x: [x.mT[i] for i in torch.stack(
        [x.argmax(1), x.argmin(1)])], "H W", **PAIR),
    case("one of each", lambda x: F.one_hot(x.argmax(-1), x.shape[1]), "H W", **PAIR),
    case("its own classes", lambda x: F.cross_entropy(x, x.argmax(1)), "H W", **PAIR),
    case("the largest", lambda x: x.gather(1, x.topk(2)[1]), "H W", **PAIR),
    case("in order", lambda x: x.gather(0, x.sort(0).indices.flip(0)), "H W", **PAIR),
    case("shuffled", lambda x: x.gather(1, x.sigmoid().argsort(1)[:, : x.shape[1] // 2]), "H W",
         **PAIR),
    case("of all", lambda x: x.take(x.argmax()), "H W", **PAIR),
    case("rows", lambda x: x[torch.arange(len(x)), x.max(1).indices], "H W", **PAIR),
    case("a remainder", lambda x, e: e[(x.exp() * 99).long() % 5], "H", "5 2", H=SMALL),
    case("halves", lambda x, e: e[x.exp().long() % 11 // 2 - 1], "H", "5 2", H=SMALL),
    case("levels", lambda x, e: e[(x.sigmoid() * 4).round().int()], "H", "5 2", H=SMALL),
    case("bins", lambda x, e: e[torch.bucketize(x.exp(), e.flatten()[:4])], "H", "5 2", H=SMALL),
    case("samples", lambda x, e: e[torch.randint(-5, 5, x.shape)], "H", "5 2", H=SMALL),
    case("true", lambda x, e: e[(x.exp() > 1).long() + 3], "H", "5 2", H=SMALL),
    case("counted", lambda x: x.gather(0, (x > 1).sum(0, keepdim=True).clamp(max=len(x) - 1)),
         "H W", **PAIR),
    case("pooled", lambda x: x.flatten(1).gather(1, F.max_pool2d(x, 2, return_indices=True)[1]
                                                 .flatten(1)), "3 H W", **PAIR),
    case("neighbours", _neighbours, "N 3 L", N=range(1, 4), L=SMALL),
    case("pixels", _corners, "H W", **PAIR),
    case("written", _chosen, "H W", **PAIR),
    case("either", lambda x, e: e[torch.where(x > 1, x.argmax(), 4)], "3", "5 2"),
    case("shifted twice", lambda x: torch.cat((x, x), 1).gather(
        1, x.argmax(1, keepdim=True) + torch.arange(x.shape[1])), "H W", **PAIR),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), INSIDE)
def test_an_index_that_no_value_takes_outside_is_proven(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


OUTSIDE = [
    case("computed", lambda x, e: e[x.exp().long()], "H", "5 2", H=SMALL),
    case("too many places", lambda x, e: e[x.argmax(1)], "H 6", "5 2", H=SMALL),
    case("too many of the last dim", lambda x, e: e[x.argmax(-1)], "H 6", "5 2", H=SMALL),
    case("places of another dim", lambda x: x.gather(1, x.argmax(0, keepdim=True)), "2 W",
         W=[1]),
    case("an end too far", lambda x, e: e[x.exp().long().clamp(0, 5)], "H", "5 2", H=SMALL),
    case("one end", lambda x, e: e[x.exp().long().clamp(max=4)], "H", "5 2", H=SMALL),
    case("below 0", lambda x: x.gather(0, (x.sin() > -1).long() - 1), "H", H=SMALL),
    case("more classes", lambda x: F.cross_entropy(x[:, :2], x.argmax(1)), "H 4", H=SMALL),
    case("more classes, some ignored", lambda x: F.cross_entropy(
        x[:, :2], x.argmax(1), ignore_index=255), "H 4", H=SMALL),
    case("one class too few", lambda x: F.one_hot(x.argmax(1), 3), "H 4", H=SMALL),
    case("scattered", lambda x: x[:, :2].scatter(1, x.argmax(1, keepdim=True), 1.0), "H 4",
         H=SMALL),
    case("after one that is inside", lambda x: (x.gather(1, x.argmax(1, keepdim=True)),
                                                x.gather(1, x.sin().long())), "H 1", H=SMALL),
    case("written", lambda x, e: e[torch.zeros(3, dtype=torch.long).index_fill(
        0, torch.arange(2), 1).add_(x.exp().long())], "3", "5 2"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "inputs", "sizes"), OUTSIDE)
def test_an_index_that_values_may_take_outside_is_only_checked(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, lost="an index is computed from values")


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
