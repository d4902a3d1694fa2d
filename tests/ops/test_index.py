"""Subscripts and index tensors: clamped slices, broadcast indices, assigned values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import assert_agrees, case, traced
from tests.runs import explored

I64, BOOL = torch.int64, torch.bool
N = range(1, 5)
H = range(1, 8)


def assigned(x, key, value):
    x = x.clone()
    x[key] = value
    return x


SUBSCRIPTS = [
    case("all", lambda x: (x[:], x[...], x[:, :]), "H W", H=N, W=N),
    case("new dims", lambda x: (x[None], x[:, None], x[..., None]), "H W", H=N, W=N),
    case("first", lambda x: (x[0], x[:, 0], x[-1, ..., 0]), "H W", H=N, W=N),
    case("int out of bounds", lambda x: x[3], "H W", H=H, W=N),
    case("negative int out of bounds", lambda x: x[:, -3], "H W", H=N, W=H),
    case("int behind an ellipsis", lambda x: x[0, ..., 2], "H W", H=N, W=N),
    case("length as an index", lambda x: x[x.size(1)], "H W", H=H, W=H),
    case("up to a length", lambda x, y: x[: len(y)], "H 2", "K", H=H, K=H),
    case("from a length", lambda x, y: x[len(y) :], "H 2", "K", H=H, K=H),
    case("between lengths", lambda x, y: x[len(y) - 2 : len(y) + 1 : 2], "H", "K", H=H, K=H),
    case("without the ends", lambda x: x[:, 1 : x.size(1) - 1], "2 H", H=H),
    case("second half", lambda x: x[:, x.size(1) // 2 :], "2 H", H=H),
    case("cut the odd one off", lambda x: x[:, : -(x.size(1) % 2)], "2 H", H=H),
    case("every other", lambda x: (x[::2], x[1::2]), "H", H=H),
    case("index tensor", lambda x, i: (x[i], x[:, i], x[i, 0]), "H W", ("K 2", I64), H=N, W=N, K=N),
    case("list of ints", lambda x: (x[[0, 0]], x[[0], [0]], x[:, [0, 0]]), "H W", H=N, W=N),
    case("ints that are not there", lambda x: (x[[2, 1]], x[:, [[-3], [0]]]), "H W", H=H, W=H),
    case("ints and lengths", lambda x: x[:, [0, x.size(1) - 3, len(x)]], "H W", H=H, W=H),
    case("numbers of NumPy", lambda x: x[:, np.array([2, 0])], "H W", H=N, W=H),
    case("gathers rows", lambda x: x[torch.arange(x.size(0)), 0], "H W", H=H, W=N),
    case(
        "new dim beside an index", lambda x, i: x[None, i, None], "H W", ("K", I64), H=N, W=N, K=N
    ),
    case("indices broadcast", lambda x, i, j: x[i, j], "2 2", ("K", I64), ("L 1", I64), K=N, L=N),
    case("indices differ", lambda x, i, j: x[i, j], "2 2", ("K", I64), ("L", I64), K=N, L=N),
    case("indices apart", lambda x, i: x[i, :, i], "H W 4", ("K", I64), H=N, W=N, K=N),
    case("indices adjacent", lambda x, i: x[:, i, i], "H W 4", ("K", I64), H=N, W=N, K=N),
    case("new dim between", lambda x, i: x[:, i, None, i], "H W 4", ("K", I64), H=N, W=N, K=N),
    case("int beside an index", lambda x, i: x[0, :, i], "H W 4", ("K", I64), H=N, W=N, K=N),
    case("nothing to pick from", lambda x, i: x[3:][i], "H W", ("K", I64), H=H, W=N, K=N),
    case("assigned number", lambda x: assigned(x, (slice(None), 0), 1.0), "H W", H=N, W=N),
    case("assigned mask", lambda x: assigned(x, x > 0, 0.0), "H W", H=N, W=N),
    case(
        "assigned slice",
        lambda x, y: assigned(x, (slice(None), slice(1, 3)), y),
        *("H W", "K 2"),
        H=N,
        W=N,
        K=N,
    ),
    case(
        "assigned with leading ones",
        lambda x, y: assigned(x, slice(0, 2), y),
        *("H W", "1 1 K W"),
        H=N,
        W=N,
        K=N,
    ),
    case(
        "assigned to the length of the value",
        lambda x, y: assigned(x, (slice(None), slice(y.size(1))), y),
        *("H W", "H K"),
        H=N,
        W=N,
        K=N,
    ),
    case(
        "assigned to indices",
        lambda x, y, i: assigned(x, i, y),
        *("H W", "K 3", ("L", I64)),
        H=N,
        W=N,
        K=N,
        L=N,
    ),
    case(
        "put at indices",
        lambda x, y, i: x.index_put((i,), y),
        *("H W", "K 3", ("L", I64)),
        H=N,
        W=N,
        K=N,
        L=N,
    ),
]

FOUR = {"H": N, "W": N, "K": N, "L": N}
PICKS = [
    case("index_select", lambda x, i: x.index_select(1, i), "H 3", ("K", I64), H=N, K=N),
    case("index_fill", lambda x, i: x.index_fill(1, i, 0.0), "H 3", ("K", I64), H=N, K=N),
    case("index_add", lambda x, i, s: x.index_add(1, i, s), "H W", ("K", I64), "3 L", **FOUR),
    case("index_copy", lambda x, i, s: x.index_copy(1, i, s), "H W", ("K", I64), "3 L", **FOUR),
    case("take", lambda x, i: (x.take(i), x.put(i, i.float())), "H W", ("K L", I64), **FOUR),
    case("gather", lambda x, i: x.gather(1, i), "H W", ("K L", I64), **FOUR),
    case("scatter a number", lambda x, i: x.scatter(1, i, 1.0), "H W", ("K L", I64), **FOUR),
    case(
        "scatter in place",
        lambda x, i: x.clone().scatter_(0, i, value=1.0),
        *("H W", ("K L", I64)),
        **FOUR,
    ),
    case(
        "scatter",
        lambda x, i, s: x.scatter(1, i, s),
        *("H 3", ("K 2", I64), "L 3"),
        H=N,
        K=N,
        L=N,
    ),
    case(
        "scatter_reduce",
        lambda x, i, s: x.scatter_reduce(1, i, s, "sum"),
        *("H 3", ("K 2", I64), "L 3"),
        H=N,
        K=N,
        L=N,
    ),
    case("along a dim", lambda x, i: x.take_along_dim(i, 1), "H W", ("K L", I64), **FOUR),
    case(
        "along no dim", lambda x, i: torch.take_along_dim(x, indices=i), "H W", ("K L", I64), **FOUR
    ),
    case("looked up", torch.searchsorted, "H W", "K L", **FOUR),
    case("looked up in one row", torch.searchsorted, "W", "K L", W=N, K=N, L=N),
    case("where", lambda x, y: torch.where(x > 0, y, x), "W", "K L", W=N, K=N, L=N),
    case("where with a number", lambda x: torch.where(x > 0, 0.0, x), "H W", H=N, W=N),
    case("masked", lambda x, m: x.masked_fill(m, 0.0), "W", ("K L", BOOL), W=N, K=N, L=N),
    case(
        "masked in place",
        lambda x, m: x.clone().masked_fill_(m, 0.0),
        *("H W", ("K L", BOOL)),
        **FOUR,
    ),
    case("copied over", lambda x, y: x.clone().copy_(y), "H W", "K L", **FOUR),
    case("one replaced", lambda x, y: x.select_scatter(y, 1, 2), "H W", "K", H=N, W=N, K=N),
    case("some replaced", lambda x, y: x.slice_scatter(y, 1, 2, 4), "H W", "K 2", H=N, W=N, K=N),
    case("diagonal replaced", lambda x, y: x.diagonal_scatter(y), "H W", "K", H=N, W=N, K=N),
    case("topk", lambda x: x.topk(3, dim=0), "H W", H=N, W=N),
    case("topk of a length", lambda x: x.topk(x.size(0)), "H W", H=N, W=N),
    case("sampled", lambda x: (x + 1).multinomial(3), "H W", H=N, W=N),
    case("found in a set", torch.isin, "H W", "K", H=N, W=N, K=N),
    case("sorted", lambda x: (*x.sort(), x.argsort(), x.triu()), "H W", H=N, W=N),
]


@pytest.mark.parametrize(("f", "inputs", "sizes"), SUBSCRIPTS + PICKS)
def test_index(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


ENDS = (None, 0, 1, 3, -1, -3, 9)


@pytest.mark.parametrize(
    ("start", "stop", "step"), [*itertools.product(ENDS, ENDS, (None, 2)), (1, -1, 3)]
)
def test_every_slice_clamps_as_python_does(start, stop, step):
    assert_agrees(lambda x: x[:, start:stop:step], ("2 H",), {"H": range(1, 12)})


def test_scatter_add_names_the_source_first():
    assert_agrees(
        lambda x, i, s: x.scatter_add(1, i, src=s),
        ("H 3", ("K 2", I64), "L 3"),
        {"H": N, "K": N, "L": N},
        words=False,
    )


def test_rows_for_each_place_are_as_many_as_places_where_there_are_just_enough():
    trace = traced(lambda x: x + torch.zeros(4)[: x.shape[0]], ("H",), {"H": 4})
    assert repr(trace.outputs) == "((H,),)"
    assert [(repr(e.condition), e.holds) for e in trace.events] == [("H - 5 >= 0", False)]


class CutsOffWhatItAdded(nn.Module):
    def forward(self, x):
        return F.pad(x, (0, x.shape[1] % 2))[:, : x.shape[1]]


def test_cutting_off_what_was_added_is_one_run():
    found, _ = explored(CutsOffWhatItAdded(), "2 H")
    assert not found.doubts
    assert [repr(trace.outputs) for trace in found.traces] == ["((2, H),)"]
