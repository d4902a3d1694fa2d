"""What one run of a model says: the record that travels from the worker to the client.

A :class:`Trace` is pure data: standard library only, because both processes import it;
:mod:`shapelint.wire` turns it into JSON and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any as AnyValue
from typing import Literal

from shapelint.lengths.conditions import Condition, negate
from shapelint.lengths.expr import Expr
from shapelint.span import Span as Span

FIRST_INPUT = "takes its size from the first input"
"""What is said of a lazy layer whose size is not a constant; the claims are about that size."""

STEP_BY_STEP = frozenset(("gru", "lstm", "rnn_relu", "rnn_tanh"))
"""Ops that go through a sequence one element after the other, on the meta device too."""

UNFOLLOWED = "where shapelint cannot follow"
"""What is said where code may have done something else at a single other size: only runs know."""

UNKNOWN_INDEX = "an index is computed from"
"""How it begins what is said where nobody knows whether one is inside; the meta device does not
look."""

Shape = tuple[Expr, ...]
"""The lengths of all dims of one tensor."""

NeedKind = Literal[
    "match",  # lengths that are joined must be equal: cat, stack, broadcasting, unpool indices
    "fits",  # a kernel, pool or reflection must fit into its input
    "output-padding",  # output_padding < max(stride, dilation)
    "features",  # in_features, normalized_shape, matmul inner dims
    "channels",  # in_channels, num_features
    "view",  # view, reshape, unflatten, chunked windows: element counts
    "other",
]


_CONVOLUTION = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


@dataclass(frozen=True)
class Node:
    """One call that PyTorch executed."""

    index: int
    """Position in the order of execution, and in ``Trace.nodes``."""
    name: str
    """The name of the node in the ``torch.fx`` graph."""
    op: str
    """The operation as PyTorch spells it: ``conv2d``, ``view``; ``placeholder`` for inputs."""
    inputs: tuple[int, ...]
    """Nodes whose results it uses, in argument order; -1 where an argument is a plain tensor."""
    input_shapes: tuple[Shape, ...]
    """Shapes of the tensors it uses, parameters included, in argument order."""
    shapes: tuple[Shape, ...]
    """Shapes of all tensors it returns; empty if it failed."""
    module: str
    """Path of the module whose ``forward`` made the call, ``""`` for the root."""
    module_type: str
    """Class name of that module."""
    attrs: dict[str, AnyValue]
    """Plain arguments by parameter name: ``stride``, ``padding``, ``dim`` …, at the hint."""
    span: Span | None
    """The line in ``forward`` (of the user's code) that made the call."""
    layer_span: Span | None
    """The constructor call that built ``module``; None for calls outside leaf modules."""
    builders: tuple[Span, ...] = ()
    """Constructor calls of the enclosing modules and factory functions, innermost first."""
    local: tuple[Expr | None, ...] = ()
    """For each dim whose length changed: the new length in terms of ``n``, the old one."""

    def convolution(self, dim: int) -> list[AnyValue]:
        """Stride, padding, dilation and output_padding of one spatial dim; ints, unless "same"."""
        given = (self.attrs.get(name, usual) for name, usual in _CONVOLUTION.items())
        return [value[dim] if isinstance(value, list) else value for value in given]


@dataclass(frozen=True)
class Event:
    """A condition on the sizes, in the order in which the run came across it.

    A *need* is a condition an operation puts on its inputs: where it does not hold, PyTorch raises.
    A *branch* is a condition the code tested: where it does not hold, the run goes another way.
    """

    kind: Literal["need", "branch"]
    condition: Condition
    holds: bool
    """At the hint. A branch that did not hold was taken the other way."""
    node: int
    """The node it belongs to (for a branch: the last node before it), -1 before the first."""
    need: NeedKind = "other"
    why: str = ""
    """The need in PyTorch's words, with the lengths at the hint filled in.

    Of a branch: how a length became an ordinary number, if that is why only this value is known.
    """
    lengths: tuple[Expr, ...] = ()
    """The lengths that the need compares, in the order in which ``why`` names them."""
    span: Span | None = None
    certain: bool = True
    """Whether every input fails where a need does not hold; False if it is up to the values."""

    @property
    def relied(self) -> Condition:
        """What holds at the hint: the condition or its opposite."""
        return self.condition if self.holds else negate(self.condition)


@dataclass(frozen=True)
class Failure:
    """The exception that ended the run."""

    node: int
    """The node that raised, -1 if none did (an ``assert``, a ``raise`` in ``forward``)."""
    error: str
    """``RuntimeError: …``: PyTorch's own text where PyTorch raised."""
    explained: bool
    """Whether a need that does not hold at the hint explains it (the last event)."""
    span: Span | None = None


@dataclass(frozen=True)
class Trace:
    """One run of ``forward`` at concrete sizes, with lengths riding along."""

    hints: dict[str, int]
    nodes: tuple[Node, ...]
    events: tuple[Event, ...]
    outputs: tuple[Shape, ...]
    """Shape of every output tensor, flattened in pytree order; empty if the run failed."""
    failure: Failure | None = None
    checked: tuple[str, ...] = ()
    """Reasons why lengths are only checked, not proven: operations whose formula was probed,
    sizes that left the tracer's sight. Empty for an exact run."""
    lax: bool = False
    """Whether an op ran whose meta kernel accepts more than its CPU kernel."""
    replayed: tuple[dict[str, int], ...] = ()
    """Sizes that take other paths through calls whose paths were merged, see ``worker.merging``."""
    raising: tuple[Trace, ...] = ()
    """Runs that leave this one at a branch and raise; their nodes are a prefix of its nodes."""
    inputs: tuple[int, ...] = field(default=())
    """The placeholder nodes."""
    results: tuple[int, ...] = field(default=())
    """The node of each output, -1 for a tensor that depends on no size."""
