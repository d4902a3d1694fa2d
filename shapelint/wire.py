"""A trace as JSON: what a worker sends and the client reads.

Expressions and conditions are written once into a table and referred to by index, so a length
shared by a thousand nodes costs one entry. The format is versioned by :data:`WIRE_VERSION`; a
client refuses a worker of another version.
"""

from __future__ import annotations

import dataclasses
from typing import Any as AnyValue

from shapelint.lengths.conditions import All, Any, Compare
from shapelint.lengths.expr import Div, Expr, Prod, Rounded, Sym, as_expr
from shapelint.lengths.real import Real
from shapelint.lengths.real_tests import RealTest
from shapelint.trace import Event, Failure, Node, Shape, Span, Trace

WIRE_VERSION = 1


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
        where = [lengths, span(e.span), e.certain]
        return [e.kind, out.ref(e.condition), e.holds, e.node, e.need, e.why, *where]

    def run(t: Trace) -> dict[str, AnyValue]:
        failed = t.failure
        return {
            "hints": t.hints,
            "events": [event(e) for e in t.events],
            "outputs": shapes(t.outputs),
            "failure": failed and [failed.node, failed.error, failed.explained, span(failed.span)],
            "checked": t.checked,
            "lax": t.lax,
            "replayed": t.replayed,
            "raising": [{**run(other), "nodes": len(other.nodes)} for other in t.raising],
            "inputs": t.inputs,
            "results": t.results,
        }

    body = {**run(trace), "nodes": [node(n) for n in trace.nodes]}
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
        kind, condition, holds, at, need, why, lengths, where, certain = row
        compared = tuple(map(get, lengths))
        return Event(kind, get(condition), holds, at, need, why, compared, span(where), certain)

    def run(row: dict[str, AnyValue], nodes: tuple[Node, ...]) -> Trace:
        failed = row["failure"]
        return Trace(
            hints=row["hints"],
            nodes=nodes,
            events=tuple(map(event, row["events"])),
            outputs=shapes(row["outputs"]),
            failure=failed and Failure(failed[0], failed[1], failed[2], span(failed[3])),
            checked=tuple(row["checked"]),
            lax=row["lax"],
            replayed=tuple(row["replayed"]),
            raising=tuple(run(other, nodes[: other["nodes"]]) for other in row["raising"]),
            inputs=tuple(row["inputs"]),
            results=tuple(row["results"]),
        )

    return run(message, tuple(node(i, row) for i, row in enumerate(message["nodes"])))
