"""What a transfer function says about a call, held against what PyTorch did."""

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
    """What the transfer function raised: PyTorch should raise as well."""
    dtypes: tuple[torch.dtype, ...] | None = None
    """What the CPU makes of the dtypes, where the meta kernel may make something else of them."""


def claim_of(call: OpCall) -> Claim:
    """Ask the transfer function. Raises what it raises where values decide about the shape."""
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
    """Whether a need says why a call failed; one that no size meets is recorded if it is due.

    Where the transfer function raised as well, the call is wrong in what has nothing to do with
    lengths: the number of dims, or of operands.
    """
    if claim.failed is not None:
        return True
    if claim.broken is None or isinstance(claim.broken, ArithmeticError):
        return dtypes.explain(call)
    _at_every_size(exc)
    return True


def _at_every_size(exc: Exception) -> NeedFailed:
    """What PyTorch raises as a need, because meta kernels do not always look."""
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
