"""Attention masks: what PyTorch asks about their values makes no difference to shapes.

``nn.TransformerEncoder`` and ``nn.TransformerDecoder`` compare a mask of the right size with a
causal one, to choose a faster kernel that gives the same shapes. Meta tensors have no values to
compare, so they are told "not causal".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.nn.modules import transformer

_QUESTION = "_detect_is_causal_mask"


def _as_declared(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    return is_causal is True


@contextmanager
def not_compared() -> Iterator[None]:
    """Take masks for causal only where the caller says so."""
    original = getattr(transformer, _QUESTION, None)
    if original is None:
        yield
        return
    setattr(transformer, _QUESTION, _as_declared)
    try:
        yield
    finally:
        setattr(transformer, _QUESTION, original)
