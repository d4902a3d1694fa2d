"""From one analysis to its diagnostics: rules speak, PyTorch confirms, fixes are tried."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from shapelint.confirm import Confirmation, confirm_sizes, device_for
from shapelint.edits import edits_for
from shapelint.explore import Budget, explore
from shapelint.fixes import Proposal, proposals
from shapelint.lengths.sets import SizeSet
from shapelint.model import Diagnostic, Fix
from shapelint.rules import Rule, all_rules
from shapelint.subject import Subject
from shapelint.wording import every, for_sizes, size_text

if TYPE_CHECKING:
    from shapelint.analysis import Analysis

__all__ = ["Findings", "diagnose"]


_TRIAL = Budget(runs=12, first=6)
"""What trying one proposal may cost: one that needs more is not simple enough to offer."""


@dataclasses.dataclass(frozen=True)
class Findings:
    """Confirmed diagnostics, and the claims that PyTorch did not confirm."""

    diagnostics: tuple[Diagnostic, ...]
    doubts: tuple[str, ...]


def diagnose(analysis: Analysis, rules: Iterable[Rule] | None = None) -> Findings:
    """Everything the rules have to say about one model, run in PyTorch before it is said."""
    found: list[Diagnostic] = []
    doubts: list[str] = []
    chosen = [r for r in all_rules() if r.enabled] if rules is None else list(rules)
    for rule in chosen:
        for diagnostic in rule(analysis.subject):
            runs = list(_confirmations(analysis, diagnostic))
            wrong = [c.doubt for c in runs if not c.agrees]
            if wrong:
                doubts += wrong
                continue
            confirmed = _with_evidence(analysis, diagnostic, runs)
            fixes = tuple(_fixes(analysis, rule.name))
            found.append(dataclasses.replace(confirmed, fixes=fixes))
    return Findings(tuple(found), tuple(dict.fromkeys(doubts)))


def _confirmations(analysis: Analysis, diagnostic: Diagnostic) -> Iterator[Confirmation]:
    """The witness and a size on the other side of the claim, run for real."""
    device = device_for(analysis.exploration)
    for sizes in (diagnostic.witness, diagnostic.passing):
        if sizes:
            yield confirm_sizes(analysis.exploration, analysis.session, sizes, device)


def _with_evidence(
    analysis: Analysis, diagnostic: Diagnostic, runs: Sequence[Confirmation]
) -> Diagnostic:
    """Add PyTorch's own words, and what stands behind the claim."""
    error = next((_words(analysis, c) for c in runs if not c.run.ok), diagnostic.error)
    evidence = "checked" if analysis.doubts_of_paths else diagnostic.evidence
    ran = " and ".join(size_text(analysis.subject.spatial_only(c.sizes)) for c in runs)
    notes = [*diagnostic.notes]
    if ran:
        where = "for every size" if evidence == "proven" else "at these sizes"
        notes.append(f"{evidence} {where}; run in PyTorch at {ran}")
    return dataclasses.replace(diagnostic, error=error, evidence=evidence, notes=tuple(notes))


def _words(analysis: Analysis, failed: Confirmation) -> str:
    """What the CPU says there: the meta device words some errors in its own way."""
    if failed.run.device == "cpu":
        return failed.run.error
    trace = analysis.session.trace(failed.sizes)
    if trace.failure is None or not trace.failure.explained:
        return failed.run.error
    kind = trace.failure.error.partition(":")[0]
    return f"{kind}: {trace.events[-1].why}"


# -- fixes ----------------------------------------------------------------------------------


def _fixes(analysis: Analysis, rule: str) -> Iterator[Fix]:
    """The proposals that gain sizes, by how much they lose, then in the order of least damage."""
    before = _good(analysis.subject)
    tried = []
    for proposal in proposals(rule, analysis.subject):
        after = _after(analysis, proposal)
        if after is not None and after - before:
            tried.append((bool(before - after), proposal, after))
    ranks = {"safe": 0, "unsafe": 1, "display": 2}
    tried.sort(key=lambda t: (ranks[t[1].applicability], t[0]))
    for _, proposal, after in tried:
        yield _fix(proposal, before, after)


def _good(subject: Subject) -> SizeSet:
    """The sizes that do what is expected of the model."""
    return subject.roundtrips if subject.expects_roundtrip else subject.valid


def _after(analysis: Analysis, proposal: Proposal) -> SizeSet | None:
    """What works once the proposal is applied; None if that is not proven."""
    exploration = analysis.exploration
    changed = explore(
        analysis.session, exploration.domain, exploration.base.hints, proposal.patches, _TRIAL
    )
    if changed.doubts:
        return None
    subject = dataclasses.replace(analysis.subject, exploration=changed)
    if subject.returned is None and analysis.subject.expects_roundtrip:
        return None
    return subject.roundtrips if analysis.subject.expects_roundtrip else subject.valid


def _fix(proposal: Proposal, before: SizeSet, after: SizeSet) -> Fix:
    lost = before - after
    parts = [f"works for {every(after)}"]
    if lost:
        parts.append(f"{for_sizes(lost)}, which works today, would not")
    parts.append(proposal.cost)
    return Fix(
        proposal.title,
        "; ".join(parts),
        proposal.applicability,
        after.text,
        edits_for(proposal.changes),
    )
