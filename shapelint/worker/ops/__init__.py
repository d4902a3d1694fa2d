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
    """Which sizes a kernel compares with each other: those to which ``places`` gives one number."""

    places: Callable[[int], Sequence[int]]
    """For a tensor of this rank a number for each dim."""
    counts: bool = False
    """Whether integers among the arguments are sizes as well."""


ANYWHERE = Meeting(lambda rank: (0,) * rank)
"""Every size may be compared with every other."""
FROM_THE_BACK = Meeting(lambda rank: range(-rank, 0))
"""Broadcasting: dims are aligned at the last one."""
PER_CHANNEL = Meeting(lambda rank: (1,) if rank == 1 else range(rank))
"""One tensor of any rank, and vectors with an element for each index of its dim 1."""

COMPARING: dict[str, Meeting] = {}
"""Ops whose meta kernel only compares a size with 0, with 1, and with those that it meets. Their
modules add them; :mod:`shapelint.worker.kernel_cache` uses them."""

RESIZING: dict[str, Callable[..., bool]] = {}
"""Ops whose meta kernel only compares sizes and returns the lengths that the arguments ask for, if
this function of the arguments is true. Their modules add them, for the same use."""
