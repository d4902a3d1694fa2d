"""What is known about one model for all sizes, with what evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from shapelint.contracts import promises, return_span
from shapelint.explore.confirm import Confirmation, confirm_paths, device_for
from shapelint.explore.covering import explore
from shapelint.explore.doubts import blind, lost
from shapelint.explore.exploration import Component, Exploration
from shapelint.explore.paths import Outcome, as_far, raised_by_forward
from shapelint.explore.sweep import TRACED, Sweep, swept
from shapelint.facts import Annotated
from shapelint.lengths.effort import Effort, TooHard
from shapelint.lengths.sets import SizeSet
from shapelint.lint import Findings, diagnose
from shapelint.model import Diagnostic, Evidence, Input
from shapelint.rules import Rule
from shapelint.session import Session
from shapelint.subject import Subject
from shapelint.template import hints_for
from shapelint.trace import UNKNOWN_INDEX, Span
from shapelint.wording import size_text

_EFFORT = 40_000_000
"""Steps of isl for everything that is worked out about one model."""


@dataclass(frozen=True)
class Prediction:
    """What happens at one size."""

    ok: bool | None
    """Whether the model runs; None if that is not known."""
    shapes: list[tuple[int, ...]] | None
    """Shape of every output tensor, in pytree order; None unless it runs."""
    evidence: Evidence
    reason: str
    """The error, in PyTorch's words, or why nothing is known; empty if it runs."""


@dataclass(frozen=True)
class Analysis:
    """What is known about one module for all sizes."""

    session: Session
    exploration: Exploration
    inputs: tuple[Input, ...]
    target: str
    where: Callable[[], Span]
    """Finds out where the target is defined, which may take reading its file."""
    declared: bool = False
    roundtrip: bool | None = None
    annotated: Annotated = field(default_factory=Annotated)
    effort: Effort = field(default_factory=lambda: Effort(_EFFORT, "one model"))
    """What is left of the budget for working things out."""
    rules: tuple[Rule, ...] | None = None
    """Those whose findings are asked for; None for those that are on by default."""

    @cached_property
    def span(self) -> Span:
        """Where the target is defined."""
        return self.where()

    @cached_property
    def subject(self) -> Subject:
        """The model as the rules see it."""
        return Subject(
            self.target,
            self.exploration,
            self.inputs,
            self.span,
            self.declared,
            self.roundtrip,
            self.session.files,
            promises(self.annotated, self.inputs),
            return_span(self.annotated, self.session.files),
            (self.annotated.path, self.annotated.line),
        )

    @property
    def valid_sizes(self) -> SizeSet:
        """The sizes at which the model runs: those of the runs where PyTorch denied the rest."""
        if self.sweep is not None:
            return self.sweep.valid
        return SizeSet.empty(self.exploration.symbols) if self.denials else self.exploration.valid

    @property
    def roundtrip_sizes(self) -> SizeSet:
        """The sizes at which it runs and its output is as long as its input."""
        return self.subject.roundtrips

    @cached_property
    def findings(self) -> Findings:
        """What the rules say, every claim confirmed and every fix tried."""
        return diagnose(self, self.rules)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The confirmed diagnostics of the rules."""
        return self.findings.diagnostics

    @cached_property
    def doubts_of_paths(self) -> tuple[str, ...]:
        """Why the sizes are not proven, after one more run for every claim."""
        return tuple(
            dict.fromkeys((*self.exploration.doubts, *(c.doubt for c in self.denials_on_paths)))
        )

    @cached_property
    def denials_on_paths(self) -> tuple[Confirmation, ...]:
        """Where PyTorch did something else than the analysis says of a way or of a failure."""
        confirmations = confirm_paths(self.exploration, self.session)
        return tuple(c for c in confirmations if not c.agrees)

    @cached_property
    def denials(self) -> tuple[Confirmation, ...]:
        """The same, with the runs that were to confirm findings: then only what was run is said."""
        return *self.denials_on_paths, *self.findings.denials

    @cached_property
    def sweep(self) -> Sweep | None:
        """Runs at a window of sizes, where tracing does not tell; None where it does."""
        return self._window if self._misread else None

    @cached_property
    def _misread(self) -> bool:
        """Whether the traces do not tell what the model does, or PyTorch denies what they tell."""
        unknown = not self.exploration.says_something or self._stuck
        return unknown or blind(self.exploration) or bool(self.denials)

    @property
    def _stuck(self) -> bool:
        """Whether the run that got furthest failed for a reason that nobody knows."""
        return self._unexplained and not raised_by_forward(self.exploration.base)

    @property
    def _unexplained(self) -> bool:
        """Whether no size runs, and no need says why the run that got furthest failed."""
        failure = self.exploration.base.failure
        return failure is not None and not failure.explained and not self.exploration.valid

    @property
    def refuted(self) -> bool:
        """Whether no size should run, and PyTorch does not agree: then nothing is known."""
        return bool(self.denials) and self.subject.never_works

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not proven; the runs that confirm findings are included."""
        return tuple(dict.fromkeys((*self.doubts_of_paths, *self.findings.doubts)))

    @property
    def evidence(self) -> Evidence:
        """``proven`` for every size, ``checked`` at some, or ``not-checked``."""
        return self.evidence_given(self.doubts)

    def evidence_given(self, doubts: Sequence[str]) -> Evidence:
        """The evidence for the whole if these doubts remain."""
        if not doubts:
            return "proven"
        if self.sweep is not None:
            return "checked"
        if self.refuted:
            return "not-checked"
        known = self.exploration.says_something and not self._unexplained
        return "checked" if known else "not-checked"

    def _as_worded(self, why: str, sizes: Mapping[str, int]) -> str:
        """An error text of the run that met it, which has the numbers of its own sizes."""
        hints = self.exploration.base.hints
        return why if dict(sizes) == hints else f"{why} (as worded at {size_text(hints)})"

    def predict(self, sizes: Mapping[str, int]) -> Prediction:
        """What the model does at ``sizes``, without running it there.

        Raises KeyError if a symbol of the input template is missing.
        """
        if sizes not in self.exploration.domain:
            return Prediction(None, None, "not-checked", "outside the declared sizes")
        if self.sweep is not None:
            return _as_run(self.sweep, sizes)
        if self.denials:
            return Prediction(None, None, "not-checked", self.denials[0].doubt)
        outcome, event, _ = self.exploration.outcome(sizes)
        evidence: Evidence = "checked" if self.doubts_of_paths else "proven"
        if outcome is Outcome.RUNS:
            return Prediction(True, self.exploration.shapes(sizes), evidence, "")
        if outcome is Outcome.FAILS:
            failure = self.exploration.base.failure
            why = event.why if event is not None else failure.error if failure else "forward raises"
            return Prediction(False, None, evidence, self._as_worded(why, sizes))
        if self._window is not None:
            return _as_run(self._window, sizes)
        return Prediction(None, None, "not-checked", "no run covers this size")

    @cached_property
    def _window(self) -> Sweep | None:
        """Runs of a window of sizes, where PyTorch says what a trace does not."""
        inside = not lost(self.exploration, UNKNOWN_INDEX)  # else only the CPU says whether it is
        lax = any(c.run.device == "cpu" for c in self.denials)
        device = device_for(self.exploration) if inside and not lax else "cpu"
        if device == "meta" and not self._misread:
            device = TRACED  # they do tell, but of too few paths
        way: SizeSet | None = None
        with suppress(TooHard), self.effort.spent():
            way = as_far(self.exploration.base, self.exploration.domain)
        return swept(self.session, hints_for(self.inputs), device, way)


def _as_run(sweep: Sweep, sizes: Mapping[str, int]) -> Prediction:
    run = sweep.at(sizes)
    if run is None:
        return Prediction(None, None, "not-checked", "not run at this size")
    if sweep.varies:
        why = "what comes out depends on the values of the input"
        return Prediction(None, None, "not-checked", why)
    return Prediction(
        run.ok, [tuple(s) for s in run.shapes] if run.ok else None, "checked", run.error
    )


def examine(
    session: Session,
    inputs: tuple[Input, ...],
    target: str,
    where: Callable[[], Span],
    domain: SizeSet,
    declared: bool = False,
    roundtrip: bool | None = None,
    annotated: Annotated | None = None,
) -> Analysis:
    """Analyse the model that ``session`` runs, for every size in ``domain``."""
    hints = hints_for(inputs)
    effort = Effort(_EFFORT, "one model")
    try:
        with effort.spent():
            exploration = explore(session, domain, hints)
    except TooHard as exc:
        exploration = _one_run(session, domain, hints, str(exc))
    said = (declared, roundtrip, annotated or Annotated())
    return Analysis(session, exploration, inputs, target, where, *said, effort)


def _one_run(session: Session, domain: SizeSet, hints: Mapping[str, int], why: str) -> Exploration:
    """All that is known of a model whose sets of sizes are too complicated: how it went once."""
    unknown = Component(domain.symbols, (), domain)
    doubt = f"its sets of sizes would take too long to work out: {why}"
    return Exploration(domain, session.trace(hints), (unknown,), (doubt,))
