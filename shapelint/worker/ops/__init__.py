"""Transfer functions: what each PyTorch operation does to shapes, and what it needs.

One module per family, one plain function per op, found by walking this package. A function is
registered under the names PyTorch gives the op in ``__name__``; ``torch.relu``, ``Tensor.relu``
and ``F.relu`` share one. Its parameters have the op's own names and defaults.

``OPS`` hold functions that return shapes; ``QUERIES`` hold functions that return the Python value
of a question about a tensor (``size``, ``numel``).
"""

from collections.abc import Callable
from typing import Any

from shapelint.registry import Registry

OPS: Registry[Callable[..., Any]] = Registry("shapelint.worker.ops")
QUERIES: Registry[Callable[..., Any]] = Registry("shapelint.worker.ops")

op = OPS.register
query = QUERIES.register

LAX: set[str] = set()
"""Ops whose meta kernel accepts what the CPU kernel refuses; their module adds them."""

COMPOSITES: set[str] = set()
"""Python functions (``F.kl_div``) whose body is run, although a builtin shares their name."""

COMPARING: set[str] = set()
"""Ops whose kernel does nothing with a size but compare it with others, with 1 and with 0; their
module adds them."""

RESIZING: dict[str, Callable[..., bool]] = {}
"""Ops whose kernel makes the lengths that it is asked for, and does nothing else with a size but
compare it: where this says so of the arguments; their module adds them."""
