"""Proposals are tried before they are offered: what would run if the model were changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from shapelint.edits import edits_for
from shapelint.explore import Budget, explore
from shapelint.fixes import Proposal, proposals
from shapelint.lengths.effort import TooHard, at_most
from shapelint.lengths.sets import SizeSet
from shapelint.model import Fix
from shapelint.subject import Subject
from shapelint.wording import every, for_sizes

if TYPE_CHECKING:
    from shapelint.analysis import Analysis

__all__ = ["Trials"]

_MORE_RUNS = 6
"""Runs that a changed model may need beyond those of the model itself: a fix is simpler."""

_EFFORT = 2_000_000
"""Steps of isl that one trial may take."""

_RANKS = {"safe": 0, "unsafe": 1, "display": 2}


@dataclasses.dataclass(frozen=True)
class _Tried:
    proposal: Proposal
    after: SizeSet
    lost: SizeSet
    """What works today and would not."""

    @property
    def rank(self) -> tuple[int, bool]:
        return _RANKS[self.proposal.applicability], bool(self.lost)

    @property
    def fix(self) -> Fix:
        parts = [f"works for {every(self.after)}"]
        if self.lost:
            parts.append(f"{for_sizes(self.lost)}, which works today, would not")
        parts.append(self.proposal.cost)
        return Fix(
            self.proposal.title,
            "; ".join(parts),
            self.proposal.applicability,
            self.after.text,
            edits_for(self.proposal.changes),
        )


class Trials:
    """The proposals for one model; each change is tried once, whatever rules it would serve."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._after: dict[str, SizeSet | None] = {}

    def fixes(self, rule: str) -> tuple[Fix, ...]:
        """Proposals that gain sizes: the least damage first, then those that lose no size."""
        tried = (self._tried(p) for p in proposals(rule, self.analysis.subject))
        useful = [t for t in tried if t is not None]
        return tuple(t.fix for t in sorted(useful, key=lambda t: t.rank))

    def _tried(self, proposal: Proposal) -> _Tried | None:
        """What comes of it; None if it gains nothing, or if that takes too long to find out."""
        try:
            with at_most(_EFFORT):
                before, after = _good(self.analysis.subject), self._outcome(proposal)
                if after is None or after <= before:
                    return None
                return _Tried(proposal, after, before - after)
        except TooHard:
            return None

    def _outcome(self, proposal: Proposal) -> SizeSet | None:
        key = repr(proposal.patches)
        if key not in self._after:
            self._after[key] = None  # stays so if it is too hard
            self._after[key] = self._explored(proposal)
        return self._after[key]

    def _explored(self, proposal: Proposal) -> SizeSet | None:
        """What works once the proposal is applied; None if that is not proven."""
        known, subject = self.analysis.exploration, self.analysis.subject
        runs = len(known.traces) + _MORE_RUNS
        budget = Budget(runs=runs, first=_MORE_RUNS)
        hints = known.base.hints
        changed = explore(self.analysis.session, known.domain, hints, proposal.patches, budget)
        if changed.doubts:
            return None
        after = dataclasses.replace(subject, exploration=changed)
        if subject.expects_roundtrip:
            return None if after.returned is None else after.roundtrips
        return after.valid


def _good(subject: Subject) -> SizeSet:
    """The sizes that do what is expected of the model."""
    return subject.roundtrips if subject.expects_roundtrip else subject.valid
