"""From one analysis to its diagnostics: rules speak, PyTorch confirms, fixes are tried."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from shapelint.explore.confirm import Confirmation, confirm_sizes, device_for
from shapelint.explore.paths import lacks_values
from shapelint.flow import flow, modules_at
from shapelint.lengths.effort import TooHard, at_most
from shapelint.model import Diagnostic
from shapelint.rules import Rule, all_rules
from shapelint.trials import Trials
from shapelint.wording import size_text

if TYPE_CHECKING:
    from shapelint.analysis import Analysis

_EFFORT = 20_000_000
"""Steps of isl that one rule may take."""


@dataclasses.dataclass(frozen=True)
class Findings:
    """Confirmed diagnostics, and the claims that PyTorch did not confirm."""

    analysis: Analysis
    confirmed: tuple[Diagnostic, ...]
    """Before anybody asked what helps."""
    unconfirmed: tuple[Confirmation, ...] = ()
    """Where PyTorch did something else than was claimed, or could not tell."""
    unsolved: tuple[str, ...] = ()
    """Which rules did not come to an end."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What keeps the whole from being proven."""
        return tuple(dict.fromkeys((*(c.doubt for c in self.unconfirmed), *self.unsolved)))

    @property
    def denials(self) -> tuple[Confirmation, ...]:
        """Those in which PyTorch could tell: other sizes are too large to be run with values."""
        return tuple(c for c in self.unconfirmed if not lacks_values(c.run.error))

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was confirmed, every fix tried."""
        return _with_fixes(self.analysis, self.confirmed)


def diagnose(analysis: Analysis, rules: Iterable[Rule] | None = None) -> Findings:
    """Everything that the rules have to say about one model, once PyTorch has confirmed it."""
    found: list[Diagnostic] = []
    unconfirmed: list[Confirmation] = []
    unsolved: list[str] = []
    chosen = (
        [r for r in all_rules() if r.enabled and not r.preview] if rules is None else list(rules)
    )
    refuted = analysis.denials_on_paths and analysis.subject.never_works
    if not analysis.exploration.says_something or refuted:
        return Findings(analysis, ())
    for rule in chosen:
        if any(d.name in rule.after and d.severity == "error" for d in found):
            continue
        try:
            with analysis.effort.spent(), at_most(_EFFORT, f"the rule {rule.name}"):
                found += _spoken(analysis, rule, unconfirmed)
        except TooHard as exc:
            unsolved.append(f"{rule.name}: its sets of sizes take too long to work out: {exc}")
    if unconfirmed:
        found = [dataclasses.replace(d, evidence="checked") for d in found]
    return Findings(analysis, tuple(found), tuple(unconfirmed), tuple(unsolved))


def _with_fixes(analysis: Analysis, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What was found, with what helps; the built model is not needed when sources are tried."""
    trials = Trials(analysis)
    raising = {d.name for d in found if d.error}
    names = dict.fromkeys(d.name for d in found)
    promising = {name: trials.promising(name, name in raising) for name in names}
    offered = {name: trials.fixes(tried) for name, tried in promising.items()}
    return tuple(dataclasses.replace(d, fixes=offered[d.name]) for d in found)


def _spoken(
    analysis: Analysis, rule: Rule, unconfirmed: list[Confirmation]
) -> Iterator[Diagnostic]:
    """What one rule has to say; what PyTorch does not confirm goes to ``unconfirmed``."""
    for diagnostic in rule(analysis.subject):
        runs = list(_confirmations(analysis, diagnostic))
        wrong = [c for c in runs if not c.agrees]
        unconfirmed += wrong
        if not wrong:
            yield _with_evidence(analysis, diagnostic, runs)


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
    ran = " and ".join(_distinct(analysis, [c.sizes for c in runs]))
    notes = [*diagnostic.notes]
    if ran:
        where = "for every size" if evidence == "proven" else "at these sizes"
        notes.append(f"{evidence} {where}; run in PyTorch at {ran}")
    spared = " and ".join(_distinct(analysis, [c.sizes for c in runs if c.spared]))
    if spared:
        notes.append(f"raises for some values; those that PyTorch was run with at {spared} passed")
    related = tuple(r for r in diagnostic.related if r.span != diagnostic.span)
    return dataclasses.replace(
        diagnostic,
        related=related,
        error=error,
        evidence=evidence,
        notes=tuple(notes),
        modules=modules_at(analysis.subject, [diagnostic.span, *(r.span for r in related)]),
        flow=flow(analysis.subject, diagnostic.witness) if diagnostic.witness else (),
    )


def _distinct(analysis: Analysis, sizes: Sequence[Mapping[str, int]]) -> list[str]:
    """Sizes in words, without the batch unless only the batch tells them apart."""
    short = [size_text(analysis.subject.spatial_only(s)) for s in sizes]
    return short if len(set(short)) == len(short) else [size_text(s) for s in sizes]


def _words(analysis: Analysis, failed: Confirmation) -> str:
    """The error as the CPU words it: the meta device has its own words for some."""
    if failed.run.device == "cpu":
        return failed.run.error
    trace = analysis.session.trace(failed.sizes)
    if trace.failure is None or not trace.failure.explained:
        return failed.run.error
    kind = trace.failure.error.partition(":")[0]
    return f"{kind}: {trace.events[-1].why}"
