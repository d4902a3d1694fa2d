"""A tensor on the meta device whose lengths ride along."""

from __future__ import annotations

from typing import Any

import torch

from shapelint.worker.shapes import Shape


class ShapeTensor(torch.Tensor):
    """A meta tensor with symbolic ``lengths`` and the graph node that produced it.

    It is a real subclass, so ``isinstance``, dtype tests and libraries such as einops treat it as
    the tensor it is. All its operations are seen by :class:`shapelint.worker.tracer.ShapeTracer`.
    """

    lengths: Shape
    node: Any
    shown: Any = None
    """What it is a view of, if it is one: see :mod:`shapelint.worker.shown`."""
    like: tuple[torch.Tensor, ...] = ()
    """Tensors in whose order its elements were laid, where those may lie otherwise elsewhere."""
    told: tuple[Any, bool] = (None, True)
    """In which run it was asked where those lie, and whether that was known."""
    range: Any = None
    """Between which numbers its elements lie: see :mod:`shapelint.worker.python.ranges`."""
    stretched: tuple[tuple[int, int], ...] = ()
    """The lengths that share its memory: how long each was, and how long it was made."""

    @staticmethod
    def wrap(tensor: torch.Tensor, lengths: Shape, node: Any) -> ShapeTensor:
        """``tensor`` (meta) as a ShapeTensor; a ShapeTensor is updated in place."""
        if type(tensor) is not ShapeTensor:
            tensor = tensor.as_subclass(ShapeTensor)
        tensor.lengths = lengths
        tensor.node = node
        return tensor


ShapeTensor.__name__ = "Tensor"  # what Python says of it is told to people who know a Tensor
