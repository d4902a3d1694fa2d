"""Between which two numbers every element lies, where the elements themselves are not known.

An index that a model computes has to be inside of what it picks from. ``argmax`` over ``n`` places
gives ``0 … n - 1`` whatever the values are, so that may be known without them: the value ranges of
compilers, https://en.wikipedia.org/wiki/Value_range_analysis.

A rule has the parameters of the op, and gives the range of what comes out: one for all results, a
tuple with one for each, None where nothing is known. It is found by PyTorch's name of the op, as
transfer functions are.
"""

from collections.abc import Callable
from typing import Any

from shapelint.registry import Registry

RANGES: Registry[Callable[..., Any]] = Registry("shapelint.worker.python.ranges")

ranged = RANGES.register
