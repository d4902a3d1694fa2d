"""Decoder stages whose length is off at ordinary sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapelint.losses import structure_at
from shapelint.stages import Stage
from shapelint.subject import Subject


@dataclass(frozen=True)
class Wrong:
    """A transposed convolution and what its output length should be, per dim."""

    stage: Stage
    missing: tuple[int, ...]
    """Samples missing at each spatial dim; negative where there are too many."""


def wrong_stages(subject: Subject) -> Iterator[Wrong]:
    """Each judged on its own.

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
