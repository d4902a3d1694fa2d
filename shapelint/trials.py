"""Proposals are tried before they are offered.

First on the built model, with its parameters changed; what helps there is written down and traced
again on the edited source. What is printed is what the edited source does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from shapelint.explore.covering import Budget, explore
from shapelint.facts import Inventory
from shapelint.fixes import Proposal, proposals
from shapelint.gains import Gain, gain
from shapelint.lengths.effort import TooHard, at_most
from shapelint.model import Applicability, Edit, Fix
from shapelint.process import Unanswered
from shapelint.session import NoSource, Patch, Session
from shapelint.source.edits import Unwritable, edited_texts
from shapelint.source.texts import Texts
from shapelint.source.writings import Writing, writings
from shapelint.subject import Subject
from shapelint.wording import every, that_works

if TYPE_CHECKING:
    from shapelint.analysis import Analysis

_MORE_RUNS = 6
"""Runs that a changed model may need beyond those of the model itself: a fix is simpler."""

_EFFORT = 2_000_000
"""Steps of isl that one trial may take."""

_STEPS = 8
"""Repairs in a row, where each of them only lets the model get further."""

_NOT_WRITTEN = "; to be written by hand: tried on the built model, not in the source"
"""The note on a fix that no known edit of the source makes."""

_RANKS = {"safe": 0, "unsafe": 1, "display": 2}


@dataclasses.dataclass(frozen=True)
class _Tried:
    """A proposal that helps when its patches are applied to the built model."""

    proposal: Proposal
    gain: Gain


@dataclasses.dataclass(frozen=True)
class _Offer:
    """A fix, and what decides its place among others."""

    fix: Fix
    saved: int
    lossless: bool
    size: int

    @property
    def rank(self) -> tuple[int, int, bool, int]:
        """Most sizes saved first, then the least change."""
        return -self.saved, _RANKS[self.fix.applicability], not self.lossless, self.size


class Trials:
    """The proposals for one model; each change is tried once, also if several rules propose it."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._outcomes: dict[str, Subject | None] = {}
        self._offers: dict[str, _Offer] = {}
        self._before: Inventory | None = None

    def promising(self, rule: str, raises: bool) -> list[_Tried]:
        """The proposals against a rule that help the built model.

        Where it ``raises``, more sizes must run: that others come back is no help against that.
        """
        found = self._repairs(rule, self.analysis.subject, None, _STEPS)
        unique = {repr(t.proposal.patches): t for t in found if t.gain.more_run or not raises}
        return list(unique.values())

    def fixes(self, tried: Sequence[_Tried]) -> tuple[Fix, ...]:
        """These proposals as they are offered, the best one first."""
        useful = sorted(map(self._offer, tried), key=lambda o: o.rank)
        return tuple({(o.fix.title, o.fix.edits): o.fix for o in useful}.values())

    # -- on the built model -----------------------------------------------------------------

    def _repairs(
        self, rule: str, subject: Subject, so_far: Proposal | None, steps: int
    ) -> Iterator[_Tried]:
        """What helps; where a model fails early, also what helps once it gets further."""
        for proposal in proposals(rule, subject):
            whole = _joined(so_far, proposal)
            after, gained = self._gain(whole)
            if gained:
                yield _Tried(whole, gained)
            elif after and steps and (proposal.leads_on or _gets_further(subject, after)):
                yield from self._repairs(rule, after, whole, steps - 1)

    def _gain(self, proposal: Proposal) -> tuple[Subject | None, Gain | None]:
        try:
            with self.analysis.effort.spent(), at_most(_EFFORT, "a trial of a fix"):
                after = self._outcome(proposal)
                return after, gain(self.analysis.subject, after) if after else None
        except (TooHard, Unanswered):
            return None, None

    def _outcome(self, proposal: Proposal) -> Subject | None:
        """The model with the proposal applied; None if finding out takes too long."""
        key = repr(proposal.patches)
        if key not in self._outcomes:
            self._outcomes[key] = None  # stays so if it is too hard
            self._outcomes[key] = self._explored(self.analysis.session, proposal.patches)
        return self._outcomes[key]

    def _explored(self, session: Session, patches: Sequence[Patch] = ()) -> Subject:
        known, subject = self.analysis.exploration, self.analysis.subject
        budget = Budget(runs=len(known.traces) + _MORE_RUNS, first=_MORE_RUNS)
        changed = explore(session, known.domain, known.base.hints, patches, budget)
        return dataclasses.replace(subject, exploration=changed, files=session.files)

    # -- on the edited source ---------------------------------------------------------------

    def _offer(self, tried: _Tried) -> _Offer:
        key = repr(tried.proposal.patches)
        if key not in self._offers:
            self._offers[key] = self._written(tried)
        return self._offers[key]

    def _written(self, tried: _Tried) -> _Offer:
        """The proposal as edits of the source; without edits if none are known that make it."""
        proposal, files = tried.proposal, self.analysis.session.files
        remark = _NOT_WRITTEN
        for writing in _writings_of(proposal, files):
            try:
                found = self._on_source(tried, writing)
            except NoSource:
                remark = ""
                break
            except (Unanswered, Unwritable, TooHard):
                continue
            if found is not None:
                return found
        fix = self._fix(tried, tried.gain, None, proposal.applicability)
        fix = dataclasses.replace(fix, note=f"{fix.note}{remark}")
        return _Offer(fix, tried.gain.saved, tried.gain.lossless, proposal.size)

    def _on_source(self, tried: _Tried, writing: Writing) -> _Offer | None:
        """What the edited source does; None if it gains nothing."""
        if self._before is None:
            self._before = self.analysis.session.inventory()
        texts = edited_texts(self.analysis.session.files, writing.edits)
        with self.analysis.session.edited(texts) as session, at_most(_EFFORT):
            gained = gain(self.analysis.subject, self._explored(session))
            if gained is None:
                return None
            same = self._loads(session.inventory(), tried.proposal)
        applicability = self._applicability(tried.proposal, gained, writing, same)
        fix = self._fix(tried, gained, writing, applicability, same)
        return _Offer(fix, gained.saved, gained.lossless, tried.proposal.size)

    def _loads(self, after: Inventory, proposal: Proposal) -> bool:
        """Whether a checkpoint still fits; a lazy layer takes any, with the features it has."""
        assert self._before is not None
        if proposal.lazy:
            return after.state.items() <= self._before.state.items()
        return after.state == self._before.state

    def _applicability(
        self, proposal: Proposal, gained: Gain, writing: Writing, same_state: bool
    ) -> Applicability:
        """As :data:`shapelint.catalog.FIX_SAFETY` defines it."""
        if proposal.applicability == "display" or not same_state:
            return "display"
        subject = self.analysis.subject
        everything = subject.declared and subject.domain <= gained.after and gained.lossless
        alone = writing.uniform and self._builds_nothing_else(proposal)
        return "safe" if everything and alone else "unsafe"

    def _builds_nothing_else(self, proposal: Proposal) -> bool:
        """Whether the edited calls build only layers that are known to gain."""
        known = {c.node.module for c in proposal.changes}
        spans = {c.node.layer_span for c in proposal.changes if not c.kept} - {None}
        assert self._before is not None
        built = (self._before.built_at(span) for span in spans if span is not None)
        return all(modules <= known for modules in built)

    def _fix(
        self,
        tried: _Tried,
        gained: Gain,
        writing: Writing | None,
        applicability: Applicability,
        same_state: bool | None = None,
    ) -> Fix:
        loads = tried.proposal.cost.startswith("checkpoints") if same_state is None else same_state
        return Fix(
            title=tried.proposal.title,
            note=_note(gained, loads, tried.proposal.lazy),
            applicability=applicability,
            sizes_after=gained.after.text,
            edits=writing.edits if writing else (),
            sizes_before=gained.before.text,
            sizes_broken=gained.lost.text if gained.lost else "",
            checkpoints_load=loads,
            traced="source" if writing else "model",
        )


def _note(gained: Gain, checkpoints_load: bool, lazy: bool) -> str:
    parts = [f"works for {every(gained.after)}"]
    if lazy:
        parts.append("the first input, or a checkpoint, decides the number of features")
    if gained.lost:
        parts.append(f"{that_works(gained.lost)} would not")
    parts.append("checkpoints still load" if checkpoints_load else "weights change shape")
    return "; ".join(parts)


def _joined(first: Proposal | None, second: Proposal) -> Proposal:
    """Both of them as one."""
    if first is None:
        return second
    worse = max(first, second, key=lambda p: _RANKS[p.applicability])
    written = first.is_writable and second.is_writable
    return Proposal(
        title=f"{first.title}, {second.title}",
        patches=(*first.patches, *second.patches),
        cost=worse.cost,
        applicability=worse.applicability,
        changes=(*first.changes, *second.changes) if written else (),
        edits=tuple(_both(first.edits, second.edits)) if written else (),
        lazy=first.lazy or second.lazy,
    )


def _both(
    first: tuple[tuple[Edit, ...], ...], second: tuple[tuple[Edit, ...], ...]
) -> Iterator[tuple[Edit, ...]]:
    """Each writing of one proposal combined with the corresponding one of the other."""
    for a, b in zip_longest(first, second, fillvalue=()):
        yield (*a, *b)


def _writings_of(proposal: Proposal, files: Texts) -> Iterator[Writing]:
    """How to write a proposal down, its keywords and the rest of its edits."""
    if not proposal.changes:
        yield from map(Writing, proposal.edits)
    for writing in writings(proposal.changes, files):
        for edits in proposal.edits or ((),):
            yield Writing((*writing.edits, *edits), writing.uniform)


def _gets_further(before: Subject, after: Subject) -> bool:
    """Whether a model that fails at every size does so later than it did."""
    failed = not before.valid and not after.valid
    return failed and len(after.base.nodes) > len(before.base.nodes)
