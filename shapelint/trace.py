"""What one run of a model says: the record that travels from the worker to the client.

A :class:`Trace` is pure data: standard library only, because both processes import it.
:func:`encode` and :func:`decode` turn it into JSON and back. Expressions and conditions are
written once into a table and referred to by index, so a length shared by a thousand nodes costs
one entry.

The wire format is versioned by :data:`WIRE_VERSION`; a client refuses a worker of another version.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any as AnyValue
from typing import Literal

from shapelint.lengths.conditions import All, Any, Compare, Condition
from shapelint.lengths.expr import Div, Expr, Prod, Rounded, Sym, as_expr
from shapelint.lengths.real import Real, RealTest

__all__ = [
    "WIRE_VERSION",
    "Event",
    "Failure",
    "NeedKind",
    "Node",
    "Shape",
    "Span",
    "Trace",
    "decode",
    "encode",
]

WIRE_VERSION = 1

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


@dataclass(frozen=True)
class Span:
    """A range in a source file, end exclusive.

    Lines and columns count from 1; columns in bytes of UTF-8, as in syntax trees and code objects.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


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
    """The need in PyTorch's words, with the lengths at the hint filled in."""
    lengths: tuple[Expr, ...] = ()
    """The lengths that the need compares, in the order in which ``why`` names them."""
    span: Span | None = None


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
    inputs: tuple[int, ...] = field(default=())
    """The placeholder nodes."""
    results: tuple[int, ...] = field(default=())
    """The node of each output, -1 for a tensor that depends on no size."""


# -- JSON -----------------------------------------------------------------------------------


class _Writer:
    """Tables of expressions, conditions and spans, each written once."""

    def __init__(self) -> None:
        self.table: list[AnyValue] = []
        self.index: dict[AnyValue, int] = {}

    def add(self, key: AnyValue, row: AnyValue) -> int:
        self.table.append(row)
        self.index[key] = len(self.table) - 1
        return self.index[key]

    def ref(self, value: AnyValue) -> int:
        """The row of an expression, condition, atom, float computation or span."""
        known = self.index.get(value)
        return self.add(value, self.row(value)) if known is None else known

    def row(self, value: AnyValue) -> list[AnyValue]:
        if isinstance(value, Expr):
            return ["+", value.const, [[self.ref(a), c] for a, c in value.terms.items()]]
        if isinstance(value, Sym):
            return ["sym", value.name]
        if isinstance(value, Div):
            return ["//", self.ref(value.num), self.ref(as_expr(value.den))]
        if isinstance(value, Prod):
            return ["*", [self.ref(f) for f in value.factors]]
        if isinstance(value, Rounded):
            return ["round", value.mode, self.ref(value.real)]
        if isinstance(value, Real):
            return ["real", value.op, [self.operand(a) for a in value.args]]
        if isinstance(value, RealTest):
            return ["test", value.op, self.operand(value.left), self.operand(value.right)]
        if isinstance(value, Compare):
            return ["?", value.op, self.ref(value.expr)]
        if isinstance(value, (All, Any)):
            return ["all" if isinstance(value, All) else "any", [self.ref(p) for p in value.parts]]
        return ["span", *dataclasses.astuple(value)]

    def operand(self, value: AnyValue) -> AnyValue:
        return value.hex() if isinstance(value, float) else self.ref(value)


def encode(trace: Trace) -> dict[str, AnyValue]:
    """A trace as JSON values; :func:`decode` is its inverse."""
    out = _Writer()

    def shapes(value: tuple[Shape, ...]) -> list[list[int]]:
        return [[out.ref(e) for e in shape] for shape in value]

    def span(value: Span | None) -> int | None:
        return None if value is None else out.ref(value)

    def node(n: Node) -> list[AnyValue]:
        local = [None if e is None else out.ref(e) for e in n.local]
        where = [span(n.span), span(n.layer_span), [span(b) for b in n.builders]]
        return [
            n.name, n.op, n.inputs, shapes(n.input_shapes), shapes(n.shapes),
            n.module, n.module_type, n.attrs, where, local,
        ]  # fmt: skip

    def event(e: Event) -> list[AnyValue]:
        lengths = [out.ref(x) for x in e.lengths]
        return [e.kind, out.ref(e.condition), e.holds, e.node, e.need, e.why, lengths, span(e.span)]

    failed = trace.failure
    body = {
        "hints": trace.hints,
        "nodes": [node(n) for n in trace.nodes],
        "events": [event(e) for e in trace.events],
        "outputs": shapes(trace.outputs),
        "failure": failed and [failed.node, failed.error, failed.explained, span(failed.span)],
        "checked": trace.checked,
        "lax": trace.lax,
        "inputs": trace.inputs,
        "results": trace.results,
    }
    return {"version": WIRE_VERSION, "table": out.table, **body}


class _Reader:
    """Rows of the table back into values; a row only refers to rows before it."""

    def __init__(self, table: list[list[AnyValue]]) -> None:
        self.values: list[AnyValue] = []
        for row in table:
            self.values.append(self.value(*row))

    def value(self, tag: str, *row: AnyValue) -> AnyValue:
        get = self.values.__getitem__
        if tag == "+":
            return Expr(row[0], {get(a): c for a, c in row[1]})
        if tag == "sym":
            return Sym(row[0])
        if tag == "//":
            den: Expr = get(row[1])
            return Div(get(row[0]), den.const if den.is_const else den)
        if tag == "*":
            return Prod(tuple(map(get, row[0])))
        if tag == "round":
            return Rounded(row[0], get(row[1]))
        if tag == "real":
            return Real(row[0], tuple(map(self.operand, row[1])))
        if tag == "test":
            return RealTest(row[0], self.operand(row[1]), self.operand(row[2]))
        if tag == "?":
            return Compare(row[0], get(row[1]))
        if tag in ("all", "any"):
            return (All if tag == "all" else Any)(tuple(map(get, row[0])))
        if tag == "span":
            return Span(*row)
        raise ValueError(f"unknown tag in a trace: {tag!r}")

    def operand(self, value: AnyValue) -> AnyValue:
        return float.fromhex(value) if isinstance(value, str) else self.values[value]


def decode(message: dict[str, AnyValue]) -> Trace:
    """The trace in a message. Raises ValueError for another version or a malformed message."""
    if message.get("version") != WIRE_VERSION:
        raise ValueError(f"wire version {message.get('version')!r}, expected {WIRE_VERSION}")
    try:
        return _decode(message, _Reader(message["table"]).values.__getitem__)
    except (KeyError, IndexError, TypeError) as exc:
        raise ValueError(f"malformed trace: {exc!r}") from exc


def _decode(message: dict[str, AnyValue], get: AnyValue) -> Trace:
    def shapes(value: AnyValue) -> tuple[Shape, ...]:
        return tuple(tuple(map(get, shape)) for shape in value)

    def span(value: AnyValue) -> Span | None:
        return None if value is None else get(value)

    def node(index: int, row: list[AnyValue]) -> Node:
        name, op, inputs, before, after, module, kind, attrs, where, local = row
        return Node(
            index, name, op, tuple(inputs), shapes(before), shapes(after), module, kind, attrs,
            span(where[0]), span(where[1]), tuple(map(get, where[2])),
            tuple(None if e is None else get(e) for e in local),
        )  # fmt: skip

    def event(row: list[AnyValue]) -> Event:
        kind, condition, holds, at, need, why, lengths, where = row
        return Event(
            kind, get(condition), holds, at, need, why, tuple(map(get, lengths)), span(where)
        )

    failed = message["failure"]
    return Trace(
        hints=message["hints"],
        nodes=tuple(node(i, row) for i, row in enumerate(message["nodes"])),
        events=tuple(map(event, message["events"])),
        outputs=shapes(message["outputs"]),
        failure=failed and Failure(failed[0], failed[1], failed[2], span(failed[3])),
        checked=tuple(message["checked"]),
        lax=message["lax"],
        inputs=tuple(message["inputs"]),
        results=tuple(message["results"]),
    )
