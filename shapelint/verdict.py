"""From one analysis to what is reported about it: the same for a file and for a live module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapelint.contracts import contracts
from shapelint.lengths.effort import TooHard
from shapelint.model import Contract, Diagnostic, Evidence, TargetReport
from shapelint.returns import returned_shapes
from shapelint.rules import find_rule

if TYPE_CHECKING:
    from shapelint.analysis import Analysis
    from shapelint.lengths.sets import SizeSet


@dataclass(frozen=True)
class Verdict:
    """What is said about one target."""

    report: TargetReport
    diagnostics: tuple[Diagnostic, ...]


def verdict(
    analysis: Analysis,
    path: str = "",
    class_name: str = "",
    assumed: tuple[str, ...] = (),
) -> Verdict:
    """The findings and the evidence; less than a proof is a finding as well."""
    doubts = analysis.doubts
    valid, comes_back, unknown = _sets(analysis)
    doubts += unknown
    evidence = analysis.evidence_given(doubts)
    tried = [analysis.sweep.words] if analysis.sweep is not None else []
    report = TargetReport(
        target=analysis.target,
        path=path or analysis.span.path,
        class_name=class_name or analysis.target,
        inputs=analysis.inputs,
        evidence=evidence,
        reason="; ".join((*tried, *doubts[:3])),
        valid_sizes=valid,
        roundtrip_sizes=comes_back,
        unknown_sizes=_unknown(analysis) if valid is not None else None,
        outputs=() if analysis.sweep else _returned(analysis),
        assumed=assumed,
        contracts=_contracts(analysis, evidence),
    )
    return Verdict(report, (*analysis.diagnostics, *_less_than_proven(report, analysis)))


def _sets(analysis: Analysis) -> tuple[SizeSet | None, SizeSet | None, tuple[str, ...]]:
    """The sizes that run and that come back, and why they are not known; as far as worked out."""
    if analysis.sweep is not None:
        return analysis.sweep.valid, None, ()
    if analysis.denials:
        return None, None, ()
    valid = comes_back = None
    try:
        with analysis.effort.spent():
            valid = analysis.valid_sizes
            if analysis.subject.returned is not None:
                found = analysis.roundtrip_sizes
                comes_back = found if found or analysis.subject.expects_roundtrip else None
    except TooHard as exc:
        return valid, None, (f"the sizes to report take too long to work out: {exc}",)
    return valid, comes_back, ()


def _unknown(analysis: Analysis) -> SizeSet | None:
    """What no run speaks for; where a window of sizes was run, the words for it say so."""
    unexplored = analysis.exploration.unexplored
    return unexplored if unexplored and analysis.sweep is None else None


def _returned(analysis: Analysis) -> tuple[str, ...]:
    """The outputs in formulas, as far as worked out."""
    try:
        with analysis.effort.spent():
            return returned_shapes(analysis.exploration)
    except TooHard:
        return ()


def _contracts(analysis: Analysis, evidence: Evidence) -> tuple[Contract, ...]:
    """What it promises, and whether it keeps that."""
    try:
        with analysis.effort.spent():
            return tuple(contracts(analysis.subject, evidence, bool(analysis.denials)))
    except TooHard as exc:
        promised = analysis.subject.promises
        return tuple(Contract(f'returns "{p.text}"', "not-checked", str(exc)) for p in promised)


def _less_than_proven(report: TargetReport, analysis: Analysis) -> tuple[Diagnostic, ...]:
    if report.evidence == "proven":
        return ()
    rule = find_rule("checked-only" if report.evidence == "checked" else "cannot-trace")
    said = rule.diagnostic(
        report.reason, target=report.target, span=analysis.span, evidence=report.evidence
    )
    return (said,)
