"""``output_padding`` for every decoder stage that returns too little at ordinary sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapelint.edits import keyword_source
from shapelint.fixes import Change, Proposal, proposes
from shapelint.losses import structure_at
from shapelint.stages import Stage
from shapelint.subject import Subject
from shapelint.trace import Span

__all__ = ["Wrong", "one_per_call", "per_dim", "propose", "short", "wrong_stages"]


@dataclass(frozen=True)
class Wrong:
    """A transposed convolution and what its output length should be, per dim."""

    stage: Stage
    missing: tuple[int, ...]
    """Samples missing at each spatial dim; negative where there are too many."""


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """One proposal that repairs the whole chain at ordinary sizes."""
    values = {}
    for wrong in wrong_stages(subject):
        value = _repaired(wrong)
        if value is None:
            return
        values[wrong.stage.node.module] = value
    if not values:
        return
    patches = tuple(
        {"kind": "attr", "module": module, "name": "output_padding", "value": value}
        for module, value in values.items()
    )
    changes, expression = _changes(subject, values)
    title = f"output_padding={expression}" if expression else _title(values)
    yield Proposal(title, patches, "checkpoints still load", "unsafe", changes)


def _repaired(wrong: Wrong) -> list[int] | None:
    """The ``output_padding`` that adds what is missing; None if the layer would refuse it."""
    attrs, rank = wrong.stage.node.attrs, len(wrong.missing)
    given = per_dim(attrs.get("output_padding", 0), rank)
    value = [g + m for g, m in zip(given, wrong.missing)]
    limits = zip(per_dim(attrs.get("stride", 1), rank), per_dim(attrs.get("dilation", 1), rank))
    allowed = all(0 <= v < max(limit) for v, limit in zip(value, limits))
    return value if allowed else None


def _changes(subject: Subject, values: Mapping[str, list[int]]) -> tuple[tuple[Change, ...], str]:
    """How to write it: one value per call, or ``stride % 2`` where one call builds all stages."""
    built: dict[Span, dict[str, tuple[int, list[int]]]] = {}
    for node in subject.base.nodes:
        if node.layer_span is None or not node.op.startswith("conv_transpose"):
            continue
        rank = len(node.local) - 2
        given = per_dim(node.attrs.get("output_padding", 0), rank)
        stride = per_dim(node.attrs.get("stride", 1), rank)[0]
        layer = (stride, values.get(node.module, given))
        built.setdefault(node.layer_span, {})[node.module] = layer
    changes, expression = [], ""
    for span, layers in built.items():
        if not values.keys() & layers.keys():
            continue
        written = {short(value) for _, value in layers.values()}
        if len(written) == 1:
            changes.append(Change(span, "output_padding", written.pop()))
        elif all(set(value) == {stride % 2} for stride, value in layers.values()):
            expression = f"{keyword_source(span, 'stride') or 'stride'} % 2"
            changes.append(Change(span, "output_padding", expression))
        else:
            return (), ""
    return tuple(changes), expression


def wrong_stages(subject: Subject) -> Iterator[Wrong]:
    """Decoder stages whose length is off at an ordinary size, each judged on its own.

    A stage is given the length it should get, not the one that the stages before it left: what it
    adds is ``after - factor * before`` whatever comes in.
    """
    sizes = subject.ordinary.nearest(subject.base.hints)
    if sizes is None:
        return
    found = structure_at(subject, sizes)
    by_node: dict[int, list[tuple[Stage, int]]] = {}
    for stage in found.stages:
        if stage.is_down or not stage.node.op.startswith("conv_transpose"):
            continue
        by_node.setdefault(stage.node.index, []).append((stage, _missing(stage, sizes)))
    for stages in by_node.values():
        rank = len(stages[0][0].node.local) - 2
        missing = [m for _, m in stages]
        missing = missing * rank if len(missing) == 1 else missing
        if any(missing):
            yield Wrong(stages[0][0], tuple(missing[:rank]))


def _missing(stage: Stage, sizes: Mapping[str, int]) -> int:
    """How much longer the output must be if the input has its ideal length."""
    enters = sizes[stage.symbol] * stage.entered
    wanted = sizes[stage.symbol] * stage.left
    if stage.local is None or enters.denominator != 1 or wanted.denominator != 1:
        return 0
    return wanted.numerator - stage.local.at({"n": enters.numerator})


def one_per_call(changes: list[Change]) -> tuple[Change, ...]:
    """Each call once; none at all if layers built by one call would need different values."""
    by_span: dict[object, Change] = {}
    for change in changes:
        if by_span.setdefault((change.span, change.keyword), change) != change:
            return ()
    return tuple(by_span.values())


def per_dim(value: object, rank: int) -> list[int]:
    """A parameter given once or per dim, as a list of ``rank`` values."""
    return list(value) if isinstance(value, list) else [value] * rank  # type: ignore[list-item]


def short(value: list[int]) -> str:
    """``[1, 1]`` as ``1``, ``[1, 2]`` as ``(1, 2)``."""
    return str(value[0]) if len(set(value)) == 1 else str(tuple(value))


def _title(values: Mapping[str, list[int]]) -> str:
    """``output_padding=1``, with the layers named if there are several."""
    distinct = sorted({short(v) for v in values.values()})
    if len(distinct) == 1:
        where = f" in {', '.join(values)}" if len(values) > 1 else ""
        return f"output_padding={distinct[0]}{where}"
    return ", ".join(f"output_padding={short(v)} in {m}" for m, v in values.items())
