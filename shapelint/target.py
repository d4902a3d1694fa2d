"""One target of a file: built in the first way that works, analysed and judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shapelint.client import WorkerSession
from shapelint.config import Settings
from shapelint.facts import Built, ForwardCall, Problem
from shapelint.findings.selection import selected_rules
from shapelint.found import Found, unavailable
from shapelint.guesses import to_describe, why_doubtful
from shapelint.inputs import looked_at
from shapelint.lengths.effort import Deadline, TooHard
from shapelint.memory import at_most_megabytes
from shapelint.process import Unanswered
from shapelint.project.classes import project_at
from shapelint.project.targets import Plan
from shapelint.rules import find_rule
from shapelint.rules.same_padding_with_stride import refused
from shapelint.trace import Span
from shapelint.unbuilt import arguments_missing, as_info, block_to_paste
from shapelint.verdict import verdict


@dataclass(frozen=True)
class Target:
    """A model that is to be looked at, and the session that builds and runs it."""

    session: WorkerSession
    plan: Plan
    path: Path
    settings: Settings

    def found(self) -> Found | None:
        """What is found out about it; None for a part of which nothing is to be said."""
        if not self.plan.part:
            return self._by_itself()
        found = self._in_a_whole() if self.plan.wholes else self._by_itself()
        return None if found and found.says("cannot-construct", "cannot-trace") else found

    def unavailable(self, problem: Problem, rule: str, notes: tuple[str, ...] = ()) -> Found:
        """It could not be looked at, and why."""
        return unavailable(problem, rule, self._name, self._span, self.plan.class_name, notes)

    @property
    def _name(self) -> str:
        return f"{self.path}:{self.plan.name}"

    @property
    def _span(self) -> Span:
        return Span.at_line(str(self.path), self.plan.line)

    def _with(self, **changes: object) -> Target:
        """The same model, built or described in another way."""
        return dataclasses.replace(self, plan=dataclasses.replace(self.plan, **changes))  # type: ignore[arg-type]

    # -- ways to build it ---------------------------------------------------------------------

    def _by_itself(self) -> Found:
        """Built of its own arguments, or in another way if these do not do."""
        plan = self.plan
        if plan.missing:
            return self._in_a_whole() or self._by_guess() or self._lacking()
        if plan.refused:
            missing = "is not installed" in plan.refused
            problem = Problem("missing" if missing else "error", plan.refused)
            return self.unavailable(problem, "cannot-construct")
        found = self._constructed()
        lost = "cannot-construct", "cannot-trace"
        if plan.otherwise is None or not found.says(*lost):
            return found
        other = dataclasses.replace(self, plan=plan.otherwise)._by_itself()
        return found if other.says(*lost) else other

    def _in_a_whole(self) -> Found | None:
        """Built as the model that it is part of builds it; None if that runs at no size."""
        plan = self.plan
        for whole in plan.wholes:
            with suppress(Unanswered):
                trains = plan.trains(self.settings)
                built = self.session.part(plan.name, whole, trains, anyway=not plan.part)
                if built:
                    how = f"built as {whole} builds it"
                    found = self._with(assumed=(how,))._looked_at(built)
                    why = f"{how}, which alone says what sizes it gets: so this is info only"
                    return _if_it_runs(found, why if plan.part else "")
        return None

    def _by_guess(self) -> Found | None:
        """Built with arguments guessed by name; None if it runs at no size with them."""
        guess = self.plan.guess
        if not guess:
            return None
        assumed = tuple(f"{name} = {value!r}" for name, value in guess.items())
        guessed = self._with(kwargs={**self.plan.kwargs, **guess}, missing=(), assumed=assumed)
        why = f"assumed {', '.join(assumed)}: a guess by name, so this is info only"
        found = _if_it_runs(guessed._constructed(), why)
        return found and dataclasses.replace(
            found, report=dataclasses.replace(found.report, guessed=True)
        )

    def _lacking(self) -> Found:
        """Not built: it needs more arguments."""
        missing = self.plan.missing
        them = "it" if len(missing) == 1 else "them"
        needs = f"needs {', '.join(missing)}: no call and no config of the project gives {them}"
        return self.unavailable(Problem("error", needs), "cannot-construct", self._block(missing))

    def _constructed(self) -> Found:
        """Built of arguments that are all known."""
        plan = self.plan
        try:
            trains = plan.trains(self.settings)
            built = self.session.build(plan.name, plan.args, plan.kwargs, trains, plan.imports)
        except Unanswered as exc:
            names = arguments_missing(exc.problem.text)
            found = self.unavailable(exc.problem, "cannot-construct", self._block(names))
            same = refused(exc.problem, self._name, self._span)
            return dataclasses.replace(found, diagnostics=(same,)) if same else found
        return self._looked_at(built)

    def _block(self, missing: Sequence[str]) -> tuple[str, ...]:
        """How to declare the arguments that are missing, as a note; none if none are."""
        name = self.plan.name
        return (block_to_paste(name, missing, self.path, self.settings),) if missing else ()

    # -- what is said of it once it is built --------------------------------------------------

    def _looked_at(self, built: Built) -> Found:
        """Analysed, within the time and the memory that one model may take."""
        seconds, megabytes = self.settings.timeout, self.settings.memory
        try:
            with at_most_megabytes(megabytes), Deadline(seconds, self.session.clock).spent():
                found = self._analysed(built)
        except Unanswered as exc:
            found = self._untraced(exc.problem)
        except TooHard as exc:
            found = self._untraced(Problem("timeout", str(exc)))
        except MemoryError:
            why = f"its sizes take more than --memory ({megabytes} MB)"
            found = self._untraced(Problem("error", why))
        except RecursionError:
            why = "the formulas of its sizes are nested too deep to work with"
            found = self._untraced(Problem("error", why))
        return dataclasses.replace(found, parts=built.parts)

    def _untraced(self, problem: Problem) -> Found:
        return self.unavailable(problem, "cannot-trace")

    def _analysed(self, built: Built) -> Found:
        """Analysed and judged. Raises Unanswered, and TooHard when the time is over."""
        plan, settings = self.plan, self.settings
        known = (settings, plan.declared, built.annotated, self._name, self._span)
        rules = tuple(find_rule(entry.code) for entry in selected_rules(settings))
        analysis, guess = looked_at(self.session, *known, self._calls)
        analysis = dataclasses.replace(analysis, rules=rules)
        if guess and (doubt := why_doubtful(analysis, guess)):
            described = to_describe(analysis.inputs, guess.lists)
            raise Unanswered(Problem("error", doubt, details=described))
        mode = ("training mode",) if plan.trains(settings) else ()
        assumed = (*mode, *plan.assumed, *built.assumed, *((guess.how,) if guess else ()))
        said = verdict(analysis, str(self.path), plan.class_name, assumed)
        found = Found(said.report, said.diagnostics, analysis)
        if guess and guess.written and analysis.subject.never_works:  # one of the two is wrong
            return found.with_note(f"input: {guess.how}")
        return found

    def _calls(self) -> Sequence[ForwardCall]:
        """How the project calls it."""
        project, plan = project_at(self.session.root, self.session.files), self.plan
        is_instance = plan.name != plan.class_name
        return project.forward_calls(plan.name, self.path, is_instance=is_instance)


def _if_it_runs(found: Found, doubt: str) -> Found | None:
    """What was found, as info if there is doubt; None if the model runs at no size."""
    sizes = found.report.valid_sizes
    if found.analysis is None or sizes is None or sizes.smallest() is None:
        return None
    said = as_info(found.diagnostics, doubt) if doubt else found.diagnostics
    return dataclasses.replace(found, diagnostics=said)
