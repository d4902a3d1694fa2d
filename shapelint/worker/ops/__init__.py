"""Transfer functions: what each PyTorch operation does to shapes, and what it needs.

One module per family, one plain function per op, found by walking this package. A function is
registered under the names PyTorch gives the op in ``__name__``; ``torch.relu``, ``Tensor.relu``
and ``F.relu`` share one. Its parameters have the op's own names and defaults.

``OPS`` hold functions that return shapes; ``QUERIES`` hold functions that return the Python value
of a question about a tensor (``size``, ``numel``).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shapelint.registry import Registry

OPS: Registry[Callable[..., Any]] = Registry("shapelint.worker.ops")
QUERIES: Registry[Callable[..., Any]] = Registry("shapelint.worker.ops")

op = OPS.register
query = QUERIES.register

LAX: set[str] = set()
"""Ops whose meta kernel accepts what the CPU kernel refuses; their module adds them."""

COMPOSITES: set[str] = set()
"""Python functions (``F.kl_div``) whose body is run, although a builtin shares their name."""


class Meeting(NamedTuple):
    """Which sizes a kernel compares with each other: those that are in the same place."""

    places: Callable[[int], Sequence[int]]
    """Those of the dims of a tensor that has so many."""
    counts: bool = False
    """Whether whole numbers among the arguments are sizes as well."""


ANYWHERE = Meeting(lambda rank: (0,) * rank)
FROM_THE_BACK = Meeting(lambda rank: range(-rank, 0))
"""What broadcasts: the last dim meets last dims."""
PER_CHANNEL = Meeting(lambda rank: (1,) if rank == 1 else range(rank))
"""One tensor of any rank, and vectors that have a number for each index of its dim 1."""

COMPARING: dict[str, Meeting] = {}
"""Ops whose kernel does nothing with a size but compare it with 1, with 0, and with those that it
meets; their module adds them."""

RESIZING: dict[str, Callable[..., bool]] = {}
"""Ops whose kernel makes the lengths that it is asked for, and does nothing else with a size but
compare it: where this says so of the arguments; their module adds them."""
