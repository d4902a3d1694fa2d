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
    """Tensors from which it took its order in memory, if that order may differ at other sizes."""
    order_known: tuple[Any, bool] = (None, True)
    """A run, and whether in that run the order of ``like`` was known."""
    range: Any = None
    """Bounds of its elements: see :mod:`shapelint.worker.python.ranges`."""
    stretched: tuple[tuple[int, int], ...] = ()
    """The dims that ``expand`` made share memory: the length before, and the length after."""

    @staticmethod
    def wrap(tensor: torch.Tensor, lengths: Shape, node: Any) -> ShapeTensor:
        """``tensor`` (meta) as a ShapeTensor; a ShapeTensor is updated in place."""
        if type(tensor) is not ShapeTensor:
            tensor = tensor.as_subclass(ShapeTensor)
        tensor.lengths = lengths
        tensor.node = node
        return tensor


ShapeTensor.__name__ = "Tensor"  # what Python says of it is told to people who know a Tensor
