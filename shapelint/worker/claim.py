"""The claim of a transfer function about a call, compared with what PyTorch did."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from shapelint.lengths.conditions import FALSE
from shapelint.worker import dtypes
from shapelint.worker.nested import shapes_in
from shapelint.worker.overlap import needs_room, written_to
from shapelint.worker.record import OpCall
from shapelint.worker.recorder import NeedFailed
from shapelint.worker.shapes import NoSuchDim, Shape, need, only_on_cpu

_NO_VALUES = "cannot be called on meta tensors"
"""What PyTorch says where a tensor stands for a number: ``F.pad(x, (0, self.extra))``."""


class ShapeMismatch(AssertionError):
    """A transfer function and PyTorch disagree: a bug in shapelint. Names the op."""


@dataclass(frozen=True)
class Claim:
    """The shapes that a call should return, or the need it does not meet."""

    shapes: Any = None
    failed: NeedFailed | None = None
    broken: Exception | None = None
    """What the transfer function raised other than a need: PyTorch should raise as well."""
    dtypes: tuple[torch.dtype, ...] | None = None
    """The dtypes of the results on the CPU, where those of the meta kernel may differ."""


def claim_of(call: OpCall) -> Claim:
    """Call the transfer function.

    Raises NotImplementedError, and the error of PyTorch, where the shape depends on values.
    """
    if call.transfer is None:
        return Claim()
    try:
        written = written_to(call)
        if written is not None:
            needs_room(written, written.lengths)
        shapes = call.transfer(*call.args, **call.kwargs)
        return Claim(shapes, dtypes=dtypes.returned(call))
    except NeedFailed as exc:
        return Claim(failed=exc)
    except NoSuchDim as exc:
        return Claim(failed=_at_every_size(exc))
    except NotImplementedError:
        raise
    except Exception as exc:  # PyTorch's own error goes first; without one the bug is ours
        if _NO_VALUES in str(exc):
            raise
        return Claim(broken=exc)


def explained(call: OpCall, claim: Claim, exc: Exception) -> bool:
    """Whether a need explains the exception ``exc`` of a call.

    If only dtypes do, or what has nothing to do with lengths (the number of dims, of operands: the
    transfer function raised as well), a need that holds at no size is recorded.
    """
    if claim.failed is not None:
        return True
    if claim.broken is None or isinstance(claim.broken, ArithmeticError):
        return dtypes.explain(call)
    _at_every_size(exc)
    return True


def _at_every_size(exc: Exception) -> NeedFailed:
    """Record a need that holds at no size, with the text of ``exc``; meta kernels may accept it."""
    only_on_cpu()
    kind = IndexError if isinstance(exc, IndexError) else type(exc)
    with suppress(NeedFailed):
        need(FALSE, "other", str(exc), error=kind)
    return NeedFailed(str(exc), kind)


def symbolic(call: OpCall, shapes: Any, real: Any) -> tuple[Shape, ...]:
    """The shapes of all results. Raises ShapeMismatch unless they are those that PyTorch gave."""
    if isinstance(real, torch.Tensor):
        shape = shapes if isinstance(shapes, Shape) else Shape(shapes)
        _agree(call.name, shape, real)
        return (shape,)
    known = tuple(shapes_in(shapes))
    results = [r for r in pytree.tree_leaves(real) if isinstance(r, torch.Tensor)]
    if len(known) != len(results):
        raise ShapeMismatch(f"{call.name}: {len(known)} shapes for {len(results)} tensors")
    for shape, result in zip(known, results):
        _agree(call.name, shape, result)
    return known


def _agree(name: str, shape: Shape, real: torch.Tensor) -> None:
    with torch._C.DisableTorchFunction():
        actual = tuple(real.shape)
    claimed = tuple(map(int, shape))
    if claimed != actual:
        raise ShapeMismatch(f"{name}: transfer function says {claimed}, PyTorch {actual}")
