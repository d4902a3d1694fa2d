"""Views, reorderings and pieces: what comes out, and which sizes they accept."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tests.ops.oracle import SMALL, assert_agrees, case, traced

N = range(1, 5)
H = W = range(1, 10)

QUERIES = [
    case("shape", lambda x: x.new_zeros(x.shape), "H W", H=SMALL, W=SMALL),
    case("unpacked", lambda x: x.new_zeros(*x.shape), "H W", H=SMALL, W=SMALL),
    case("slice of a size", lambda x: x.new_zeros(x.size()[1:]), "2 H W", H=SMALL, W=SMALL),
    case("sum of sizes", lambda x: x.new_zeros(x.shape[:1] + x.shape), "H W", H=SMALL, W=SMALL),
    case("sum from the left", lambda x: x.new_zeros((2, *x.shape)), "H W", H=SMALL, W=SMALL),
    case("numel", lambda x: x.new_zeros(x.numel()), "H W", H=SMALL, W=SMALL),
    case("numel of a size", lambda x: x.new_zeros(x.shape.numel()), "H W", H=SMALL, W=SMALL),
    case("product of a size", lambda x: x.new_zeros(math.prod(x.shape)), "H W", H=SMALL, W=SMALL),
    case("len", lambda x: x.new_zeros(len(x), x.size(-1)), "H W", H=SMALL, W=SMALL),
    case("stride", lambda x: x.new_zeros(x.stride(0)), "H W", H=SMALL, W=SMALL),
    case(
        "broadcast of sizes",
        lambda x, y: x.new_zeros(torch.broadcast_shapes(x.shape, (3, 1), y.shape)),
        *("H W", "K"),
        H=N,
        W=N,
        K=N,
    ),
    case(
        "dtype and device",
        lambda x: torch.ones(x.shape, dtype=x.dtype, device=x.device) if x.is_complex() else x,
        "H",
        H=SMALL,
    ),
    case(
        "equal",
        lambda x: x[1:] if torch.equal(torch.tensor(x.shape), torch.tensor([3, 1])) else x,
        "H 1",
        H=SMALL,
    ),
    case("of another size", lambda x: x if torch.equal(x, x.new_ones(3)) else x[1:], "H", H=[2, 4]),
    case("same size", lambda x, y: x if x.is_same_size(y) else y[:1], "H", "K", H=SMALL, K=SMALL),
    case("printed", lambda x: x[: len(f"{x.dtype} {x.dim()}")], "H", H=SMALL),
]


def _samples(of):
    """Windows of ``of`` by ``of``, of as many samples as a float says, as Swin puts them back."""

    def forward(x):
        h, w = x.shape[1:]
        windows = x.view(len(x), h // of, of, w // of, of).transpose(2, 3).reshape(-1, of, of)
        samples = int(windows.shape[0] / (h * w / of / of))
        return windows.view(samples, h // of, w // of, of, of).transpose(2, 3).reshape(x.shape)

    return forward


VIEWS = [
    case("one dim", lambda x: x.view(-1), "H W", H=SMALL, W=SMALL),
    case("sizes in a tuple", lambda x: x.view((x.size(1), -1)), "H W", H=SMALL, W=SMALL),
    case("shape by keyword", lambda x: x.reshape(shape=(2, -1)), "H W", H=SMALL, W=SMALL),
    case("swapped lengths", lambda x: x.view(x.shape[1], x.shape[0]), "H W", H=W, W=W),
    case("heads", lambda x: x.view(x.size(0), -1, 2, 4).transpose(1, 2), "N L 8", N=N, L=SMALL),
    case(
        "heads of split projections",
        lambda x: [p.view(*x.shape[:2], 2, 4).transpose(1, 2) for p in x.split(8, dim=2)],
        "N L 24",
        N=N,
        L=N,
    ),
    case("flatten", lambda x: x.flatten(1), "2 H W", H=SMALL, W=SMALL),
    case("flatten to the last but one", lambda x: x.flatten(0, -2), "2 H W", H=SMALL, W=SMALL),
    case("flatten nothing", lambda x: x.flatten(1, 1), "2 H W", H=SMALL, W=SMALL),
    case("ravel", lambda x: x.ravel(), "2 H W", H=SMALL, W=SMALL),
    case("halves", lambda x: x.view(-1, 2), "H W", H=W, W=W),
    case("sixths", lambda x: x.view(-1, 6), "H", H=range(1, 20)),
    case("constant in front", lambda x: x.view(2, -1), "3 H", H=H),
    case("all known", lambda x: x.view(36), "H W", H=H, W=W),
    case("square", lambda x: x.view(x.size(1), x.size(1)), "H W", H=H, W=W),
    case("length in the rest", lambda x: x.view(-1, 3 * x.size(1) // 2), "2 H", H=H),
    case("batch inferred", lambda x: x.view(-1, 36), "N 2 H W", N=N, H=H, W=W),
    case(
        "windows of both axes",
        lambda x: x.view(x.size(0), x.size(1) // 2, 2, x.size(2) // 2, 2),
        "N H W",
        N=N,
        H=H,
        W=W,
    ),
    case(
        "windows, batch inferred",
        lambda x: x.view(-1, x.size(1) // 2, 2, x.size(2) // 2, 2),
        "N H W",
        N=N,
        H=H,
        W=W,
    ),
    case(
        "windows, rounded up",
        lambda x: x.view(2, (x.shape[0] + 1) // 2, -1, 3),
        "H W",
        H=H,
        W=W,
    ),
    case(
        "windows, channels inferred",
        lambda x: x.view(len(x), x.size(1) // 2, 2, x.size(2) // 2, 2, -1),
        "N H W 3",
        N=N,
        H=H,
        W=W,
    ),
    case(
        "windows put back",
        lambda x: x.view(2, x.size(1) // 2, 2, x.size(2) // 2, 2, 3).view(*x.shape[:3], -1),
        "2 H W 3",
        H=H,
        W=W,
    ),
    case("samples counted by windows of 7", _samples(7), "N H W", N=N, H=range(6, 15), W=(7, 14)),
    case("samples counted by windows of 2", _samples(2), "3 H W", H=H, W=W),
    case("a length that may be 0", lambda x: x.view(x.size(0) // 4, 2, -1), "H W", H=H, W=W),
    case("a length that may be -1", lambda x: x.view(x.size(0) - 3, -1), "H 2", H=H),
    case("a length that may be negative", lambda x: x.view(x.size(0) - 3, 6), "H 2", H=H),
    case("no elements", lambda x: x[:0].view(x.size(0) - 3, -1), "H 2", H=H),
    case("-2", lambda x: x.view(-2), "H", H=H),
    case("two inferred", lambda x: x.view(-1, -1), "H", H=H),
    case("like another", lambda x, y: x.view_as(y), "2 H", "W 3", H=H, W=W),
    case("reshaped like another", lambda x, y: x.reshape_as(y), "2 H", "W 3", H=H, W=W),
    case("not contiguous", lambda x: x.t().view(-1), "H W", H=SMALL, W=SMALL),
    case(
        "not contiguous, batch kept",
        lambda x: x.permute(0, 2, 1).view(x.size(0), -1),
        "N C H",
        N=N,
        C=N,
        H=N,
    ),
    case("a row cut off", lambda x: x[:, 0].view(4, -1, 4), "4 H 2 W", H=SMALL, W=SMALL),
    case("columns cut off", lambda x: x[..., 1:].view(2, -1, 3), "2 H W", H=SMALL, W=SMALL),
    case("three blocks", lambda x: x.permute(1, 0, 2).view(-1, 4), "2 H W", H=SMALL, W=SMALL),
    case("blocks by length", lambda x: x.mT.view(x.size(1), 6), "H W 3", H=SMALL, W=SMALL),
    case("heads", lambda x: x.transpose(1, 2).view(2, 4, -1), "2 H 2 W", H=SMALL, W=SMALL),
    case("copied where needed", lambda x: x.t().reshape(-1), "H W", H=SMALL, W=SMALL),
    case("contiguous again", lambda x: x.t().contiguous().view(-1), "H W", H=SMALL, W=SMALL),
    case("narrower dtype", lambda x: x.view(torch.int16), "2 H", H=H),
    case("unflatten", lambda x: x.unflatten(1, (2, -1)), "2 H W", H=H, W=N),
    case("unflatten, all known", lambda x: x.unflatten(1, (2, 3)), "2 H W", H=H, W=N),
    case("unflatten module", nn.Unflatten(1, (2, 2)), "2 H", H=H),
]


def split_by_layout(x):
    return x[:-1] if x.is_contiguous() else x[:, :-1]


LAYOUTS = [
    case("every other one", lambda x: x[:, ::2].view(-1), "N H", N=N, H=H),
    case("every other one of a row", lambda x: x[:, ::2].view(-1, 3), "N H 3", N=N, H=H),
    case("the first ones", lambda x: x[:, :3].view(-1), "N H", N=N, H=H),
    case("the first ones, cut", lambda x: x[:, :3].view(x.size(0), -1), "N H W", N=N, H=H, W=N),
    case("the first rows", lambda x: x[:3].view(-1), "H W", H=H, W=N),
    case("half of the rows", lambda x: x.chunk(2)[0].view(-1), "H W", H=H, W=N),
    case("half of the columns", lambda x: x.chunk(2, 1)[0].view(-1), "W H", H=H, W=N),
    case("heads of a part", lambda x: x.chunk(3, -1)[0].view(4, -1, 2), "L 4 12", L=H),
    case("the first of three", lambda x: x.unbind(1)[0].view(-1), "N H W", N=N, H=N, W=N),
    case("stretched in front", lambda x: x.expand(2, *x.shape).view(-1), "N H", N=N, H=N),
    case("stretched between", lambda x: x[:, None].expand(-1, 3, -1).view(-1), "N H", N=N, H=N),
    case("stretched, cut", lambda x: x[:, None].expand(-1, 3, -1).view(x.size(0), 3, -1, 1),
         "N H", N=N, H=N),
    case("stretched by a length", lambda x, y: x.expand(len(y), -1).view(-1), "N H", "M",
         N=N, H=N, M=N),
    case("windows apart", lambda x: x.unfold(1, 2, 2).view(-1), "N H", N=N, H=H),
    case("windows of two rows", lambda x: x.unfold(1, 2, 2).view(x.size(0), -1), "N H", N=N, H=H),
    case("windows that overlap", lambda x: x.unfold(1, 3, 1).view(x.size(0), -1), "N H",
         N=N, H=range(3, 10)),
    case("diagonals", lambda x: x.diagonal(0, 1, 2).view(-1), "N H W", N=N, H=N, W=N),
    case("one diagonal", lambda x: x.diagonal().view(2, -1), "H W", H=H, W=N),
    case("two permutations", lambda x: x.permute(2, 0, 1).view(-1, x.size(1)).t().view(-1),
         "N H W", N=N, H=N, W=N),
    case("a view of a part of a view",
         lambda x: x.view(x.size(0), 2, -1)[:, 0].view(x.size(0), 1, -1).view(-1), "N H 2",
         N=N, H=N),
    case("copied or not", lambda x: x[:, ::2].reshape(-1).view(-1, 2), "N H", N=N, H=H),
    case("copied or not, cut", lambda x: x.mT.reshape(x.size(0), -1)[:, 1:].view(-1), "N H W",
         N=N, H=N, W=N),
    case("regrouped and turned", lambda x: x[:, :2].reshape(-1, 2).mT.view(-1), "N H 2", N=N, H=N),
    case("contiguous again", lambda x: x[:, :3].contiguous().view(-1), "N H", N=N, H=H),
    case("cloned", lambda x: x.mT.clone().view(-1), "N H W", N=N, H=N, W=N),
    case("computed of a permuted one", lambda x: (x.mT + 1).view(-1), "N H W", N=N, H=N, W=N),
    case("channels last",
         lambda x: x.to(memory_format=torch.channels_last).permute(0, 2, 3, 1).view(-1, 3),
         "N 3 H W", N=N, H=N, W=N),
    case("channels last, flattened",
         lambda x: x.contiguous(memory_format=torch.channels_last).view(x.size(0), -1),
         "N 3 H W", N=N, H=N, W=N),
    case("detached", lambda x: x[:, :3].detach().view(-1), "N H", N=N, H=H),
    case("strided", lambda x: x.as_strided((2, 2), (x.size(1), 1)).view(-1), "2 H", H=range(2, 9)),
    case("windows of a stride",
         lambda x: x.as_strided((2, x.size(1) - 2, 3), (x.size(1), 1, 1)).sum(),
         "2 H", H=range(1, 9)),
    case("turned in place", lambda x: x.clone().t_().contiguous().view(-1), "N H", N=N, H=N),
    case("whole or not", lambda x: split_by_layout(x[:, :3]), "N H", N=N, H=H),
    case("turned or not", lambda x: split_by_layout(x.t()), "N H", N=N, H=N),
    case("strides of a part", lambda x: x.new_zeros(x[:, :3].stride(0)), "N H", N=N, H=H),
    case("strides of windows", lambda x: x.new_zeros(x.unfold(1, 2, 2).stride()), "2 H W",
         H=range(4, 10), W=range(2, 4)),
    case("laid out again, turned", lambda x: x.t().as_strided((2, 3), (3, 1)), "H W", H=N, W=N),
    case("laid out again",
         lambda x: x.view(-1, 4).as_strided((x.size(0) // 4, 4), (4, 1)), "H", H=range(4, 13)),
]  # fmt: skip

DIMS = [
    case("permute", lambda x: (x.permute(2, 0, -2), x.permute((1, 0, 2))), "H 3 W", H=N, W=N),
    case("transposes", lambda x: (x.T, x.t(), x.mT, x.H, x.swapaxes(0, 1)), "H W", H=N, W=N),
    case("movedim", lambda x: (x.movedim((0, 1), (-1, 0)), x.movedim(0, 2)), "H 3 W", H=N, W=N),
    case("turned", lambda x: (x.rot90(1, (0, 2)), torch.rot90(x, 2)), "H 3 W", H=N, W=N),
    case("flipped and rolled", lambda x: (x.flip(0), x.roll(1, 1)), "H 3 W", H=N, W=N),
    case("casts", lambda x: (x.half(), x.cpu(), x.to("cpu"), x.to(x), x.data), "H W", H=N, W=N),
    case("dtype and device", lambda x: x.to("cpu", torch.int8).type(torch.long), "H", H=N),
    case("squeeze", lambda x: x.squeeze(), "H 1 W", H=N, W=N),
    case("squeeze one", lambda x: x.squeeze(0), "H 1 W", H=N, W=N),
    case("squeeze some", lambda x: x.squeeze((0, 1)), "H 1 W", H=N, W=N),
    case("unsqueeze", lambda x: x.unsqueeze(-1).unsqueeze(0), "H 1 W", H=N, W=N),
    case("at least", lambda x: [torch.atleast_1d(x), *torch.atleast_3d(x, x)], "H", H=N),
    case("diagonal", lambda x: (x.diagonal(), x.diagonal(1), x.diag(-2)), "H W", H=N, W=N),
    case("on a diagonal", lambda x: (x.diag(1), x.diagflat(), torch.diag_embed(x)), "H", H=N),
    case("expand", lambda x: x.expand(-1, 4), "H W", H=SMALL, W=SMALL),
    case("expand to a length", lambda x, y: x.expand(3, -1, len(y)), "H W", "K", H=N, W=N, K=N),
    case("expand as another", lambda x, y: x.expand_as(y), "H W", "2 K 3", H=N, W=N, K=N),
    case("broadcast to", lambda x, y: x.broadcast_to(y.shape), "H W", "K 3", H=N, W=N, K=N),
    case("broadcast together", torch.broadcast_tensors, "H W", "2 K 3", H=N, W=N, K=N),
    case("repeat", lambda x: (x.repeat(2, 1, 3), x.repeat(x.size(1), 1)), "H W", H=N, W=N),
    case("tile", lambda x: (x.tile(2), torch.tile(x, (2, 1, 2))), "H W", H=N, W=N),
    case(
        "repeat each",
        lambda x: (x.repeat_interleave(2), x.repeat_interleave(x.size(1), 0)),
        "H W",
        H=N,
        W=N,
    ),
    case("strided", lambda x: x.as_strided((2, x.size(0)), (3, 1)), "H W", H=N, W=N),
]

PIECES = [
    case("narrow", lambda x: x.narrow(1, 2, 2), "2 H", H=H),
    case("narrow from the end", lambda x: x.narrow(1, -2, 2), "2 H", H=H),
    case("narrow from a length", lambda x: x.narrow(1, x.size(1) - 3, 2), "2 H", H=H),
    case("narrow to a length", lambda x: x.narrow(0, 0, x.size(1) - 3), "5 H", H=H),
    case("select", lambda x: x.select(1, 3), "2 H", H=H),
    case("select from the end", lambda x: x.select(1, -3), "2 H", H=H),
    case("unbind", lambda x: x.unbind(1), "H 3", H=H),
    case("iterated", lambda x: [*x], "3 H", H=H),
    case("split", lambda x: x.split(2), "5 H", H=H),
    case("split in two", lambda x: x.split(x.size(1) // 2, 1), "5 H", H=H),
    case("split to sizes", lambda x: torch.split(x, [2, 3], dim=1), "5 H", H=H),
    case("chunk", lambda x: x.chunk(2, 1), "5 H", H=H),
    case("chunk in four", lambda x: x.chunk(4, 1), "5 H", H=range(1, 14)),
    case("chunk of maybe nothing", lambda x: x[3:].chunk(3), "H", H=range(3, 14)),
    case("nearly equal", lambda x: x.tensor_split(3, 1), "5 H", H=range(1, 14)),
    case("cut at places", lambda x: x.tensor_split((3, 5), 1), "5 H", H=H),
    case("equal columns", lambda x: x.hsplit(2), "5 H", H=H),
    case("equal rows", lambda x: x.vsplit(2), "H 3", H=H),
    case("equal depths", lambda x: x.dsplit(2), "1 3 H", H=H),
    case("windows", lambda x: x.unfold(1, 3, 2), "2 H", H=H),
    case("patches", lambda x: x.unfold(1, 3, 1).unfold(2, 2, 2), "2 H W", H=H, W=N),
]


@pytest.mark.parametrize(("f", "inputs", "sizes"), QUERIES + VIEWS + LAYOUTS + DIMS + PIECES)
def test_views(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("wider dtype", lambda x: x.view(torch.float64), "2 H", H=H),
        case("negative repeats", lambda x: x.repeat(x.size(0) - 3, 1), "H 2", H=H),
        case(
            "sizes of a split, one of them negative",
            lambda x: x.split([2, x.size(1) - 2], 1),
            "5 H",
            H=H,
        ),
    ],
)
def test_errors_that_name_more_than_the_lengths(f, inputs, sizes):
    assert_agrees(f, inputs, sizes, words=False)


def second_of_two(x):
    _, last = x.split(4)
    return last


@pytest.mark.parametrize(
    ("f", "inputs", "sizes"),
    [
        case("all rows", lambda x: torch.stack([r + 1 for r in x]), "H 3", H=H),
        case("the first row", lambda x: x.unbind(0)[0], "H 3", H=H),
        case("the first piece", lambda x: x.split(4)[0], "H 3", H=H),
        case("a piece that may be missing", lambda x: x.split(4)[1], "H 3", H=H),
        case("the last piece", lambda x: x.split(4)[-1], "H 3", H=H),
        case("the last but one", lambda x: x.split(4)[-2], "H 3", H=H),
        case("the pieces backwards", lambda x: torch.cat(x.split(4)[::-1]), "H 3", H=H),
        case("the number of pieces", lambda x: x.sum() * torch.ones(len(x.split(4))), "H 3", H=H),
        case("just two pieces", second_of_two, "H 3", H=H),
        case("pieces as outputs", lambda x: x.split(4), "H 3", H=H),
        case("pieces of nothing", lambda x: x[5:].split(4)[0], "H 3", H=H),
    ],
)
def test_as_many_pieces_as_a_length_says(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)


def test_a_size_is_a_size():
    def looked_at(x):
        assert isinstance(x.shape, torch.Size)
        assert isinstance(x.shape[1:], torch.Size)
        return x

    assert_agrees(looked_at, ("H 3",), {"H": H})


@pytest.mark.parametrize(
    ("f", "template", "hints", "shape"),
    [
        pytest.param(
            lambda x: x.view(-1, 2 * 6 * 6), "N 2 H W", {"N": 2, "H": 6, "W": 6}, "((N, 72),)",
            id="the batch",
        ),
        pytest.param(
            lambda x: x.view(len(x), x.size(1) // 2, 2, x.size(2) // 2, 2, -1), "N H W 3",
            {"N": 2, "H": 16, "W": 20}, "((N, floor(H/2), 2, floor(W/2), 2, 3),)",
            id="the channels",
        ),
    ],
)  # fmt: skip
def test_what_minus_one_nearly_always_means_stays_a_plain_length(f, template, hints, shape):
    assert repr(traced(f, (template,), hints).outputs) == shape


@pytest.mark.parametrize(
    ("f", "template"),
    [
        pytest.param(lambda x: x.view(2, 3, -1), "N 3 H W", id="all of it is one block"),
        pytest.param(
            lambda x: x.permute(0, 3, 1, 2).view(len(x), 3, x.size(1) * x.size(2)), "N H W 3",
            id="two blocks, neither is joined to another",
        ),
    ],
)  # fmt: skip
def test_a_view_that_the_layout_allows_at_every_size_tests_none(f, template):
    events = traced(f, (template,), {"N": 2, "H": 4, "W": 5}).events
    assert [e for e in events if e.kind == "branch"] == []
