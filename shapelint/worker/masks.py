"""Attention masks: what PyTorch asks about their values makes no difference to shapes.

``nn.TransformerEncoder`` and ``nn.TransformerDecoder`` compare a mask of the right size with a
causal one, to choose a faster kernel that gives the same shapes. Meta tensors have no values to
compare, so they are told "not causal".
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch.nn.modules import transformer

from shapelint.worker.python.swaps import replaced

_QUESTION = "_detect_is_causal_mask"


def _as_declared(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    return is_causal is True


def not_compared() -> AbstractContextManager[None]:
    """Take masks for causal only where the caller says so."""
    if not hasattr(transformer, _QUESTION):
        return nullcontext()
    return replaced(transformer, _QUESTION, _as_declared)
