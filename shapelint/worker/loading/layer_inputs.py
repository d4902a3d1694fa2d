"""Which input a PyTorch layer takes, read off its class and attributes."""

from __future__ import annotations

from typing import Any

from torch import nn

from shapelint.worker.loading.examples import FORMS, Template

_SEQUENCES = (
    nn.RNNBase,
    nn.MultiheadAttention,
    nn.Transformer,
    nn.TransformerEncoder,
    nn.TransformerDecoder,
    nn.TransformerEncoderLayer,
    nn.TransformerDecoderLayer,
)


def wanted(layer: nn.Module, root: nn.Module) -> Template | None:
    """The input that a layer takes, if that can be read off its class and attributes."""
    size: Any = layer
    if isinstance(layer, nn.Embedding):
        return ("N", "L"), "int64"
    if isinstance(layer, _SEQUENCES):
        return _sequence(layer), "float32"
    if isinstance(layer, nn.Linear):
        batch = ("N", "L") if _has(root, (*_SEQUENCES, nn.LayerNorm)) else ("N",)
        return (*batch, size.in_features), "float32"
    if isinstance(layer, nn.LayerNorm):
        return (("N", "L", *size.normalized_shape), "float32")
    rank = _rank(layer)
    if rank is None:
        return None
    channels = getattr(layer, "in_channels", getattr(layer, "num_features", "C"))
    return (("N", channels or "C", *FORMS[rank][2:]), "float32")


def _sequence(layer: Any) -> tuple[int | str, ...]:
    features = getattr(layer, "input_size", getattr(layer, "embed_dim", None)) or "F"
    first = next((m for m in layer.modules() if hasattr(m, "batch_first")), layer)
    return ("N", "L", features) if getattr(first, "batch_first", False) else ("L", "N", features)


def _rank(layer: nn.Module) -> int | None:
    """Rank of the batched input of ``Conv2d``, ``MaxPool2d``, ``BatchNorm2d``: 4."""
    name = type(layer).__name__
    torchs = type(layer).__module__.startswith("torch.nn")
    return int(name[-2]) + 2 if torchs and name[-2:] in ("1d", "2d", "3d") else None


def _has(root: nn.Module, kinds: tuple[type, ...]) -> bool:
    return any(isinstance(m, kinds) for m in root.modules())
