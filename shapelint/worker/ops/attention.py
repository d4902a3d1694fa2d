"""Scaled dot-product attention. Multi-head attention is Python and shows its parts by itself.

Documented as ``torch.nn.functional.scaled_dot_product_attention``; kernels:
``aten/src/ATen/native/transformers/attention.cpp``, ``sdp_utils_cpp.cpp``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapelint.lengths.conditions import FALSE, Condition, all_of
from shapelint.worker.ops import LAX, op
from shapelint.worker.shapes import (
    Shape,
    broadcast,
    broadcast_into,
    divides,
    either,
    eq,
    ge,
    need,
    numel,
    shape_of,
)

LAX.add("scaled_dot_product_attention")


@op("scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Shape:
    """``(*, L, E)``, ``(*, S, E)`` and ``(*, S, Ev)`` give ``(*, L, Ev)``."""
    q, k, v = map(shape_of, (query, key, value))
    if enable_gqa:
        k, v = _repeated_heads(q, k, v)
    batch = broadcast(q[:-2], k[:-2])
    _inner(numel(batch), q[-1], k[-1], eq(q[-1], k[-1]))
    if attn_mask is not None:
        scores = Shape((*batch, q[-2], k[-2]))
        broadcast_into(scores, shape_of(attn_mask))
    fused = _fused(q, k, v) if dropout_p == 0 else FALSE
    _inner(numel(batch), k[-2], v[-2], either(eq(k[-2], v[-2]), fused))
    return Shape((*broadcast(batch, v[:-2]), q[-2], v[-1]))


def _repeated_heads(q: Shape, k: Shape, v: Shape) -> tuple[Shape, Shape]:
    """Groups of query heads share a key head: https://arxiv.org/abs/2305.13245."""
    heads = q[-3]
    text = "Number of heads in key and value must divide the number of heads in "
    for shape in (k, v):
        need(divides(shape[-3], heads), "match", text, heads, shape[-3])
    return Shape((*k[:-3], heads, *k[-2:])), Shape((*v[:-3], heads, *v[-2:]))


def _fused(q: Shape, k: Shape, v: Shape) -> Condition:
    """Where the fused kernel runs: it takes as many values as there are keys, unasked."""
    if not len(q) == len(k) == len(v) == 4:
        return FALSE
    alike = [eq(q[i], shape[i]) for shape in (k, v) for i in (0, 1, 3)]
    return all_of([*alike, ge(q[2], 1), ge(k[2], 1)])


def _inner(batches: int, n: int, m: int, condition: Condition) -> None:
    need(condition, "features", _text(batches, n, m), n, m)


def _text(batches: int, n: int, m: int) -> Callable[[], str]:
    return lambda: (
        f"Expected size for first two dimensions of batch2 tensor to be: "
        f"[{int(batches)}, {int(n)}] but got: [{int(batches)}, {int(m)}]."
    )


@op("_nested_tensor_from_mask_left_aligned")
def left_aligned(t: Any, mask: Any) -> None:
    """A question of ``nn.TransformerEncoder`` about values; shapes do not depend on the answer."""
    for n, m in zip(shape_of(t)[:2], shape_of(mask), strict=True):
        need(eq(n, m), "match", "Mask size should match input size", n, m)
