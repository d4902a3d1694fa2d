"""Softmax along a dim, which must be there: the meta kernel does not look.

Texts of errors: ``c10/core/WrapDimMinimal.cpp``.
"""

from __future__ import annotations

from typing import Any

from shapelint.worker.ops import COMPARING, FROM_THE_BACK, op
from shapelint.worker.shapes import Shape, dim_index, shape_of

COMPARING.update(dict.fromkeys(("softmax", "log_softmax"), FROM_THE_BACK))


@op("softmax", "log_softmax", "_softmax", "_log_softmax", "special_softmax", "special_log_softmax")
def softmax(input: Any, dim: int | None = None, *args: Any, **kwargs: Any) -> Shape:
    """The shape of the input. Without ``dim`` the function chooses one."""
    shape = shape_of(input)
    if dim is not None:
        dim_index(dim, len(shape))
    return shape
