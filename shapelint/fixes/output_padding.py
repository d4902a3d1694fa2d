"""``output_padding`` for every decoder stage that returns too little at ordinary sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapelint.fixes import Change, Proposal, proposes
from shapelint.losses import structure_at
from shapelint.model import Applicability
from shapelint.stages import Stage
from shapelint.subject import Subject

__all__ = ["Wrong", "one_per_call", "propose", "wrong_stages"]


@dataclass(frozen=True)
class Wrong:
    """A transposed convolution and what its output length should be, per dim."""

    stage: Stage
    missing: tuple[int, ...]
    """Samples missing at each spatial dim; negative where there are too many."""


@proposes("roundtrip-length", "residue-sensitive", "skip-length-mismatch")
def propose(subject: Subject) -> Iterator[Proposal]:
    """One proposal that repairs the whole chain at ordinary sizes."""
    patches, changes, values = [], [], {}
    for wrong in wrong_stages(subject):
        node = wrong.stage.node
        given = _spatial(node.attrs.get("output_padding", 0), len(wrong.missing))
        value = [g + m for g, m in zip(given, wrong.missing)]
        if value == given:
            continue
        strides = _spatial(node.attrs.get("stride", 1), len(value))
        dilations = _spatial(node.attrs.get("dilation", 1), len(value))
        if any(not 0 <= v < max(s, d) for v, s, d in zip(value, strides, dilations)):
            return
        patches.append({"kind": "attr", "module": node.module, "name": "output_padding", "value": value})
        values[node.module] = _short(value)
        if node.layer_span is not None:
            changes.append(Change(node.layer_span, "output_padding", _short(value)))
    if patches:
        safety: Applicability = "unsafe"
        title = _title(values)
        yield Proposal(title, tuple(patches), "checkpoints still load", safety, one_per_call(changes))


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


def _spatial(value: object, rank: int) -> list[int]:
    return list(value) if isinstance(value, list) else [value] * rank  # type: ignore[list-item]


def _short(value: list[int]) -> str:
    return str(value[0]) if len(set(value)) == 1 else str(tuple(value))


def _title(values: dict[str, str]) -> str:
    """``output_padding=1``, with the layers named if there are several."""
    distinct = sorted(set(values.values()))
    if len(distinct) == 1:
        where = f" in {', '.join(values)}" if len(values) > 1 else ""
        return f"output_padding={distinct[0]}{where}"
    return ", ".join(f"output_padding={v} in {m}" for m, v in values.items())
