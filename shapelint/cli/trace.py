"""``shapelint trace``: one run as a table, up to and including the call that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from shapelint.cli._options import color_option, model_options, settings
from shapelint.cli._output import echo
from shapelint.config import Settings
from shapelint.text.details import template
from shapelint.text.layout import pad, visible, width
from shapelint.text.paint import paint

if TYPE_CHECKING:
    from shapelint.model import Examination
    from shapelint.trace import Node, Shape, Trace

Row = tuple[str, ...]


@click.command("trace")
@click.argument("target")
@model_options
@color_option
@click.pass_context
def command(ctx: click.Context, /, target: str, color: Any, **_: Any) -> int:
    """Show every call of TARGET with its lengths, also when it fails.

    The exit code is 1 if it does.
    """
    from shapelint.engine import examine

    asked: Settings = settings(ctx, target)
    seen = examine(target, asked)
    echo("".join(f"{line}\n" for line in table(seen)), color)
    return int(seen.trace is None or seen.trace.failure is not None)


def table(seen: Examination) -> Iterator[str]:
    """The lines of the table: layer, lengths, the shape at the sizes of the run, what is joined."""
    report, trace = seen.report, seen.trace
    yield paint(visible(f"{report.target}{template(report)}"), "strong")
    if trace is None:
        yield f"{paint('not checked', 'warning')}: {visible(report.reason)}"
        return
    sizes = ", ".join(f"{name} = {size}" for name, size in trace.hints.items())
    head = ("layer", "type", "op", "input -> output", f"at {sizes}" if sizes else "sizes", "")
    rows = [_row(node, trace, node.index in seen.junctions) for node in _shown(trace)]
    yield from _aligned([head, *rows], None if trace.failure is None else trace.failure.node)
    if trace.failure is not None:
        yield f"{paint('error', 'error')}: {visible(trace.failure.error)}"


def _shown(trace: Trace) -> Sequence[Node]:
    """Everything but reads of attributes, which do nothing to shapes."""
    return [n for n in trace.nodes if not n.op.startswith("__get__")]


def _row(node: Node, trace: Trace, joins: bool) -> Row:
    tensors = zip(node.inputs, node.input_shapes, strict=False)
    before = [shape for source, shape in tensors if source >= 0]
    failed = trace.failure is not None and trace.failure.node == node.index
    after = "fails" if failed and not node.shapes else _symbolic(node.shapes)
    lengths = f"{_symbolic(before)} -> {after}" if before else after
    concrete = "fails" if after == "fails" else _concrete(node.shapes, trace.hints)
    mark = f"joins {' and '.join(_names(node, trace))}" if joins else ""
    return (*_layer(node), lengths, concrete, mark)


def _layer(node: Node) -> Row:
    """Path of the module, its type, and the operation; calls of the root have no path."""
    if node.op == "placeholder":
        return node.name, "", "input"
    return node.module, node.module_type if node.module else "", node.op


def _names(node: Node, trace: Trace) -> list[str]:
    layers = (_layer(trace.nodes[i]) for i in node.inputs if i >= 0)
    return [path or op for path, _, op in layers]


def _symbolic(shapes: Sequence[Shape]) -> str:
    from shapelint.lengths.formulas import formula

    return ", ".join(f"({', '.join(map(formula, shape))})" for shape in shapes)


def _concrete(shapes: Sequence[Shape], sizes: dict[str, int]) -> str:
    return ", ".join(f"({', '.join(str(e.at(sizes)) for e in shape)})" for shape in shapes)


def _aligned(rows: Sequence[Row], failed: int | None) -> Iterator[str]:
    """The header faint, the last row red if the run ended there."""
    columns = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = (pad(cell, size) for cell, size in zip(row, columns, strict=True))
        line = "  ".join(cells).rstrip()
        last = failed is not None and failed >= 0 and number == len(rows) - 1
        yield paint(line, "error") if last else paint(line, "faint") if number == 0 else line
