"""Recurrent layers and cells.

Shapes: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html; texts of errors:
``aten/src/ATen/native/RNN.cpp``. What ``nn.LSTM`` checks in Python shows as branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from shapelint.worker.ops import op
from shapelint.worker.shapes import Shape, broadcast_length, eq, ge, need, numel, shape_of


@op("lstm")
def lstm(input: Any, hx: Any, *args: Any) -> tuple[Shape, Shape, Shape]:
    """The sequence of outputs, the last hidden and the last cell state."""
    if not isinstance(hx, (tuple, list)):
        _refuse_packed()
    out, n = _sequence(input, shape_of(hx[0]), *args)
    return out, _last(hx[0], n), _last(hx[1], n)


@op("gru", "rnn_tanh", "rnn_relu")
def rnn(input: Any, hx: Any, weights: Any, *args: Any) -> tuple[Shape, Shape]:
    """The sequence of outputs and the last hidden state."""
    if not isinstance(weights, (tuple, list)):
        _refuse_packed()
    out, n = _sequence(input, shape_of(hx), weights, *args)
    return out, _last(hx, n)


def _last(state: Any, batch: int) -> Shape:
    layers, _, features = shape_of(state)
    return Shape((layers, batch, features))


@op("_pack_padded_sequence", "_pad_packed_sequence")
def _refuse_packed(*args: Any) -> Shape:
    raise NotImplementedError("a packed sequence is as long as values say")


def _sequence(
    input: Any,
    hidden: Shape,
    weights: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Shape, int]:
    """The shape of the outputs, and the batch; the hidden state broadcasts to it."""
    first, second, features = shape_of(input)
    length, batch = (second, first) if batch_first else (first, second)
    _multiplies(numel((first, second)), features, shape_of(weights[0]))
    text = "Expected sequence length to be larger than 0 in RNN"
    need(ge(length, 1), "fits", text, length)
    n = broadcast_length(hidden[1], batch, partial(_batch_text, hidden[1], batch))
    dims = (n, length) if batch_first else (length, n)
    return Shape((*dims, hidden[2] * (2 if bidirectional else 1))), n


def _multiplies(rows: int, features: int, weight: Shape) -> None:
    out_features, in_features = weight
    need(
        eq(features, in_features),
        "features",
        lambda: (
            f"mat1 and mat2 shapes cannot be multiplied ({int(rows)}x{int(features)} and "
            f"{int(in_features)}x{int(out_features)})"
        ),
        features,
        in_features,
    )


def _batch_text(hidden: int, batch: int) -> str:
    return (
        f"The size of tensor a ({int(hidden)}) must match the size of tensor b ({int(batch)}) "
        "at non-singleton dimension 0"
    )


# -- one step -------------------------------------------------------------------------------------


@op("lstm_cell")
def lstm_cell(
    input: Any, hx: Sequence[Any], w_ih: Any, w_hh: Any, *args: Any
) -> tuple[Shape, Shape]:
    """The next hidden and the next cell state."""
    _step(shape_of(input), [shape_of(h) for h in hx], shape_of(w_ih), shape_of(w_hh))
    return shape_of(hx[0]), shape_of(hx[1])


@op("gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def rnn_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, *args: Any) -> Shape:
    """The next hidden state."""
    _step(shape_of(input), [shape_of(hx)], shape_of(w_ih), shape_of(w_hh))
    return shape_of(hx)


def _step(input: Shape, hidden: list[Shape], w_ih: Shape, w_hh: Shape) -> None:
    n, wanted = input[1], w_ih[1]
    text = f"input has inconsistent input_size: got {int(n)} expected {int(wanted)}"
    need(eq(n, wanted), "features", text, n, wanted)
    for i, (batch, size) in enumerate(hidden):
        text = f"Input batch size {int(input[0])} doesn't match hidden{i} batch size {int(batch)}"
        need(eq(input[0], batch), "match", text, input[0], batch)
        text = f"hidden{i} has inconsistent hidden_size: got {int(size)}, expected {int(w_hh[1])}"
        need(eq(size, w_hh[1]), "features", text, size, w_hh[1])
