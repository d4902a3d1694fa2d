"""Parameters of layers, per dim, and the changes that give them other values."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.fixes import Change, Proposal
from shapelint.lengths.expr import Expr
from shapelint.source.calls import Slot
from shapelint.source.writings import shared_expression
from shapelint.subject import Subject
from shapelint.trace import Node
from shapelint.wording import short

Values = dict[str, dict[str, list[int]]]
"""By the name of a node and the name of a parameter: its value in every dim."""

_LAYERS = ("AvgPool", "Conv", "Linear", "MaxPool", "MaxUnpool")


def declared_length(subject: Subject, length: Expr) -> int | None:
    """A length that is the same for every size, or what it is at a size that is declared."""
    if not length.symbols:
        return length.const
    sizes = subject.domain.nearest(subject.base.hints) if subject.declared else None
    return None if sizes is None else length.at(sizes)


def per_dim(value: object, rank: int) -> list[int]:
    """A parameter given once or per dim, as a list of ``rank`` values."""
    return list(value) if isinstance(value, list) else [value] * rank  # type: ignore[list-item]


def is_layer(node: Node) -> bool:
    """Whether a layer of PyTorch made the call, and not code that calls a function."""
    return node.layer_span is not None or node.module_type.startswith(_LAYERS)


def patch_of(node: Node, name: str, value: object) -> dict[str, object]:
    """The patch that sets a parameter of a layer, or of this call of a function."""
    if is_layer(node):
        return {"kind": "attr", "module": node.module, "name": name, "value": value}
    position = Slot.of_function(node.span, name, node.op).position if node.span else None
    argument = {"kind": "argument", "node": node.name, "name": name, "value": value}
    return {**argument, "position": position}


def changes_of(
    subject: Subject, keyword: str, values: Mapping[str, tuple[Node, object]]
) -> tuple[Change, ...]:
    """What to write, for nodes by name; layers that the same calls build keep their values."""
    spans = {node.layer_span for node, _ in values.values()}
    modules = {node.module for node, _ in values.values() if node.layer_span}
    out: list[Change] = []
    seen: set[str] = set()
    for node in subject.base.nodes:
        if node.name in values:
            out.append(Change(node, keyword, short(values[node.name][1])))
        elif node.layer_span in spans - {None} and node.module not in modules | seen:
            seen.add(node.module)
            given = node.attrs.get(keyword, 0)
            out.append(Change(node, keyword, short(given), kept=True))
    return tuple(out)


def titled(
    subject: Subject, keyword: str, changes: tuple[Change, ...], where: Mapping[str, str]
) -> str:
    """``output_padding=1``, with the layers named if there are several; ``stride % 2`` if it fits.

    ``where`` names each layer by the name of its node.
    """
    if len({c.value for c in changes}) > 1:
        common = shared_expression(changes, subject.files)
        if common:
            return f"{keyword}={common}"
    mine = [c for c in changes if not c.kept]
    distinct = {c.value: [where[d.node.name] for d in mine if d.value == c.value] for c in mine}
    if len(changes) == 1:
        return f"{keyword}={mine[0].value}"
    return ", ".join(f"{keyword}={v} in {', '.join(names)}" for v, names in distinct.items())


def proposal_of(subject: Subject, values: Values) -> Proposal:
    """Set parameters of layers."""
    nodes = {n.name: n for t in subject.exploration.traces for n in t.nodes if n.name in values}
    patches, changes, titles = [], list[Change](), []
    where = {name: nodes[name].module or nodes[name].op for name in values}
    for parameter in dict.fromkeys(p for given in values.values() for p in given):
        chosen = {n: (nodes[n], v[parameter]) for n, v in values.items() if parameter in v}
        patches += [patch_of(node, parameter, value) for node, value in chosen.values()]
        written = changes_of(subject, parameter, chosen)
        changes += written
        titles.append(titled(subject, parameter, written, where))
    return Proposal(
        ", ".join(titles), tuple(patches), "checkpoints still load", "unsafe", tuple(changes)
    )
