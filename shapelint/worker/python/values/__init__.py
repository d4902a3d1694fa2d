"""Constant propagation through PyTorch operations: one module per family, one rule per op.

A rule gets a :class:`.call.Call`, in which tensors are replaced by their
:class:`~.contents.Contents`, and returns the contents of the result. It is found by
PyTorch's name of the op, as transfer functions are.

``MADE`` holds rules for tensors that are made of numbers, ``FOLLOWED`` rules for those that are
made of tensors whose contents are known.
"""

from collections.abc import Callable
from typing import Any

from shapelint.registry import Registry

Rule = Callable[..., Any]

MADE: Registry[Rule] = Registry("shapelint.worker.python.values")
FOLLOWED: Registry[Rule] = Registry("shapelint.worker.python.values")

made = MADE.register
followed = FOLLOWED.register
