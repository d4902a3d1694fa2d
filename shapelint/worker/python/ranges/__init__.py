"""Value range analysis: bounds of the elements of tensors whose elements are not known.

An index that a model computes has to be in bounds. ``argmax`` over ``n`` places returns one of
``0 … n - 1`` for any values, so that can be checked without them.
https://en.wikipedia.org/wiki/Value_range_analysis

A rule has the parameters of the op and returns the range of the results: one for all of them, or a
tuple with one for each; None where nothing is known. It is found by PyTorch's name of the op, as
transfer functions are.
"""

from collections.abc import Callable
from typing import Any

from shapelint.registry import Registry

RANGES: Registry[Callable[..., Any]] = Registry("shapelint.worker.python.ranges")

ranged = RANGES.register
