"""Recurrent layers and attention, for sequences of every length."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.oracle import assert_agrees, case

N = L = S = C = H = range(1, 4)


def _lstm(x, states):
    return nn.LSTM(3, 2).to(x.device)(x, states)


def _gru(x):
    return nn.GRU(3, 2).to(x.device)(x)


def _gru_builtin(x, h):
    weights = [torch.zeros(6, 3, device=x.device), torch.zeros(6, 2, device=x.device)]
    return torch._VF.gru(x, h, weights, False, 1, 0.0, False, False, False)


def _unrolled(x):
    cell, h = nn.GRUCell(3, 5).to(x.device), None
    for frame in x:
        h = cell(frame, h)
    return h


LAYERS = [
    case("lstm", nn.LSTM(3, 5), "L N 3", L=L, N=N),
    case("batch first", nn.LSTM(3, 5, batch_first=True), "N L 3", L=L, N=N),
    case("unbatched", nn.GRU(3, 5), "L 3", L=L),
    case("both ways in layers", nn.LSTM(3, 5, 2, bidirectional=True), "L N 3", L=L, N=N),
    case("projection", nn.LSTM(3, 5, proj_size=2, bidirectional=True), "L N 3", L=L, N=N),
    case("gru without bias", nn.GRU(3, 5, 2, bias=False, batch_first=True), "N L 3", L=L, N=N),
    case("tanh", nn.RNN(3, 5), "L N 3", L=L, N=N),
    case("relu", nn.RNN(3, 5, nonlinearity="relu", bidirectional=True), "L N 3", L=L, N=N),
    case("input_size", nn.LSTM(3, 5), "2 2 C", C=C),
    case("given state", nn.GRU(3, 2), "L N 3", "1 S C", L=[2], N=N, S=S, C=C),
    case("given states", lambda x, h, c: _lstm(x, (h, c)), "2 N 3", "1 S 2", "1 2 C",
         N=N, S=S, C=C),
    case("nothing to read", lambda x: _gru(x.narrow(0, 0, x.shape[0] - 1)), "L 2 3", L=L),
    case("builtin", _gru_builtin, "L N C", "1 S 2", L=L, N=N, C=C, S=S),
]  # fmt: skip


CELLS = [
    case("lstm", nn.LSTMCell(3, 5), "N C", N=N, C=range(1, 5)),
    case("gru", nn.GRUCell(3, 5), "N C", N=N, C=range(1, 5)),
    case("rnn", nn.RNNCell(3, 5, nonlinearity="relu"), "N 3", N=N),
    case("unbatched", nn.GRUCell(3, 5), "C", C=range(1, 5)),
    case("given state", nn.RNNCell(3, 2), "N 3", "S C", N=N, S=S, C=C),
    case("given states", lambda x, h, c: nn.LSTMCell(3, 2).to(x.device)(x, (h, c)), "N 3",
         "S 2", "2 C", N=N, S=S, C=C),
    case("a step for each frame", _unrolled, "4 N 3", N=N),
]  # fmt: skip


attend = F.scaled_dot_product_attention

ATTENTION = [
    case("self", lambda x: attend(x, x, x), "N 2 L 4", N=N, L=L),
    case("causal", lambda q, k: attend(q, k, k, is_causal=True), "N 2 L 4", "N 2 S 4",
         N=N, L=L, S=S),
    case("other value size", attend, "2 L 4", "2 S 4", "2 S C", L=L, S=S, C=C),
    case("no batch", attend, "L 4", "S 4", "S 3", L=L, S=S),
    case("features", attend, "2 L C", "2 3 H", "2 3 2", L=L, C=C, H=H),
    case("batches broadcast", attend, "N 2 3 4", "S 2 3 4", "S 2 3 4", N=N, S=S),
    case("heads broadcast", attend, "2 N 3 4", "2 S 3 4", "2 S 3 4", N=N, S=S),
    case("as many values as keys", attend, "2 2 4", "2 L 4", "2 S 4", L=L, S=S),
    case("as many values as keys with heads", attend, "2 2 3 4", "2 2 L 4", "2 2 S 3", L=L, S=S),
    case("mask", attend, "2 2 L 4", "2 2 S 4", "2 2 S 4", "H C", L=L, S=S, H=H, C=C),
    case("mask of heads", attend, "2 2 L 4", "2 2 3 4", "2 2 3 4", "N H L 3", L=L, H=H, N=N),
    case("mask without heads", attend, "2 L 4", "2 3 4", "2 3 4", "H 3", L=L, H=H),
    case("grouped heads", lambda q, k: attend(q, k, k, enable_gqa=True), "2 N 3 4", "2 S 3 4",
         N=range(1, 7), S=S),
]  # fmt: skip


class _With(nn.Module):
    """A module called with a mask: ``make`` builds the keyword arguments from the input."""

    def __init__(self, module, make):
        super().__init__()
        self.module, self.make = module, make

    def forward(self, *inputs):
        return self.module(*inputs, **self.make(inputs[0]))


def _causal(name, dim=1):
    def make(x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[dim], device=x.device)
        return {name: mask}

    return make


def _of_three(x):
    return {"attn_mask": torch.zeros(3, 3, device=x.device)}


def _cropped(x):
    return {"mask": torch.zeros(4, 4, device=x.device)[: x.shape[1], : x.shape[1]]}


class _Padded(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x, mask):
        return self.module(x, src_key_padding_mask=mask)


def _encoder(**kwargs):
    return nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, **kwargs)


def _stack():
    return nn.TransformerEncoder(_encoder(), 1).eval()


class _Self(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2)

    def forward(self, x, attn_mask=None):
        return self.attention(x, x, x, attn_mask=attn_mask)


HEADS = [
    case("self", lambda x: nn.MultiheadAttention(4, 2).to(x.device)(x, x, x), "L N 4", L=L, N=N),
    case("cross", nn.MultiheadAttention(4, 2, batch_first=True).eval(), "N L 4", "N S 4",
         "N S 4", N=N, L=L, S=S),
    case("key and value sizes", nn.MultiheadAttention(4, 2, kdim=3, vdim=2), "L N 4", "S N 3",
         "S N 2", N=N, L=L, S=S),
    case("no weights", lambda x: nn.MultiheadAttention(4, 2).to(x.device).eval()(
        x, x, x, need_weights=False)[0], "L N 4", L=L, N=N),
    case("unbatched", lambda x: nn.MultiheadAttention(4, 2).to(x.device)(x, x, x), "L 4", L=L),
    case("embed_dim", lambda x: nn.MultiheadAttention(4, 2).to(x.device)(x, x, x), "2 2 C",
         C=range(1, 6)),
    case("extra keys", nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True),
         "L N 4", "S N 4", "S N 4", N=N, L=L, S=S),
    case("mask of three", _With(_Self(), _of_three), "L N 4", L=range(1, 5), N=N),
    case("mask of heads", _Self(), "2 L 4", "A B S", L=L, A=range(1, 6), B=range(1, 4), S=S),
    case("values of other length", nn.MultiheadAttention(4, 2), "2 2 4", "L 2 4", "S 2 4",
         L=L, S=S),
]  # fmt: skip

TRANSFORMERS = [
    case("layer", _encoder(), "N L 4", N=N, L=L),
    case("layer in eval", _encoder().eval(), "N L 4", N=N, L=L),
    case("layer, norm first", _encoder(norm_first=True).eval(), "N L 4", N=N, L=L),
    case("encoder in eval", nn.TransformerEncoder(_encoder(), 2).eval(), "N L 4", N=N, L=L),
    case("d_model", _encoder(), "2 2 C", C=range(1, 6)),
    case("declared causal", _With(_stack(), lambda x: _causal("mask")(x) | {"is_causal": True}),
         "N L 4", N=N, L=L),
    case("maybe causal", _With(_stack(), _causal("mask")), "N L 4", N=N, L=L),
    case("cropped mask", _With(_stack(), _cropped), "N L 4", N=N, L=range(1, 7)),
    case("padding mask", _Padded(_stack()), "N L 4", ("A B", torch.bool), N=N, L=L, A=L, B=L),
    case("padding mask of one layer", _Padded(_encoder().eval()), "2 L 4", ("A B", torch.bool),
         L=L, A=L, B=L),
    case("causal decoder", _With(nn.TransformerDecoder(nn.TransformerDecoderLayer(
        4, 2, 8, batch_first=True), 1).eval(), _causal("tgt_mask")), "N L 4", "N S 4",
         N=N, L=L, S=S),
    case("decoder layer", nn.TransformerDecoderLayer(4, 2, 8), "L N 4", "S N 4", N=N, L=L, S=S),
    case("whole", nn.Transformer(4, 2, 1, 1, 8, batch_first=True).eval(), "N L 4", "N S 4",
         N=N, L=L, S=S),
    case("batches differ", nn.Transformer(4, 2, 1, 1, 8, batch_first=True), "N 2 4", "S 2 4",
         N=N, S=S),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("f", "inputs", "sizes"), [*LAYERS, *CELLS, *ATTENTION, *HEADS, *TRANSFORMERS]
)
def test_sequences(f, inputs, sizes):
    assert_agrees(f, inputs, sizes)
